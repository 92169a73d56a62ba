"""Tokens that say who a job is, signed with keys of our own, which are kept among the secrets.

A new key is shown for a day before it signs, and stays to be shown after it no longer does: who
keeps a copy of our keys for a while is never at a loss.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from towpath.forge import service as forge
from towpath.kernel import ids
from towpath.kernel.clock import Micros
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound
from towpath.kernel.secrets import service as secrets
from towpath.pipelines.model import identity
from towpath.pipelines.model.identity import Asking, Signer
from towpath.pipelines.model.run import Job
from towpath.pipelines.store import suites

NAME = "id-token-keys"
_BITS = 2048


def id_token(kernel: Kernel, of: Job, audience: str) -> str:
    """Sign who a job is; Denied when its workflow does not ask for that."""
    asking, now = kernel.db.read(lambda tx: (_asking(tx, of, kernel.url), tx.now))
    identity.check(asking)
    claims = identity.claims(asking, audience, ids.secret("id"), now)
    signer = identity.signing(_signers(kernel), now)
    header = {"alg": "RS256", "kid": signer.id, "typ": "JWT"}
    return jwt.encode(header, claims, RSAKey.import_key(signer.pem))


def public_keys(kernel: Kernel) -> dict[str, Any]:
    """Give the public halves of all keys whose tokens are still believed."""
    return {
        "keys": [
            {
                **RSAKey.import_key(each.pem).as_dict(private=False),
                "kid": each.id,
                "use": "sig",
                "alg": "RS256",
            }
            for each in _signers(kernel)
        ]
    }


def rotate_signers(kernel: Kernel, *, first: bool = False) -> bool:
    """Make another key when it is time, or the first; whether one was made."""
    ring = secrets.load(kernel)
    known, now = kernel.db.read(lambda tx: (_read(tx, ring), tx.now))
    if not identity.is_due(known, now) if known else not first:
        return False
    made = _made(now)
    kernel.db.write(lambda tx: _add(tx, ring, known, made))
    return True


def _signers(kernel: Kernel) -> Sequence[Signer]:
    """Read the keys; the first who asks makes the first."""
    ring = secrets.load(kernel)
    known = kernel.db.read(lambda tx: _read(tx, ring))
    if known:
        return known
    rotate_signers(kernel, first=True)
    return kernel.db.read(lambda tx: _read(tx, ring))


def _asking(tx: Tx, of: Job, issuer: str) -> Asking:
    run = suites.run(tx, of.run)
    return Asking(of, run, forge.repository(tx, run.repository).full_name, issuer)


def _read(tx: Tx, ring: secrets.Ring) -> tuple[Signer, ...]:
    try:
        kept = secrets.get(tx, ring, secrets.SITE, NAME)
    except NotFound:
        return ()
    return tuple(Signer(**each) for each in json.loads(kept.reveal()))


def _add(tx: Tx, ring: secrets.Ring, known: Sequence[Signer], made: Signer) -> None:
    """Keep a key, unless somebody else was first."""
    if _read(tx, ring) == tuple(known):
        kept = json.dumps([asdict(each) for each in identity.rotated(known, made)])
        secrets.put(tx, ring, secrets.SITE, NAME, kept)


def _made(now: Micros) -> Signer:
    pem = RSAKey.generate_key(_BITS).as_pem(private=True).decode()
    return Signer(ids.new("key"), pem, now)

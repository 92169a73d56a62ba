"""The token with which a job speaks to us itself: of the form of a JWT, for that is what is read.

Clients look into its claims for the ids of the run and the job. Its last part is no signature but
a secret of this attempt, which follows from the runner's lease: it needs no row of its own, and
dies with the lease. Who learns it learns nothing of the lease.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from towpath.kernel.errors import Unauthenticated

_PARTS = 3
_LONGEST = 4096
_SCOPE = "Actions.Results"


@dataclass(frozen=True)
class Shown:
    """What a token says of itself; believed once the secret is found to be right."""

    job: str
    secret: str


def secret_of(lease: str) -> str:
    """Derive what the job may know from what its runner knows."""
    return _encoded(hashlib.sha256(f"towpath job {lease}".encode()).digest())


def token(run: str, job: str, secret: str) -> str:
    """Make the token of one attempt at a job."""
    claims = {"scp": f"{_SCOPE}:{run}:{job}", "sub": job}
    parts = (
        _encoded(json.dumps(each).encode()) for each in ({"alg": "none", "typ": "JWT"}, claims)
    )
    return ".".join((*parts, secret))


def read(given: str) -> Shown:
    """Take a token apart; Unauthenticated when it is none of ours."""
    parts = given.split(".") if len(given) < _LONGEST else []
    try:
        if len(parts) == _PARTS and isinstance(job := json.loads(_decoded(parts[1]))["sub"], str):
            return Shown(job, parts[2])
    except (ValueError, KeyError, TypeError):
        pass
    raise unknown()


def unknown() -> Unauthenticated:
    return Unauthenticated(
        "This is not the token of a job that runs.",
        next_step="Send ACTIONS_RUNTIME_TOKEN as Authorization: Bearer TOKEN, while the job runs.",
    )


def _encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))

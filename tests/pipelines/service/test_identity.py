"""Tokens signed and judged, and keys that change."""

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tests.pipelines.leaving import ONE, leaver
from towpath.kernel.errors import Denied
from towpath.kernel.secrets import service as secrets
from towpath.pipelines import service

ASKS = ONE.replace("jobs:", "permissions: {id-token: write}\njobs:")
DAY = 86_400


@pytest.fixture
def job(canal):
    secrets.prepare(canal.kernel)
    boat = leaver(canal, workflow=ASKS)
    return canal.kernel.db.read(lambda tx: service.job(tx, boat.taken.job))


def judged(canal, token):
    keys = KeySet.import_key_set(service.public_keys(canal.kernel))
    return jwt.decode(token, keys, algorithms=["RS256"])


def test_a_token_is_judged_by_the_public_keys(canal, job):
    token = service.id_token(canal.kernel, job, "sts.example")
    read = judged(canal, token)
    assert read.claims["sub"] == "repo:alice/boat:ref:refs/heads/main"
    assert read.claims["aud"] == "sts.example"
    head, body, signature = token.split(".")
    with pytest.raises(JoseError):
        judged(canal, f"{head}.{body[:-2]}AA.{signature}")


def test_private_halves_are_not_shown(canal, job):
    service.id_token(canal.kernel, job, "")
    (key,) = service.public_keys(canal.kernel)["keys"]
    assert key.keys() == {"kty", "kid", "use", "alg", "n", "e"}


def test_tokens_of_the_key_before_are_believed_after_a_rotation(canal, job, clock):
    before = service.id_token(canal.kernel, job, "")
    assert not service.rotate_signers(canal.kernel)
    clock.advance(31 * DAY)
    assert service.rotate_signers(canal.kernel)
    clock.advance(2 * DAY)
    after = service.id_token(canal.kernel, job, "")
    assert judged(canal, before).header["kid"] != judged(canal, after).header["kid"]


def test_no_key_is_made_where_nobody_asks(canal):
    secrets.prepare(canal.kernel)
    assert not service.rotate_signers(canal.kernel)


def test_a_workflow_that_does_not_ask_gets_no_token(canal):
    boat = leaver(canal)
    job = canal.kernel.db.read(lambda tx: service.job(tx, boat.taken.job))
    with pytest.raises(Denied, match="id-token: write"):
        service.id_token(canal.kernel, job, "")

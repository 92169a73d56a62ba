"""Secrets set as GitHub's clients set them."""

from base64 import b64decode, b64encode

import gidgethub
import pytest
from nacl.public import PublicKey, SealedBox

from tests.forge.api.test_clients import Client
from towpath.forge import service
from towpath.kernel.secrets import service as secrets

HERE = "/repos/alice/boat/actions/secrets"


@pytest.fixture
def boat(served, hosted):
    secrets.prepare(served.kernel)
    return hosted


def sealed(key, value):
    box = SealedBox(PublicKey(b64decode(key["key"]))).encrypt(value.encode())
    return {"encrypted_value": b64encode(box).decode(), "key_id": key["key_id"]}


@pytest.mark.anyio
async def test_gidgethub_sets_a_secret_with_a_token_that_may_do_nothing_else(served, boat):
    token = served.token("alice", f"secrets:write:{boat.id}")
    api = Client("test", oauth_token=token, base_url=f"{served.url}/api/v3")
    key = await api.getitem(f"{HERE}/public-key")
    await api.put(f"{HERE}/deploy_key", data=sealed(key, "hunter2"))
    told = await api.getitem(HERE)
    assert (told["total_count"], told["secrets"][0]["name"]) == (1, "DEPLOY_KEY")
    keeper, ring = service.keeper_of(boat.repository), secrets.load(served.kernel)
    kept = served.kernel.db.read(lambda tx: secrets.get(tx, ring, keeper.id, "DEPLOY_KEY"))
    assert kept.reveal() == "hunter2"
    for refused in ("/repos/alice/boat", "/repos/alice/boat/branches"):
        with pytest.raises(gidgethub.BadRequest):
            await api.getitem(refused)


def test_only_maintainers_and_only_tokens_for_it_come_here(served, boat):
    narrow = served.token("alice", f"repo:write:{boat.id}")
    for headers in ({"Authorization": f"Bearer {narrow}"}, {}):
        reply = served.call("GET", f"/api/v3{HERE}", user="bob", headers=headers)
        assert reply.status_code == 403


def test_a_box_for_another_key_is_refused_and_not_repeated(served, boat):
    wish = {"encrypted_value": "hunter2", "key_id": "1"}
    reply = served.call("PUT", f"/api/v3{HERE}/key", json=wish)
    assert (reply.status_code, "hunter2" in reply.text) == (422, False)
    assert served.call("GET", f"/api/v3{HERE}/key").status_code == 404

"""Secrets of a repository and of an owner over our own API."""

import pytest

from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.secrets import service as secrets

API = "/api/towpath/v1"
BOAT, OWNER = f"{API}/repos/alice/boat/secrets", f"{API}/owners/alice/secrets"
VALUE = {"value": "a value nobody may see again"}


@pytest.fixture
def boat(served, hosted):
    secrets.prepare(served.kernel)
    return hosted


@pytest.fixture
def ask(served, boat):
    return lambda method, path, user, **options: served.call(method, path, user=user, **options)


@pytest.fixture
def root(served):
    def write(tx):
        if access.user(tx, "root") is None:
            access.create_user(tx, "root", None, Role.admin)
        return access.create_token(tx, "root", "test")[1]

    served.tokens["root"] = served.kernel.db.write(write)
    return "root"


@pytest.fixture
def test_a_maintainer_of_the_repository_alone_sets_lists_and_removes(ask, served, boat):
    assert ask("PUT", f"{BOAT}/key", "bob", json=VALUE).status_code == 403
    served.kernel.db.write(lambda tx: access.grant(tx, boat.id, Role.maintainer, login="bob"))
    assert ask("PUT", f"{BOAT}/key", "bob", json=VALUE).status_code == 204
    assert ask("PUT", f"{OWNER}/key", "bob", json=VALUE).status_code == 403
    listed = ask("GET", BOAT, "bob")
    assert [each["name"] for each in listed.json()] == ["KEY"]
    assert VALUE["value"] not in listed.text
    assert ask("DELETE", f"{BOAT}/key", "bob").status_code == 204
    assert ask("DELETE", f"{BOAT}/key", "bob").status_code == 404


def test_what_all_of_an_owner_share_is_for_administrators(ask, root):
    assert ask("PUT", f"{OWNER}/key", root, json=VALUE).status_code == 204
    assert [each["name"] for each in ask("GET", OWNER, root).json()] == ["KEY"]
    assert ask("GET", BOAT, root).json() == []
    assert ask("DELETE", f"{OWNER}/key", root).status_code == 204
    assert ask("GET", f"{API}/owners/nobody/secrets", root).status_code == 404


@pytest.mark.parametrize("body", [{}, {"value": 1}, {**VALUE, "more": 1}, {"value": ""}])
def test_a_refused_value_is_not_repeated(ask, body):
    reply = ask("PUT", f"{BOAT}/key", "alice", json=body)
    assert reply.status_code == 422
    assert VALUE["value"] not in reply.text

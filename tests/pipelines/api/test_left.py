"""Artifacts and caches for programs that are no jobs."""

import pytest
from starlette.testclient import TestClient

from tests.pipelines.leaving import leaver
from towpath.forge.plugin import PLUGIN as FORGE
from towpath.kernel import builtin
from towpath.kernel.access import service as access
from towpath.kernel.http.app import create_app
from towpath.pipelines.plugin import PLUGIN as PIPELINES

API = "/api/towpath/v1"
CACHES = f"{API}/repos/alice/boat/caches"


@pytest.fixture
def boat(canal):
    return leaver(canal)


@pytest.fixture
def ask(canal):
    def tokens(tx):
        roles = {"vera": access.Role.viewer, "bob": access.Role.member}
        for login, role in roles.items():
            access.create_user(tx, login, None, role)
        return {login: access.create_token(tx, login, "test")[1] for login in roles}

    made = canal.kernel.db.write(tokens)
    app = create_app(canal.kernel, (builtin.PLUGIN, FORGE, PIPELINES))
    client = TestClient(app, "http://towpath.test")

    def asking(method, path, login="bob"):
        headers = {"Authorization": f"Bearer {made[login]}"}
        return client.request(method, path, headers=headers, follow_redirects=False)

    return asking


def test_artifacts_are_listed_fetched_and_deleted(canal, boat, ask):
    number = boat.leave(b"oak")
    (listed,) = ask("GET", f"{API}/runs/{boat.taken.run}/artifacts", "vera").json()
    assert (listed["id"], listed["name"], listed["size"]) == (number, "boat", 3)
    assert len(listed["sha256"]) == 64
    assert ask("GET", f"{API}/runs/{boat.taken.run}/artifacts/{number}").json() == listed
    to = ask("GET", listed["content_url"].removeprefix(canal.kernel.url)).headers["location"]
    assert boat.client.get(to).content == b"oak"
    assert (
        ask("DELETE", f"{API}/runs/{boat.taken.run}/artifacts/{number}", "vera").status_code == 403
    )
    assert ask("DELETE", f"{API}/runs/{boat.taken.run}/artifacts/{number}").status_code == 204
    assert ask("GET", f"{API}/runs/{boat.taken.run}/artifacts/{number}").status_code == 404
    assert ask("GET", f"{API}/runs/{boat.taken.run}/artifacts").json() == []


def test_one_that_expired_is_listed_and_says_when_it_went(boat, ask, clock):
    number = boat.leave(expires_at="2023-11-15T00:00:00Z")
    clock.advance(86_400)
    gone = ask("GET", f"{API}/runs/{boat.taken.run}/artifacts/{number}/content")
    assert gone.status_code == 410
    assert "2023-11-15 00:00 UTC" in gone.json()["detail"]


def test_a_number_that_is_none_is_not_found(ask, boat):
    for number in ("x", "0", "-1", "9" * 30):
        answer = ask("GET", f"{API}/runs/{boat.taken.run}/artifacts/{number}")
        assert answer.status_code in {404, 422}, number


def test_caches_are_listed_narrowed_and_deleted(boat, ask):
    boat.keep("npm-1", b"modules")
    boat.keep("pip-1")
    keys = [each["key"] for each in ask("GET", CACHES, "vera").json()]
    assert keys == ["pip-1", "npm-1"]
    (found,) = ask("GET", f"{CACHES}?key=npm&ref=refs/heads/main").json()
    assert (found["key"], found["size"], found["ref"]) == ("npm-1", 7, "refs/heads/main")
    assert ask("GET", f"{CACHES}?ref=refs/heads/other").json() == []
    assert ask("DELETE", f"{CACHES}/{found['id']}", "vera").status_code == 403
    assert ask("DELETE", f"{CACHES}/{found['id']}").status_code == 204
    assert ask("DELETE", f"{CACHES}/{found['id']}").status_code == 404
    assert boat.find("npm-1") == ""

import pytest
from sqlalchemy import text

from tests.kernel.conftest import PASSWORD
from towpath.kernel.access import service
from towpath.kernel.access.service import Role
from towpath.kernel.http import csrf

API = "/api/towpath/v1"


@pytest.fixture
def root(people):
    return people("root", Role.admin)


def test_me_tells_who_calls_and_what_the_token_may(web, people):
    runner = people("runner", Role.viewer, scopes=("runner",))
    told = web.get(f"{API}/me", headers=runner.bearer).json()
    assert told.pop("id").startswith("user_")
    assert told == {"login": "runner", "name": "runner", "role": "viewer", "scopes": ["runner"]}


def test_an_administrator_adds_a_user_who_can_log_in(web, root, kernel):
    new = {"login": "alice", "name": "Alice", "role": "maintainer", "password": PASSWORD}
    reply = web.post(f"{API}/users", json=new, headers=root.bearer)
    assert reply.status_code == 201
    assert reply.json()["role"] == "maintainer"
    assert PASSWORD not in reply.text
    assert service.log_in(kernel, "alice", PASSWORD).principal.name == "Alice"


def test_others_add_nobody(web, people):
    reply = web.post(f"{API}/users", json={"login": "bob"}, headers=people("alice").bearer)
    assert reply.status_code == 403


@pytest.mark.parametrize(
    "new",
    [
        {"login": "Not Ok"},
        {"login": "bob", "role": "king"},
        {"login": "bob", "password": "short"},
        {"login": "bob", "shoe_size": 43},
        {},
    ],
)
def test_a_user_that_cannot_be_is_refused(web, root, new):
    reply = web.post(f"{API}/users", json=new, headers=root.bearer)
    assert reply.status_code == 422
    assert reply.json()["next_step"]


def test_a_token_is_shown_once_and_works(web, people):
    alice = people("alice")
    reply = web.post(f"{API}/tokens", json={"name": "laptop", "days": 7}, headers=alice.bearer)
    assert reply.status_code == 201
    raw = reply.json()["token"]
    assert web.get(f"{API}/me", headers={"Authorization": f"Bearer {raw}"}).json()["login"]
    listed = web.get(f"{API}/tokens", headers=alice.bearer)
    assert {token["name"] for token in listed.json()} == {"laptop", "for tests"}
    assert raw not in listed.text


def test_an_administrator_makes_tokens_for_others_and_nobody_else_does(web, root, people):
    alice = people("alice")
    for login, by, status in (("alice", root, 201), ("root", alice, 403), ("alice", alice, 201)):
        new = {"name": "n", "login": login}
        assert web.post(f"{API}/tokens", json=new, headers=by.bearer).status_code == status


def test_a_narrow_token_makes_no_tokens_and_revokes_none(web, people):
    runner = people("runner", Role.admin, scopes=("runner",))
    assert web.post(f"{API}/tokens", json={"name": "n"}, headers=runner.bearer).status_code == 403
    assert web.delete(f"{API}/tokens/token_1", headers=runner.bearer).status_code == 403


def test_a_revoked_token_is_gone(web, people):
    alice = people("alice")
    made = web.post(f"{API}/tokens", json={"name": "n"}, headers=alice.bearer).json()
    assert web.delete(f"{API}/tokens/{made['id']}", headers=alice.bearer).status_code == 204
    again = {"Authorization": f"Bearer {made['token']}"}
    assert web.get(f"{API}/me", headers=again).status_code == 401
    assert web.delete(f"{API}/tokens/{made['id']}", headers=alice.bearer).status_code == 404


def test_a_repeated_post_makes_one_user(web, root):
    headers = root.bearer | {"Idempotency-Key": "once"}
    first, again = (
        web.post(f"{API}/users", json={"login": "alice"}, headers=headers) for _ in range(2)
    )
    assert first.json() == again.json()
    assert again.status_code == 201


def stored_replies(kernel):
    return kernel.db.read(
        lambda tx: [dict(row) for row in tx.rows(text("SELECT * FROM http_reply"))]
    )


def test_a_token_made_with_a_key_is_shown_once_and_stored_nowhere(web, people, kernel):
    headers = people("alice").bearer | {"Idempotency-Key": "once"}
    first, again = (
        web.post(f"{API}/tokens", json={"name": "laptop"}, headers=headers).json()
        for _ in range(2)
    )
    raw = first.pop("token")
    assert raw.startswith("tow_")
    assert again == first | {"token": None}
    (reply,) = stored_replies(kernel)
    assert raw not in str(reply)
    assert first["id"] in reply["body"]


def test_nothing_made_from_a_password_is_stored_beside_its_slow_hash(web, root, kernel):
    def add(login, password):
        headers = root.bearer | {"Idempotency-Key": f"add-{login}"}
        body = f'{{"login": "{login}", "password": "{password}"}}'
        headers["Content-Type"] = "application/json"
        assert web.post(f"{API}/users", content=body, headers=headers).status_code == 201
        kept = stored_replies(kernel)[0]["request"]
        kernel.db.write(lambda tx: tx.execute(text("DELETE FROM http_reply")))
        kernel.db.write(lambda tx: tx.execute(text("DELETE FROM access_user WHERE login = 'bob'")))
        return kept

    assert add("bob", PASSWORD) == add("bob", f"another {PASSWORD}")


def test_my_sessions_are_listed_ended_one_by_one_and_all_at_once(browser, people):
    people("alice")
    first, second, third = (browser("alice", agent) for agent in ("one", "two", "three"))
    listed = {each["agent"]: each for each in first.get(f"{API}/sessions").json()}
    assert [listed[agent]["this"] for agent in ("one", "two", "three")] == [True, False, False]
    proof = {"Towpath-CSRF": csrf.token_for(first.cookies["towpath_session"])}
    address = f"{API}/sessions/{listed['two']['id']}"
    assert first.delete(address).status_code == 403  # a script of another site knows no proof
    assert first.delete(address, headers=proof).status_code == 204
    assert second.get(f"{API}/sessions").status_code == 401
    assert first.delete(f"{API}/sessions", headers=proof).status_code == 204
    assert [each.get(f"{API}/sessions").status_code for each in (first, third)] == [401, 401]

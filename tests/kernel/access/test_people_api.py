import pytest

from towpath.kernel.access import service
from towpath.kernel.access.service import Role
from towpath.kernel.plugin import Plugin, Resources

API = "/api/towpath/v1"


@pytest.fixture
def ask(web, people):
    root = people("root", Role.admin).bearer

    def send(method, path, **body):
        return web.request(method, f"{API}{path}", json=body or None, headers=root)

    return send


def test_an_administrator_changes_lists_and_shuts_out_users(ask, people, web):
    alice = people("alice")
    changed = ask("PATCH", "/users/alice", name="Alice", role="maintainer").json()
    assert (changed["name"], changed["role"], changed["active"]) == ("Alice", "maintainer", True)
    assert [each["login"] for each in ask("GET", "/users").json()] == ["alice", "root"]
    assert ask("PATCH", "/users/alice", active=False).json()["active"] is False
    assert web.get(f"{API}/me", headers=alice.bearer).status_code == 401
    assert ask("PATCH", "/users/root", active=False).status_code == 409


def test_an_administrator_sets_the_password_of_a_person_but_not_of_a_program(ask, people, kernel):
    people("alice")
    reply = ask("PUT", "/users/alice/password", password="a bridge over quiet water")
    assert reply.status_code == 204
    assert service.log_in(kernel, "alice", "a bridge over quiet water")
    assert ask("PUT", "/users/alice/password", password="short").status_code == 422
    assert ask("PUT", "/users/ghost/password", password="a" * 20).status_code == 404
    ask("POST", "/teams", slug="crew")
    ask("POST", "/service-accounts", login="bot", owner="crew")
    assert "not a person" in ask("PUT", "/users/bot/password", password="a" * 20).json()["detail"]


def test_teams_and_their_members_come_and_go(ask, people):
    people("alice")
    assert ask("POST", "/teams", slug="crew", name="The crew").status_code == 201
    assert ask("PUT", "/teams/crew/members/alice").status_code == 204
    assert ask("GET", "/teams").json()[0]["members"] == ["alice"]
    assert ask("DELETE", "/teams/crew/members/alice").status_code == 204
    assert ask("DELETE", "/teams/crew").status_code == 204
    assert ask("GET", "/teams").json() == []


def test_a_service_account_belongs_to_a_team(ask):
    ask("POST", "/teams", slug="crew")
    made = ask("POST", "/service-accounts", login="bot", owner="crew").json()
    assert (made["kind"], made["role"]) == ("service", "viewer")
    assert ask("POST", "/service-accounts", login="b", owner="ghosts").status_code == 404


def test_an_administrator_revokes_the_tokens_of_others_and_ends_their_sessions(
    ask, people, web, kernel
):
    alice = people("alice")
    (token,) = [each for each in ask("GET", "/people/tokens").json() if each["login"] == "alice"]
    assert ask("DELETE", f"/tokens/{token['id']}").status_code == 204
    assert web.get(f"{API}/me", headers=alice.bearer).status_code == 401
    user = kernel.db.read(lambda tx: service.known(tx, "alice"))
    session = kernel.db.write(lambda tx: service.open_session(tx, kernel, user))
    assert ask("DELETE", "/users/alice/sessions").status_code == 204
    assert kernel.db.read(lambda tx: service.authenticate_session(tx, session.raw)) is None


def test_sessions_are_listed_and_one_is_ended_by_an_administrator(ask, people, kernel):
    people("alice")
    user = kernel.db.read(lambda tx: service.known(tx, "alice"))
    where = ("192.0.2.1", "Lynx")
    kept, ended = (
        kernel.db.write(lambda tx: service.open_session(tx, kernel, user, *where)) for _ in "12"
    )
    listed = ask("GET", "/users/alice/sessions").json()
    assert {each["id"] for each in listed} == {
        service.session_id(kept.raw),
        service.session_id(ended.raw),
    }
    assert (listed[0]["address"], listed[0]["agent"]) == where
    one = f"/users/alice/sessions/{service.session_id(ended.raw)}"
    assert [ask("DELETE", one).status_code for _ in "12"] == [204, 404]
    alive = kernel.db.read(lambda tx: service.sessions(tx, "alice"))
    assert [each.id for each in alive] == [service.session_id(kept.raw)]


def test_a_resource_is_named_as_people_do_and_kept_by_its_id(ask, people, web):
    boats = Resources(
        lambda _, name: {"alice/boat": "boat_1"}.get(name),
        lambda _, wanted: {each: "alice/boat" for each in wanted if each == "boat_1"},
    )
    web.app.state.plugins = [Plugin(name="boats", package="boats", resources=boats)]
    people("alice")
    given = {"resource": "alice/boat", "login": "alice"}
    assert ask("PUT", "/grants", **given, role="maintainer").status_code == 204
    (listed,) = ask("GET", "/grants").json()
    assert listed == {**given, "role": "maintainer", "team": None}
    assert ask("PUT", "/grants", **given, role=None).status_code == 204
    assert ask("GET", "/grants").json() == []
    assert ask("PUT", "/grants", resource="no/boat", login="alice", role=None).status_code == 404


def test_a_file_of_people_is_brought_only_when_it_is_applied(ask):
    sent = {"csv": "login,teams\nalice,crew\n"}
    assert ask("POST", "/people/import", **sent).json()["applied"] is False
    assert [each["login"] for each in ask("GET", "/users").json()] == ["root"]
    ask("POST", "/people/import", **sent, apply=True)
    assert ask("GET", "/teams").json()[0]["members"] == ["alice"]

import pytest

from towpath.kernel.access import service
from towpath.kernel.access.service import Role
from towpath.kernel.audit import service as audit
from towpath.kernel.audit.service import Search
from towpath.kernel.errors import Unauthenticated

SECRET = "a password typed into the wrong field"


@pytest.fixture
def alice(kernel, password_hash):
    def make(tx):
        service.create_user(tx, "root", password_hash, Role.admin)
        return service.create_user(tx, "alice", password_hash, Role.member, name="Alice")

    return kernel.db.write(make)


def entries(kernel):
    found = kernel.db.read(lambda tx: audit.search(tx, Search(), limit=100))
    return [(e.action, e.subject, dict(e.before or {}), dict(e.after or {})) for e in found][::-1]


def newest(kernel):
    return entries(kernel)[-1]


def test_a_user_is_told_without_a_password(kernel, alice, password_hash):
    action, subject, _, after = newest(kernel)
    assert (action, subject) == ("user.add", "user:alice")
    assert after == {"name": "Alice", "role": "member", "kind": "person", "source": ""}


def test_a_role_is_told_before_and_after(kernel, alice):
    kernel.db.write(lambda tx: service.set_role(tx, "alice", Role.maintainer))
    action, subject, before, after = newest(kernel)
    assert (action, subject) == ("user.role", "user:alice")
    assert (before["role"], after["role"]) == ("member", "maintainer")


def test_shutting_out_and_letting_in_are_told(kernel, alice):
    kernel.db.write(lambda tx: service.deactivate(tx, "alice"))
    kernel.db.write(lambda tx: service.activate(tx, "alice"))
    assert [each[0] for each in entries(kernel)[-2:]] == ["user.deactivate", "user.activate"]


def test_another_name_is_told_before_and_after(kernel, alice):
    kernel.db.write(lambda tx: service.rename_user(tx, "alice", "Alicia"))
    assert newest(kernel) == ("user.change", "user:alice", {"name": "Alice"}, {"name": "Alicia"})


def test_teams_members_and_grants_are_told(kernel, alice):
    def change(tx):
        service.add_team(tx, "crew", "The crew")
        service.rename_team(tx, "crew", "Crew")
        service.add_member(tx, "crew", "alice")
        service.grant(tx, "repository:1", Role.maintainer, team_slug="crew")
        service.grant(tx, "repository:1", None, team_slug="crew")
        service.remove_member(tx, "crew", "alice")
        service.remove_team(tx, "crew")

    kernel.db.write(change)
    maintainer = {"resource": "repository:1", "role": "maintainer"}
    nothing = maintainer | {"role": None}
    assert entries(kernel)[-7:] == [
        ("team.add", "team:crew", {}, {"name": "The crew"}),
        ("team.change", "team:crew", {"name": "The crew"}, {"name": "Crew"}),
        ("team.member.add", "team:crew", {}, {"login": "alice", "source": ""}),
        ("access.grant", "team:crew", nothing, maintainer),
        ("access.grant", "team:crew", maintainer, nothing),
        ("team.member.remove", "team:crew", {"login": "alice", "source": ""}, {}),
        ("team.remove", "team:crew", {"name": "Crew"}, {}),
    ]


def test_a_token_is_told_by_its_id_and_never_by_itself(kernel, alice):
    made, raw = kernel.db.write(lambda tx: service.create_token(tx, "alice", "x", scopes=("a",)))
    kernel.db.write(lambda tx: service.revoke_token(tx, "alice", made))
    assert entries(kernel)[-2:] == [
        ("token.add", f"token:{made}", {}, {
            "holder": "alice", "name": "x", "scopes": ["a"], "expires": None,
        }),
        ("token.revoke", f"token:{made}", {"holder": "alice"}, {}),
    ]  # fmt: skip
    assert raw not in str(entries(kernel))


def test_logging_in_and_out_are_told_by_whom(kernel, alice, monkeypatch):
    monkeypatch.setattr("towpath.kernel.access.service.matches", lambda *_: True)
    session = service.log_in(kernel, "alice", "right", "10.0.0.1")
    kernel.db.write(lambda tx: service.log_out(tx, session.raw))
    found = kernel.db.read(lambda tx: audit.search(tx, Search(what="session.")))
    assert [(e.action, e.who, e.proof) for e in found] == [
        ("session.close", "alice", "session"),
        ("session.open", "alice", "session"),
    ]
    assert found[0].proof_id == found[1].proof_id == service.session_id(session.raw)


def test_a_refused_log_in_is_told_but_not_a_login_that_nobody_has(kernel, alice, monkeypatch):
    monkeypatch.setattr("towpath.kernel.access.service.matches", lambda *_: False)
    for login in ("alice", SECRET):
        with pytest.raises(Unauthenticated):
            service.log_in(kernel, login, "wrong", "10.0.0.1")
    assert [each[:2] for each in entries(kernel)[-2:]] == [
        ("session.refuse", "user:alice"),
        ("session.refuse", "user:"),
    ]


def test_all_sessions_that_end_at_once_are_one_entry(kernel, alice):
    kernel.db.write(lambda tx: service.end_sessions(tx, "alice"))
    assert newest(kernel)[:2] == ("session.end", "user:alice")

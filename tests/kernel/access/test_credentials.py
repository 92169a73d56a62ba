"""Passwords that people change, and that administrators set."""

import pytest
from sqlalchemy import text

from tests.kernel.conftest import PASSWORD
from towpath.kernel.access import credentials, service
from towpath.kernel.access.service import Role
from towpath.kernel.audit import service as audit
from towpath.kernel.errors import Conflict, Denied, InvalidInput, NotFound, Unauthenticated

NEW = "a bridge over quiet water"


@pytest.fixture
def alice(kernel, people):
    people("alice")
    return service.log_in(kernel, "alice", PASSWORD)


def change(kernel, session, old=PASSWORD, new=NEW):
    found = kernel.db.read(lambda tx: service.authenticate_session(tx, session.raw))
    return credentials.change_password(kernel, found[0], old, new, "192.0.2.1")


def is_in(kernel, session):
    return kernel.db.read(lambda tx: service.authenticate_session(tx, session.raw)) is not None


def test_ones_own_password_is_changed_with_the_old_one_and_other_sessions_end(kernel, alice):
    other = service.log_in(kernel, "alice", PASSWORD)
    assert change(kernel, alice) == 1
    assert [is_in(kernel, each) for each in (alice, other)] == [True, False]
    assert service.log_in(kernel, "alice", NEW)
    with pytest.raises(Unauthenticated):
        service.log_in(kernel, "alice", PASSWORD)


def test_tokens_outlive_a_change_since_programs_hold_them(kernel, alice):
    _, raw = kernel.db.write(lambda tx: service.create_token(tx, "alice", "laptop"))
    change(kernel, alice)
    assert kernel.db.read(lambda tx: service.authenticate_token(tx, raw)).login == "alice"


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        ("wrong", NEW, Denied, "old password is not right"),
        (PASSWORD, "short", InvalidInput, "too short"),
        (PASSWORD, "x" * 257, InvalidInput, "too long"),
        (PASSWORD, PASSWORD, InvalidInput, "is the old one"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(kernel, alice, old, new, error, words):
    other = service.log_in(kernel, "alice", PASSWORD)
    with pytest.raises(error, match=words):
        change(kernel, alice, old, new)
    assert is_in(kernel, other)
    assert service.log_in(kernel, "alice", PASSWORD)


def test_guessing_the_old_password_in_an_open_browser_shuts_the_same_door_as_log_in(
    kernel, alice, monkeypatch
):
    monkeypatch.setattr(credentials, "matches", lambda *_: False)
    for _ in range(10):
        with pytest.raises(Denied):
            change(kernel, alice)
    monkeypatch.undo()
    for tries in (
        lambda: change(kernel, alice),
        lambda: service.log_in(kernel, "alice", PASSWORD, "192.0.2.1"),
    ):
        with pytest.raises(Exception, match="Too many log-ins have failed"):
            tries()


def test_of_two_changes_at_once_one_wins_and_the_other_is_told(kernel, alice, monkeypatch):
    def meanwhile(stored, _):
        monkeypatch.undo()
        credentials.set_password(kernel, "alice", "set by an administrator")
        return stored is not None

    monkeypatch.setattr(credentials, "matches", meanwhile)
    with pytest.raises(Conflict, match="changed elsewhere"):
        change(kernel, alice)
    assert service.log_in(kernel, "alice", "set by an administrator")


def test_an_administrator_sets_a_first_password_and_a_new_one_ends_every_session(kernel, alice):
    kernel.db.write(lambda tx: service.create_user(tx, "bob", None, Role.member))
    assert credentials.set_password(kernel, "bob", NEW) == 0
    assert service.log_in(kernel, "bob", NEW)
    assert credentials.set_password(kernel, "alice", NEW) == 1
    assert not is_in(kernel, alice)


def test_whose_password_is_kept_elsewhere_is_told_where(kernel):
    def add(tx):
        service.create_user(tx, "oda", None, Role.member, source="oidc")
        service.add_team(tx, "crew")
        service.create_service_account(tx, "bot", "", "crew", Role.member)

    kernel.db.write(add)
    for login, error, words in (
        ("oda", Denied, "comes from oidc"),
        ("bot", Denied, "not a person"),
        ("ghost", NotFound, "no user ghost"),
    ):
        with pytest.raises(error, match=words):
            credentials.set_password(kernel, login, NEW)


def test_the_audit_log_tells_of_it_without_any_password(kernel, alice):
    change(kernel, alice)
    entries = kernel.db.read(lambda tx: audit.search(tx, audit.Search(what="user.password")))
    assert [(each.subject, each.after) for each in entries] == [
        ("user:alice", {"sessions_ended": 0})
    ]
    everything = str(kernel.db.read(lambda tx: tx.rows(text("SELECT * FROM audit_entry"))))
    assert NEW not in everything
    assert PASSWORD not in everything

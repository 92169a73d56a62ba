import pytest
from sqlalchemy import text

from tests.kernel.conftest import PASSWORD
from towpath.kernel.access import service
from towpath.kernel.access.service import Role
from towpath.kernel.clock import after
from towpath.kernel.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    Unauthenticated,
    Unavailable,
)


@pytest.fixture
def alice(kernel, password_hash):
    return kernel.db.write(lambda tx: service.create_user(tx, "alice", password_hash, Role.member))


def test_a_login_is_given_once(kernel, alice):
    with pytest.raises(Conflict, match="alice is taken"):
        kernel.db.write(lambda tx: service.create_user(tx, "alice", None, Role.member))


def test_a_system_user_is_made_once_and_never_logs_in(kernel):
    first, again = (
        kernel.db.write(lambda tx: service.ensure_system_user(tx, "towpath-gate", "The gate"))
        for _ in range(2)
    )
    assert first == again
    with pytest.raises(Unauthenticated):
        service.log_in(kernel, "towpath-gate", "")


def test_a_system_user_does_not_take_over_a_person(kernel, alice):
    with pytest.raises(Conflict, match="already has the login"):
        kernel.db.write(lambda tx: service.ensure_system_user(tx, "alice", "Not Alice"))


def test_a_token_is_known_by_its_secret_and_stored_only_as_a_hash(kernel, alice):
    _, raw = kernel.db.write(lambda tx: service.create_token(tx, "alice", "laptop"))
    principal = kernel.db.read(lambda tx: service.authenticate_token(tx, raw))
    assert (principal.login, principal.scopes) == ("alice", frozenset())
    stored = kernel.db.read(lambda tx: tx.rows(text("SELECT * FROM access_token")))
    assert raw not in str(stored)


def test_a_token_needs_a_holder_a_name_and_a_future(kernel, alice, clock):
    def create(login="alice", name="n", **options):
        kernel.db.write(lambda tx: service.create_token(tx, login, name, **options))

    with pytest.raises(NotFound, match="no user bob"):
        create(login="bob")
    with pytest.raises(InvalidInput, match="needs a name"):
        create(name="")
    with pytest.raises(InvalidInput, match="expired already"):
        create(expires=clock.now())
    with pytest.raises(InvalidInput, match="cannot be a scope"):
        create(scopes=("NO",))


def test_a_revoked_token_is_refused_at_once(kernel, alice):
    token_id, raw = kernel.db.write(lambda tx: service.create_token(tx, "alice", "laptop"))
    kernel.db.write(lambda tx: service.revoke_token(tx, "alice", token_id))
    with pytest.raises(Unauthenticated, match="revoked"):
        kernel.db.read(lambda tx: service.authenticate_token(tx, raw))
    with pytest.raises(NotFound):
        kernel.db.write(lambda tx: service.revoke_token(tx, "alice", token_id))


def test_logging_in_opens_a_session_that_logging_out_ends(kernel, alice):
    session = service.log_in(kernel, "alice", PASSWORD)
    found = kernel.db.read(lambda tx: service.authenticate_session(tx, session.raw))
    assert found == (session.principal, session.expires)
    stored = kernel.db.read(lambda tx: tx.rows(text("SELECT * FROM access_session")))
    assert session.raw not in str(stored)
    kernel.db.write(lambda tx: service.log_out(tx, session.raw))
    assert kernel.db.read(lambda tx: service.authenticate_session(tx, session.raw)) is None


def test_a_wrong_password_and_an_unknown_login_sound_the_same(kernel, alice):
    told = []
    for login, password in (("alice", "wrong"), ("nobody", PASSWORD)):
        with pytest.raises(Unauthenticated) as refusal:
            service.log_in(kernel, login, password)
        told.append(str(refusal.value))
    assert told[0] == told[1]


def test_after_ten_failures_the_door_stays_shut_for_ten_minutes(kernel, alice, clock, monkeypatch):
    monkeypatch.setattr(service, "matches", lambda _, password: password == PASSWORD)
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            service.log_in(kernel, "alice", "wrong", "10.0.0.1")
    with pytest.raises(Unavailable, match="Too many"):
        service.log_in(kernel, "alice", PASSWORD, "10.0.0.1")
    assert service.log_in(kernel, "alice", PASSWORD, "10.0.0.2")  # her own place stays open
    clock.advance(601)
    assert service.log_in(kernel, "alice", PASSWORD, "10.0.0.1")


def test_success_forgets_the_failures_before_it(kernel, alice, monkeypatch):
    monkeypatch.setattr(service, "matches", lambda _, password: password == PASSWORD)
    for _ in range(3):
        for _ in range(9):
            with pytest.raises(Unauthenticated):
                service.log_in(kernel, "alice", "wrong")
        assert service.log_in(kernel, "alice", PASSWORD)


def test_what_has_ended_is_swept(kernel, alice, clock):
    service.log_in(kernel, "alice", PASSWORD)
    soon = after(clock.now(), 1)
    kernel.db.write(lambda tx: service.create_token(tx, "alice", "short", expires=soon))
    clock.advance(kernel.settings.session_hours * 3600 + 1)
    kernel.db.write(service.forget_expired)
    left = "SELECT (SELECT count(*) FROM access_session) + (SELECT count(*) FROM access_token)"
    assert kernel.db.read(lambda tx: tx.scalar(text(left))) == 0


def test_sessions_are_listed_and_ended_one_by_one_and_all_at_once(kernel, alice):
    first, second, third = (
        service.log_in(kernel, "alice", PASSWORD, "10.0.0.1", f"Browser {n}") for n in range(3)
    )
    listed = kernel.db.read(lambda tx: service.sessions(tx, "alice"))
    assert {each.agent for each in listed} == {"Browser 0", "Browser 1", "Browser 2"}
    assert first.raw not in str(listed)

    def alive():
        held = (first, second, third)
        return [
            kernel.db.read(lambda tx: service.authenticate_session(tx, one.raw)) is not None  # noqa: B023
            for one in held
        ]

    ends = service.session_id(second.raw)
    kernel.db.write(lambda tx: service.end_sessions(tx, "alice", [ends]))
    assert alive() == [True, False, True]
    kernel.db.write(lambda tx: service.end_sessions(tx, "alice"))
    assert alive() == [False, False, False]


def test_an_administrator_revokes_any_token_but_those_of_our_own_voices(kernel, alice):
    voice = kernel.db.write(lambda tx: service.ensure_system_user(tx, "voice", "A voice"))
    hers, _ = kernel.db.write(lambda tx: service.create_token(tx, "alice", "t"))
    ours, _ = kernel.db.write(lambda tx: service.create_token(tx, voice.login, "t"))
    assert [login for login, _ in kernel.db.read(service.all_tokens)] == ["alice"]
    kernel.db.write(lambda tx: service.revoke_any_token(tx, hers))
    with pytest.raises(NotFound):
        kernel.db.write(lambda tx: service.revoke_any_token(tx, ours))


def test_a_token_lives_no_longer_than_the_house_allows(kernel, clock):
    def ends(days, most):
        return kernel.db.read(lambda tx: service.expiry(tx, days, most))

    assert ends(None, 0) is None
    assert ends(30, 30) == after(clock.now(), 30 * 86_400)
    for days in (None, 31):
        with pytest.raises(InvalidInput, match="30 days at most"):
            ends(days, 30)

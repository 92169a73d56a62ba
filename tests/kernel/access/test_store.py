import pytest

from towpath.kernel.access import store
from towpath.kernel.access.model import Role, Token, User
from towpath.kernel.clock import after


@pytest.fixture
def alice(db):
    made = User("user_1", "alice", "Alice", Role.member, system=False, created=1)
    db.write(lambda tx: store.add_user(tx, made, "hash"))
    return made


def add_token(db, name, expires=None, scopes=()):
    token = Token(f"token_{name}", name, scopes, 1, expires, None)
    db.write(lambda tx: store.add_token(tx, "user_1", token, name))
    return token


def test_a_user_comes_back_as_written(db, alice):
    assert db.read(lambda tx: store.user(tx, "alice")) == alice
    assert db.read(lambda tx: store.user(tx, "bob")) is None


def test_a_system_user_has_no_password_whatever_is_stored(db):
    voice = User("user_2", "voice", "Voice", Role.member, system=True, created=1)
    db.write(lambda tx: store.add_user(tx, voice, "hash"))
    assert db.read(lambda tx: store.password(tx, "voice")) is None


def test_a_token_leads_to_its_holder_with_its_scopes(db, alice):
    add_token(db, "t1", scopes=("a:b", "runner"))
    principal, token = db.read(lambda tx: store.token_holder(tx, "t1"))
    assert (principal.login, principal.role) == ("alice", Role.member)
    assert principal.scopes == {"a:b", "runner"}
    assert token.name == "t1"


def test_an_expired_token_leads_to_nobody_and_is_swept(db, alice, clock):
    add_token(db, "t1", expires=after(clock.now(), 10))
    clock.advance(10)
    assert db.read(lambda tx: store.token_holder(tx, "t1")) is None
    db.write(lambda tx: store.delete_expired(tx, tx.now))
    assert db.read(lambda tx: store.tokens(tx, "user_1")) == []


def test_only_its_holder_deletes_a_token(db, alice):
    add_token(db, "t1")
    assert not db.write(lambda tx: store.delete_token(tx, "user_2", "token_t1"))
    assert db.write(lambda tx: store.delete_token(tx, "user_1", "token_t1"))


def test_a_session_ends_at_its_time_and_can_be_extended(db, alice, clock):
    ends = after(clock.now(), 10)
    db.write(lambda tx: store.add_session(tx, "s", "user_1", ends))
    principal, expires = db.read(lambda tx: store.session_holder(tx, "s"))
    assert (principal.login, expires) == ("alice", ends)
    db.write(lambda tx: store.extend_session(tx, "s", after(ends, 10)))
    clock.advance(15)
    assert db.read(lambda tx: store.session_holder(tx, "s")) is not None
    clock.advance(10)
    assert db.read(lambda tx: store.session_holder(tx, "s")) is None


def test_failures_count_within_their_window_and_begin_anew_after_it(db, clock):
    def fail():
        db.write(lambda tx: store.count_failure(tx, "alice@here", after(tx.now, -60)))
        return db.read(lambda tx: store.failures(tx, "alice@here", after(tx.now, -60)))

    assert [fail(), fail(), fail()] == [1, 2, 3]
    clock.advance(61)
    assert fail() == 1


def test_whether_there_is_an_administrator(db, alice):
    assert not db.read(lambda tx: store.has_role(tx, Role.admin))
    root = User("user_3", "root", "Root", Role.admin, system=False, created=1)
    db.write(lambda tx: store.add_user(tx, root, None))
    assert db.read(lambda tx: store.has_role(tx, Role.admin))

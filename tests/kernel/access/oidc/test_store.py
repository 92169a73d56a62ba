from towpath.kernel.access import service
from towpath.kernel.access.oidc import store
from towpath.kernel.access.oidc.model import Attempt
from towpath.kernel.access.service import Role

ATTEMPT = Attempt("nonce", "verifier", "/")


def begun(db, state="state"):
    db.write(lambda tx: store.add_attempt(tx, state, "browser", ATTEMPT))


def take(db, state="state", browser="browser", since=0):
    return db.write(lambda tx: store.take_attempt(tx, state, browser, since))


def test_an_attempt_is_taken_once_and_by_its_browser(db):
    begun(db)
    assert take(db, browser="another") is None
    assert take(db) == ATTEMPT
    assert take(db) is None


def test_an_old_attempt_counts_no_more(db, clock):
    begun(db)
    assert take(db, since=clock.now()) is None


def test_a_flood_of_attempts_pushes_out_the_oldest(db, clock):
    for number in range(10):
        begun(db, f"s{number}")
        clock.advance(1)
    db.write(lambda tx: store.make_room_for_attempts(tx, 0, 10))
    assert take(db, "s0") is None
    assert take(db, "s1") == ATTEMPT
    db.write(lambda tx: store.make_room_for_attempts(tx, tx.now, 10))
    assert take(db, "s2") is None


def test_a_subject_means_a_user_at_one_issuer_alone(db):
    user = db.write(lambda tx: service.create_user(tx, "ann", None, Role.viewer))
    assert not db.read(lambda tx: store.has_identity(tx, user.id))
    db.write(lambda tx: store.identify(tx, "https://one.test", "1", user.id))
    assert db.read(lambda tx: store.identified(tx, "https://one.test", "1")) == user.id
    assert db.read(lambda tx: store.identified(tx, "https://two.test", "1")) is None
    assert db.read(lambda tx: store.has_identity(tx, user.id))

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from towpath.kernel.audit import store
from towpath.kernel.audit.model import Search
from towpath.kernel.clock import SECOND
from towpath.kernel.origin import Origin

ALICE = Origin(id="user_1", login="alice", proof="token", proof_id="token_1", address="10.0.0.1")


def add(db, action="user.add", subject="user:bob", origin=ALICE, after=None):
    db.write(lambda tx: store.add(tx, action, subject, origin, (None, after)))


def found(db, **wanted):
    return db.read(lambda tx: store.search(tx, Search(**wanted), None, 100))


def test_an_entry_comes_back_whole(db, clock):
    add(db, after={"role": "member", "n": 3})
    (entry,) = found(db)
    assert (entry.at, entry.action, entry.subject) == (clock.now(), "user.add", "user:bob")
    assert (entry.who, entry.proof, entry.proof_id) == ("alice", "token", "token_1")
    assert (entry.address, entry.before, entry.after) == (
        "10.0.0.1",
        None,
        {"role": "member", "n": 3},
    )


def test_it_is_searched_by_who_what_subject_and_time_newest_first(db, clock):
    add(db)
    clock.advance(10)
    add(db, "user.change", "user:bobby", Origin())
    clock.advance(10)
    add(db, "token.add", "token:1")
    start = clock.now() - 20 * SECOND
    assert [e.action for e in found(db)] == ["token.add", "user.change", "user.add"]
    assert [e.action for e in found(db, who="alice")] == ["token.add", "user.add"]
    assert [e.action for e in found(db, what="user.")] == ["user.change", "user.add"]
    assert [e.action for e in found(db, subject="user:bobb")] == ["user.change"]
    assert [e.action for e in found(db, since=start + 1)] == ["token.add", "user.change"]
    assert [e.action for e in found(db, until=start + 1)] == ["user.add"]
    assert found(db, what="user%") == found(db, what="user_") == []


@pytest.mark.parametrize("changed", [update(store.ENTRY).values(who="mallory")])
def test_the_database_itself_refuses_to_change_an_entry(db, changed):
    add(db)
    with pytest.raises(DBAPIError, match="stays as it is"):
        db.write(lambda tx: tx.execute(changed))
    assert found(db)[0].who == "alice"


@pytest.mark.postgres
@pytest.mark.parametrize("store_name", ["postgresql"])
def test_postgresql_lets_nobody_delete_but_the_retention(make_kernel, store_name):
    db = make_kernel(store_name).db
    add(db)
    with pytest.raises(DBAPIError, match="stays as it is"):
        db.write(lambda tx: tx.execute(delete(store.ENTRY)))
    with pytest.raises(DBAPIError, match="not emptied"):
        db.write(lambda tx: tx.connection.exec_driver_sql("TRUNCATE audit_entry"))
    assert len(found(db)) == 1


def test_old_entries_are_forgotten_piece_by_piece_and_young_ones_stay(db, clock, monkeypatch):
    monkeypatch.setattr(store, "_STRIDE", 2)
    for number in range(5):
        add(db, subject=f"user:{number}")
    clock.advance(100)
    add(db, subject="user:young")
    place = 0
    while place is not None:
        place = db.write(lambda tx, start=place: store.forget(tx, clock.now(), start))
    assert [e.subject for e in found(db)] == ["user:young"]

import sqlite3

import pytest
from sqlalchemy import text

from towpath.kernel.db.interface import Sql
from towpath.kernel.errors import PermanentError, TemporaryError
from towpath.kernel.work import service as work
from towpath.kernel.work import store
from towpath.kernel.work.model import Handler, Item
from towpath.kernel.work.settling import Claim, Outcome, settle

KINDS = (("a", 1, 60_000_000),)
HANDLER = Handler(kind="a", run=lambda item: None, max_attempts=3)
STATES = text("SELECT id, state FROM work_item")
READY = text("SELECT ready FROM work_item WHERE id = :id")


def claims(db, count=1):
    for _ in range(count):
        db.write(lambda tx: work.add(tx, "a", {}))
    rows, _ = db.write(lambda tx: store.claim(tx, KINDS, count, 0))
    return [claim_of(row) for row in rows]


def claim_of(row):
    item = Item(
        id=row.id,
        kind=row.kind,
        payload={},
        version=1,
        attempt=row.attempt,
        key=row.key,
        order=row.order,
        due=row.due,
        created=row.created,
    )
    return Claim(item, HANDLER, row.fence, expires=0.0)


def states(db):
    return {row["id"]: row["state"] for row in db.read(lambda tx: tx.rows(STATES))}


def test_plain_outcomes_and_effects_are_written_together(db):
    plain, other, effect = claims(db, 3)
    seen = []
    outcomes = [Outcome(plain), Outcome(effect, then=seen.append), Outcome(other)]
    db.write(lambda tx: settle(tx, outcomes))
    assert set(states(db).values()) == {"done"}
    assert len(seen) == 1


def test_an_effect_that_raises_is_undone_alone_with_its_finish_and_its_wakes(db):
    db.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT PRIMARY KEY)")))
    note = Sql("INSERT INTO note (body) VALUES ('x')")
    first, second = claims(db, 2)

    def twice(tx):
        tx.wake("inside")
        tx.direct(note)
        tx.direct(note)

    outcomes = [Outcome(first, then=twice), Outcome(second, then=lambda tx: tx.direct(note))]

    def write(tx):
        settle(tx, outcomes)
        return tx.wakes

    assert "inside" not in db.write(write)
    assert states(db) == {first.item.id: "waiting", second.item.id: "done"}


def test_an_effect_is_not_begun_when_the_lease_is_lost(db, clock):
    [old] = claims(db)
    clock.advance(60)
    [row], _ = db.write(lambda tx: store.claim(tx, KINDS, 1, 0))
    ran = []
    db.write(lambda tx: settle(tx, [Outcome(old, then=ran.append)]))
    assert ran == []
    assert states(db) == {old.item.id: "running"}
    db.write(lambda tx: settle(tx, [Outcome(claim_of(row), then=ran.append)]))
    assert len(ran) == 1


@pytest.mark.parametrize(
    ("error", "low", "high"),
    [
        (ValueError("x"), 0.75, 1.25),
        (TemporaryError("x"), 0.75, 1.25),
        (TemporaryError("x", delay=42), 42, 42),
    ],
)
def test_a_failure_waits_as_long_as_it_should(db, clock, error, low, high):
    [claim] = claims(db)
    db.write(lambda tx: settle(tx, [Outcome(claim, error=error)]))
    ready = db.read(lambda tx: tx.scalar(READY, {"id": claim.item.id}))
    assert low <= (ready - clock.now()) / 1_000_000 <= high


def test_a_permanent_failure_is_parked_at_once_with_its_words(db):
    [claim] = claims(db)
    error = PermanentError("It cannot be.", next_step="Give up\0." + "x" * 10_000)
    db.write(lambda tx: settle(tx, [Outcome(claim, error=error)]))
    [parked] = db.read(work.parked)
    assert parked.error.startswith("PermanentError: It cannot be. Give up.")
    assert len(parked.error) == 4000


def test_an_error_that_ends_the_transaction_is_not_swallowed(db):
    """Else the first outcome would count as written, though it was undone."""
    first, second = claims(db, 2)
    runs = []

    def end(tx):
        runs.append(1)
        if len(runs) > 1:
            raise PermanentError("PostgreSQL ran it again, as it should")
        tx.driver.execute("ROLLBACK")
        if tx.dialect == "postgresql":
            tx.driver.close()
        tx.driver.execute("SELECT nothing FROM nowhere")

    outcomes = [Outcome(first), Outcome(second, then=end)]
    if db.dialect == "sqlite":
        with pytest.raises(sqlite3.OperationalError):
            db.write(lambda tx: settle(tx, outcomes))
        assert set(states(db).values()) == {"running"}
    else:
        db.write(lambda tx: settle(tx, outcomes))
        assert states(db) == {first.item.id: "done", second.item.id: "parked"}

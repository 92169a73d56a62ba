"""The clock is set back: what waits goes on waiting as long, and no longer."""

import pytest

from towpath.kernel.clock import after
from towpath.kernel.work import jumps
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler, Schedule
from towpath.kernel.work.worker import Worker

HOURLY = Schedule(name="tea", cron="0 * * * *", kind="a", payload={"n": 1})


@pytest.fixture
def run(db):
    """Do what is due; returns the numbers that its items carried."""
    done = []
    worker = Worker(db, [Handler(kind="a", run=lambda item: done.append(item.payload["n"]))])

    def run():
        done.clear()
        worker.run_until_idle()
        return list(done)

    return run


def add(db, n, seconds=None):
    def put(tx):
        due = None if seconds is None else after(tx.now, seconds)
        work.add(tx, "a", {"n": n}, due=due)

    db.write(put)


def follow(db):
    return db.write(jumps.follow_clock)


def test_when_the_clock_is_set_back_work_is_due_as_soon_as_it_would_have_been(db, clock, run):
    add(db, 1)
    add(db, 2, 60)
    clock.advance(-3600)
    assert run() == []
    assert follow(db) == 3600
    assert run() == [1]
    clock.advance(59)
    assert run() == []
    clock.advance(1)
    assert run() == [2]
    assert follow(db) == 0


def test_a_jump_is_seen_although_newer_work_was_added_after_it(db, clock, run):
    add(db, 1)
    clock.advance(-3600)
    add(db, 2)
    assert follow(db) == 3600
    assert sorted(run()) == [1, 2]


def test_schedules_tick_by_the_wall_also_after_it_was_set_back(db, clock, run):
    db.write(lambda tx: work.sync_schedules(tx, [HOURLY]))
    clock.advance(3600)
    assert run() == [1]
    clock.advance(-7200)
    assert follow(db) == 7200
    assert run() == []
    clock.advance(3600)
    assert run() == [1]


def test_a_clock_that_runs_on_or_is_corrected_by_a_second_changes_nothing(db, clock):
    add(db, 1, 60)
    clock.advance(3600)
    assert follow(db) == 0
    add(db, 2, 60)
    clock.advance(-1)
    assert follow(db) == 0

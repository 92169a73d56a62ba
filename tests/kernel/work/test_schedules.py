import pytest
from sqlalchemy import text

from towpath.kernel.errors import InvalidInput
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler, Schedule
from towpath.kernel.work.worker import Worker


@pytest.fixture
def run(db):
    """Do what is due; returns the numbers that the schedules' items carried."""
    done = []
    worker = Worker(db, [Handler(kind="a", run=lambda item: done.append(item.payload["n"]))])

    def run():
        done.clear()
        worker.run_until_idle()
        return list(done)

    return run


HOURLY = Schedule(name="tea", cron="0 * * * *", kind="a", payload={"n": 1})


def sync(db, *schedules):
    db.write(lambda tx: work.sync_schedules(tx, schedules))


def test_a_schedule_adds_its_item_at_each_time(db, clock, run):
    sync(db, HOURLY)
    assert run() == []
    clock.advance(3600)
    assert run() == [1]
    assert run() == []
    clock.advance(3600)
    assert run() == [1]


def test_times_missed_become_one(db, clock, run):
    sync(db, HOURLY)
    clock.advance(10 * 3600)
    assert run() == [1]
    clock.advance(3600)
    assert run() == [1]


def test_syncing_again_moves_nothing(db, clock, run):
    sync(db, HOURLY)
    clock.advance(1800)
    for _ in range(3):
        sync(db, HOURLY)
    clock.advance(1800)
    sync(db, HOURLY)
    assert run() == [1]


def test_a_changed_schedule_moves_and_a_missing_one_ends(db, clock, run):
    sync(db, HOURLY)
    sync(db, Schedule(name="tea", cron="*/10 * * * *", kind="a", payload={"n": 2}))
    clock.advance(600)
    assert run() == [2]
    sync(db)
    clock.advance(3600)
    assert run() == []


def test_a_schedule_that_ends_while_its_tick_is_due_adds_nothing(db, clock, run):
    sync(db, HOURLY)
    clock.advance(3600)
    db.write(lambda tx: tx.execute(text("DELETE FROM work_schedule")))
    assert run() == []


def test_a_schedule_that_cannot_fire_is_refused(db):
    with pytest.raises(InvalidInput, match="ever fires"):
        sync(db, Schedule(name="never", cron="0 0 31 2 *", kind="a"))


def test_an_item_still_waiting_is_not_added_twice_by_its_schedule(db, clock):
    sync(db, HOURLY)
    ticks_only = Worker(db, [])
    for _ in range(3):
        clock.advance(3600)
        ticks_only.run_until_idle()
    [lag] = [each for each in db.read(work.lag) if each.kind == "a"]
    assert lag.waiting == 1

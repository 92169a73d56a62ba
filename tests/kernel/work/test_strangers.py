import pytest

from towpath.kernel.work import service as work
from towpath.kernel.work import strangers
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker


@pytest.fixture
def release(db):
    """A process of a release that knows some kinds; calling it does all that is due."""

    def make(**known):
        done = []
        handlers = [
            Handler(kind=kind, version=version, run=lambda item: done.append(item.kind))
            for kind, version in known.items()
        ]
        worker = Worker(db, handlers)

        def run():
            db.write(lambda tx: work.add(tx, strangers.KIND, {}, key="now"))
            done.clear()
            worker.run_until_idle()
            return list(done)

        return run

    return make


def parked(db):
    return [(each.kind, each.error) for each in db.read(work.parked)]


def pass_patience(clock):
    clock.advance(strangers.PATIENCE_SECONDS + 60)  # and the lease of who died


def test_work_that_nobody_knows_is_parked_with_what_to_do(db, clock, release):
    db.write(lambda tx: work.add(tx, "old", {}))
    pass_patience(clock)
    assert release(new=1)() == []
    ((kind, error),) = parked(db)
    assert kind == "old"
    assert "Run the release that wrote it, or a newer one" in error


def test_a_layout_newer_than_we_read_is_parked_and_an_older_one_is_done(db, clock, release):
    db.write(lambda tx: work.add(tx, "a", {}, version=1))
    db.write(lambda tx: work.add(tx, "b", {}, version=3))
    pass_patience(clock)
    assert release(a=2, b=2)() == ["a"]
    assert [kind for kind, _ in parked(db)] == ["b"]


def test_who_knows_it_takes_it_up_again_without_a_person(db, clock, release):
    db.write(lambda tx: work.add(tx, "a", {}, version=2))
    pass_patience(clock)
    release(a=1)()
    assert parked(db)
    newer = release(a=2)
    assert newer() == ["a"]
    assert parked(db) == []


def test_a_newer_process_beside_us_gets_its_time(db, clock, release):
    db.write(lambda tx: work.add(tx, "a", {}, version=2))
    older = release(a=1)
    clock.advance(1)
    older()
    assert bool(parked(db)) is (db.dialect == "sqlite")  # there no other process can come


def test_what_is_not_due_yet_and_what_failed_by_itself_is_let_be(db, clock, release):
    def fail(item):
        raise strangers_error

    strangers_error = ValueError("by itself")
    failing = Worker(db, [Handler(kind="failing", run=fail, max_attempts=1)])
    db.write(lambda tx: work.add(tx, "failing", {}))
    failing.run_until_idle()
    db.write(lambda tx: work.add(tx, "later", {}, due=tx.now + 10**12))
    pass_patience(clock)
    assert release(failing=1)() == []
    ((kind, error),) = parked(db)
    assert (kind, "by itself" in error) == ("failing", True)


def test_what_a_dead_process_of_another_release_held_is_parked_too(db, clock, release):
    def die(item):
        raise KeyboardInterrupt

    db.write(lambda tx: work.add(tx, "theirs", {}))
    with pytest.raises(KeyboardInterrupt):
        Worker(db, [Handler(kind="theirs", run=die)]).run_until_idle()
    pass_patience(clock)
    release(ours=1)()
    assert [kind for kind, _ in parked(db)] == ["theirs"]


def test_what_another_lane_does_is_no_stranger(db, clock):
    """Two workers of one process, each with threads of its own: neither parks the other's."""
    done = []
    lanes = ("", "outside")
    handlers = [
        Handler(kind=f"work of {lane}", run=lambda item: done.append(item.kind), lane=lane)
        for lane in lanes
    ]
    workers = {lane: Worker(db, handlers, lane=lane) for lane in lanes}
    for handler in handlers:
        db.write(lambda tx, kind=handler.kind: work.add(tx, kind, {}))
    pass_patience(clock)
    db.write(lambda tx: work.add(tx, strangers.KIND, {}, key="now"))
    workers["outside"].run_until_idle()
    assert done == ["work of outside"]
    workers[""].run_until_idle()
    assert done == ["work of outside", "work of "]
    assert parked(db) == []

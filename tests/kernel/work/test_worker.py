import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from towpath.kernel.clock import after
from towpath.kernel.db.interface import Sql
from towpath.kernel.db.opening import open_database
from towpath.kernel.errors import PermanentError, TemporaryError, Unavailable
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker

STATES = text("SELECT payload, state FROM work_item ORDER BY id")


def add(db, n=0, kind="a", **options):
    return db.write(lambda tx: work.add(tx, kind, {"n": n}, **options))


def states(db):
    rows = db.read(lambda tx: tx.execute(STATES).all())
    return {int(payload.split(":")[1][:-1]): state for payload, state in rows}


@contextmanager
def working(db, *handlers, threads=2):
    worker = Worker(db, handlers, threads=threads)
    worker.start()
    try:
        yield worker
    finally:
        assert worker.stop(10)


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


class Gate:
    """A handler's body that stays until it is let go."""

    def __init__(self):
        self.entered, self.go = threading.Semaphore(0), threading.Event()

    def __call__(self, _):
        self.entered.release()
        assert self.go.wait(10)


class Spy:
    """A database that counts the transactions asked of it."""

    def __init__(self, db):
        self._db = db
        self.writes = 0
        self.fail_with = []

    def __getattr__(self, name):
        return getattr(self._db, name)

    def write(self, fn, *, isolation="serializable"):
        self.writes += 1
        if self.fail_with:
            raise self.fail_with.pop()
        return self._db.write(fn, isolation=isolation)


def test_a_started_worker_takes_new_work_at_once(db):
    starts = []
    with working(db, Handler(kind="a", run=lambda item: starts.append(time.monotonic()))):
        time.sleep(0.3)
        delays = []
        for count in range(1, 21):
            began = time.monotonic()
            add(db)
            wait_until(lambda count=count: len(starts) == count)
            delays.append(starts[-1] - began)
    assert sorted(delays)[len(delays) // 2] < 0.02


def test_idle_it_asks_the_database_for_nothing(db):
    spy = Spy(db)
    with working(spy, Handler(kind="a", run=lambda item: None)):
        add(db, 1)
        wait_until(lambda: states(db) == {1: "done"})
        time.sleep(0.2)
        before = spy.writes
        time.sleep(1.5)
        assert spy.writes == before


def test_it_wakes_for_an_item_that_becomes_due_later(stores, store, tmp_path):
    from towpath.kernel.clock import SystemClock

    url = stores.url(store, tmp_path)
    db = open_database(url, SystemClock())
    starts = []
    with working(db, Handler(kind="a", run=lambda item: starts.append(item.due))):
        time.sleep(0.3)
        began = time.monotonic()
        db.write(lambda tx: work.add(tx, "a", {}, due=after(tx.now, 0.5)))
        wait_until(lambda: starts)
        assert 0.45 < time.monotonic() - began < 1.5
    db.close()
    stores.drop(url)


@pytest.mark.postgres
def test_a_wake_crosses_from_one_process_to_another(stores, clock, tmp_path):
    url = stores.url("postgresql", tmp_path)
    here, there = open_database(url, clock), open_database(url, clock)
    seen = threading.Event()
    with working(there, Handler(kind="a", run=lambda item: seen.set())):
        time.sleep(0.5)
        add(here)
        assert seen.wait(2)
    here.close()
    there.close()
    stores.drop(url)


def test_an_effect_and_its_finish_are_one_transaction(db):
    db.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT)")))
    note = Sql("INSERT INTO note (body) VALUES (:body)")

    def do(tx, item):
        tx.direct(note, {"body": str(item.payload["n"])})
        if item.payload["n"] == 2:
            raise PermanentError("not this one")

    worker = Worker(db, [Handler.transactional("a", do)])
    for n in (1, 2, 3):
        add(db, n)
    assert worker.run_until_idle() == 3
    assert states(db) == {1: "done", 2: "parked", 3: "done"}
    bodies = db.read(lambda tx: tx.execute(text("SELECT body FROM note")).scalars().all())
    assert sorted(bodies) == ["1", "3"]


def test_an_effect_that_only_the_commit_refuses_fails_alone(db):
    """A deferred constraint is checked at commit, where no savepoint can help."""
    db.write(lambda tx: tx.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)")))
    deferred = (
        "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    db.write(lambda tx: tx.execute(text(deferred)))
    orphan = Sql("INSERT INTO child (id) VALUES (:n)")

    def do(tx, item):
        if item.payload["n"] == 2:
            tx.direct(orphan, {"n": 2})

    for n in (1, 2, 3):
        add(db, n)
    with working(db, Handler.transactional("a", do, max_attempts=1)):
        wait_until(lambda: set(states(db).values()) == {"done", "parked"})
    assert states(db) == {1: "done", 2: "parked", 3: "done"}


def test_an_error_tries_again_with_back_off_until_the_attempts_are_spent(db, clock):
    attempts = []

    def run(item):
        attempts.append(item.attempt)
        raise ValueError("again")

    worker = Worker(db, [Handler(kind="a", run=run, max_attempts=3)])
    add(db, 1)
    for _ in range(5):
        worker.run_until_idle()
        clock.advance(10)
    assert attempts == [1, 2, 3]
    [parked] = db.read(work.parked)
    assert parked.error == "ValueError: again"


def test_a_temporary_error_says_itself_when_to_come_back(db, clock):
    attempts = []

    def run(item):
        attempts.append(item.attempt)
        raise TemporaryError("busy", delay=100)

    worker = Worker(db, [Handler(kind="a", run=run)])
    add(db, 1)
    worker.run_until_idle()
    clock.advance(99)
    assert worker.run_until_idle() == 0
    clock.advance(1)
    assert worker.run_until_idle() == 1


def test_a_handler_that_tries_to_exit_costs_an_attempt_not_a_thread(db):
    def run(item):
        if item.payload["n"] == 1:
            raise SystemExit(3)

    with working(db, Handler(kind="a", run=run, max_attempts=1), threads=1):
        add(db, 1)
        add(db, 2)
        wait_until(lambda: states(db) == {1: "parked", 2: "done"})


def test_an_item_whose_workers_keep_dying_is_parked_unrun(db, clock):
    ran = []
    worker = Worker(db, [Handler(kind="a", run=ran.append, max_attempts=2)])
    add(db, 1)
    for _ in range(2):
        assert db.write(lambda tx: worker._look(tx, 10))
        clock.advance(60)
    worker.run_until_idle()
    assert ran == []
    [parked] = db.read(work.parked)
    assert "2 attempts ended without a word" in parked.error


def test_a_payload_newer_than_its_handler_waits_for_a_newer_process(db):
    seen = []
    add(db, 1, version=2)
    assert Worker(db, [Handler(kind="a", run=seen.append)]).run_until_idle() == 0
    newer = Handler(kind="a", run=lambda item: seen.append(item.version), version=2)
    assert Worker(db, [newer]).run_until_idle() == 1
    assert seen == [2]


def test_items_run_side_by_side_on_its_threads_and_no_more(db):
    gate = Gate()
    with working(db, Handler(kind="a", run=gate), threads=3):
        for n in range(5):
            add(db, n)
        for _ in range(3):
            assert gate.entered.acquire(timeout=5)
        assert not gate.entered.acquire(timeout=0.2)
        assert sorted(states(db).values()).count("running") == 3
        gate.go.set()
        wait_until(lambda: set(states(db).values()) == {"done"})


def test_items_of_one_order_never_run_side_by_side(db):
    running, most, done = [], [], []

    def run(item):
        running.append(1)
        most.append(len(running))
        time.sleep(0.002)
        done.append(item.payload["n"])
        running.pop()

    with working(db, Handler(kind="a", run=run), threads=4):
        for n in range(20):
            add(db, n, order="x")
        wait_until(lambda: len(done) == 20)
    assert done == list(range(20))
    assert max(most) == 1


def test_short_work_is_claimed_and_finished_in_batches(db):
    spy = Spy(db)
    db.write(
        lambda tx: work.add_many(tx, [work.New(kind="a", payload={"n": n}) for n in range(2000)])
    )
    with working(spy, Handler(kind="a", run=lambda item: None)):
        wait_until(lambda: set(states(db).values()) == {"done"}, 30)
    assert spy.writes < 500


def test_long_work_keeps_its_lease(db, clock):
    gate = Gate()
    handler = Handler(kind="a", run=gate, lease_seconds=0.3)
    with working(db, handler):
        add(db, 1)
        assert gate.entered.acquire(timeout=5)
        ready = text("SELECT ready FROM work_item")
        before = db.read(lambda tx: tx.scalar(ready))
        clock.advance(0.2)
        wait_until(lambda: db.read(lambda tx: tx.scalar(ready)) > before)
        gate.go.set()
        wait_until(lambda: states(db) == {1: "done"})


def test_a_worker_that_lost_its_lease_has_no_effect(db, clock):
    db.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT)")))
    note = Sql("INSERT INTO note (body) VALUES (:body)")

    def quick(item):
        return lambda tx: tx.direct(note, {"body": "quick"}) and None

    def slow(item):
        clock.advance(61)
        assert Worker(db, [Handler(kind="a", run=quick)]).run_until_idle() == 1
        return lambda tx: tx.direct(note, {"body": "slow"}) and None

    add(db, 1)
    assert Worker(db, [Handler(kind="a", run=slow)]).run_until_idle() == 1
    bodies = db.read(lambda tx: tx.execute(text("SELECT body FROM note")).scalars().all())
    assert bodies == ["quick"]
    assert states(db) == {1: "done"}


def test_stop_lets_what_runs_finish_and_gives_back_what_has_not_begun(db):
    worker = Worker(db, [Handler(kind="a", run=lambda item: None)], threads=1)
    gate = Gate()
    worker._handlers["a"] = Handler(kind="a", run=gate)
    worker._desk._run_seconds = worker._desk._settle_seconds = 0.001
    for n in range(3):
        add(db, n)
    worker.start()
    assert gate.entered.acquire(timeout=5)
    stopped = []
    stopper = threading.Thread(target=lambda: stopped.append(worker.stop(10)))
    stopper.start()
    time.sleep(0.1)
    gate.go.set()
    stopper.join()
    assert stopped == [True]
    assert states(db)[0] == "done"
    again = Worker(db, [Handler(kind="a", run=lambda item: None)])
    assert again.run_until_idle() == 2


def test_stop_says_when_something_still_runs(db):
    gate = Gate()
    worker = Worker(db, [Handler(kind="a", run=gate)])
    worker.start()
    add(db, 1)
    assert gate.entered.acquire(timeout=5)
    assert not worker.stop(0.1)
    gate.go.set()
    assert worker.stop(10)


def test_a_worker_never_started_stops_at_once(db):
    assert Worker(db, []).stop(1)


@pytest.mark.parametrize("error", [Unavailable("the disk is full"), RuntimeError("whatever")])
def test_when_the_database_fails_outcomes_are_kept_and_written_later(db, error, monkeypatch):
    monkeypatch.setattr("towpath.kernel.work.worker._PAUSE_AFTER_ERROR", 0.05)
    spy, gate, ran = Spy(db), Gate(), []

    def run(item):
        ran.append(item.payload["n"])
        gate(item)

    with working(spy, Handler(kind="a", run=run)):
        add(db, 1)
        assert gate.entered.acquire(timeout=5)
        spy.fail_with = [error]
        gate.go.set()
        wait_until(lambda: states(db) == {1: "done"})
    assert ran == [1]


class Told(threading.Event):
    """An event that says when somebody has begun to wait for it."""

    def __init__(self):
        super().__init__()
        self.begun = threading.Event()

    def wait(self, timeout=None):
        self.begun.set()
        return super().wait(timeout)


def test_a_stop_ends_the_pause_after_an_error_at_once(db, monkeypatch):
    """The pause would last for ever: only the stop can have ended it."""
    monkeypatch.setattr("towpath.kernel.work.worker._PAUSE_AFTER_ERROR", threading.TIMEOUT_MAX)
    spy = Spy(db)
    spy.fail_with = [RuntimeError("whatever")]
    worker = Worker(spy, [Handler(kind="a", run=lambda _: None)])
    worker._hurry = Told()
    worker.start()
    assert worker._hurry.begun.wait(60)
    assert worker.stop(60)


def test_two_handlers_of_one_kind_are_a_mistake(db):
    handler = Handler(kind="a", run=lambda item: None)
    with pytest.raises(ValueError, match="same kind"):
        Worker(db, [handler, handler])

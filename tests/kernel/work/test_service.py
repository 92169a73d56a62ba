import threading

import pytest
from sqlalchemy import text

from towpath.kernel.clock import after
from towpath.kernel.errors import InvalidInput, NotFound, PermanentError
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker


class Diary:
    """A worker whose handlers write down what they did."""

    def __init__(self, db, *kinds):
        self.done = []
        self.fail = set()
        self.worker = Worker(db, [Handler(kind=kind, run=self._run) for kind in kinds])

    def _run(self, item):
        self.done.append((item.kind, item.payload.get("n")))
        if item.payload.get("n") in self.fail:
            raise PermanentError("cannot ever")

    def run(self):
        self.done.clear()
        self.worker.run_until_idle()
        return [n for _, n in self.done]


@pytest.fixture
def diary(db):
    return Diary(db, "a", "b")


def add(db, n, kind="a", **options):
    return db.write(lambda tx: work.add(tx, kind, {"n": n}, **options))


def test_items_run_by_due_time_then_by_age(db, clock, diary):
    add(db, 1)
    add(db, 2, due=after(clock.now(), -5))
    add(db, 3)
    assert diary.run() == [2, 1, 3]


def test_an_item_waits_for_its_due_time(db, clock, diary):
    add(db, 1, due=after(clock.now(), 10))
    assert diary.run() == []
    clock.advance(10)
    assert diary.run() == [1]


def test_nothing_is_added_by_a_transaction_that_fails(db, diary):
    def fail(tx):
        work.add(tx, "a", {"n": 1})
        raise KeyError

    with pytest.raises(KeyError):
        db.write(fail)
    assert diary.run() == []


def test_a_key_is_unique_among_the_waiting_of_its_kind(db, diary):
    assert add(db, 1, key="k") is not None
    assert add(db, 2, key="k") is None
    assert add(db, 3, key="other") is not None
    assert add(db, 4, kind="b", key="k") is not None
    assert sorted(diary.run()) == [1, 3, 4]


def test_a_key_is_free_again_while_its_item_runs(db):
    ran = []

    def run(item):
        ran.append(item.payload["n"])
        if len(ran) == 1:
            assert add(db, 2, key="k") is not None

    add(db, 1, key="k")
    Worker(db, [Handler(kind="a", run=run)]).run_until_idle()
    assert ran == [1, 2]


def test_one_that_waits_for_later_is_pulled_forward_by_a_sooner_asker(db, clock, diary):
    add(db, 1, key="k", due=after(clock.now(), 60))
    assert add(db, 2, key="k", due=after(clock.now(), 10)) is None
    assert add(db, 3, key="k", due=after(clock.now(), 99)) is None
    clock.advance(10)
    assert diary.run() == [1]


def test_an_item_that_failed_and_waits_again_is_served_by_the_next_of_its_key(db, clock):
    seen = []

    def run(item):
        seen.append((item.payload["n"], item.attempt))
        if item.payload["n"] == 1:
            add(db, 2, key="k")
            raise ValueError

    add(db, 1, key="k")
    worker = Worker(db, [Handler(kind="a", run=run)])
    worker.run_until_idle()
    clock.advance(3600)
    worker.run_until_idle()
    assert seen == [(1, 1), (2, 2)]


def test_items_of_one_order_run_in_sequence_and_others_do_not_wait(db, clock, diary):
    add(db, 1, order="x", due=after(clock.now(), 10))
    add(db, 2, order="x")
    add(db, 3, order="y")
    assert diary.run() == [3]
    clock.advance(10)
    assert diary.run() == [1, 2]


def test_a_parked_item_holds_back_its_order_until_it_is_retried(db, diary):
    diary.fail = {1}
    add(db, 1, order="x")
    add(db, 2, order="x")
    assert diary.run() == [1]
    [parked] = db.read(work.parked)
    diary.fail = set()
    db.write(lambda tx: work.retry(tx, parked.id))
    assert diary.run() == [1, 2]


def test_many_are_added_at_once_in_their_order_and_each_key_once(db, clock, diary):
    new = [
        work.New(kind="a", payload={"n": 1}, order="x"),
        work.New(kind="a", payload={"n": 2}, key="k", order="x"),
        work.New(kind="a", payload={"n": 3}, key="k"),
        work.New(kind="a", payload={"n": 4}, due=after(clock.now(), 5)),
        work.New(kind="b", payload={"n": 5}, key="k", version=1),
    ]
    add(db, 6, key="k", kind="b")
    db.write(lambda tx: work.add_many(tx, new))
    db.write(lambda tx: work.add_many(tx, []))
    assert sorted(diary.run()) == [1, 2, 6]
    clock.advance(5)
    assert diary.run() == [4]


def test_what_waits_can_be_cancelled(db, diary):
    add(db, 1, key="k")
    assert db.write(lambda tx: work.cancel(tx, "a", "k"))
    assert not db.write(lambda tx: work.cancel(tx, "a", "k"))
    assert diary.run() == []


def test_the_list_of_parked_items_tells_what_a_person_needs(db, clock, diary):
    diary.fail = {1, 2}
    first = add(db, 1, key="k", order="x")
    second = add(db, 2)
    clock.advance(1)
    diary.run()
    [parked] = db.read(lambda tx: work.parked(tx, limit=1))
    assert (parked.id, parked.kind, parked.key, parked.order) == (first, "a", "k", "x")
    assert (parked.payload, parked.version, parked.attempt) == ({"n": 1}, 1, 1)
    assert parked.error == "PermanentError: cannot ever"
    assert parked.since - parked.created == 1_000_000
    [rest] = db.read(lambda tx: work.parked(tx, after=parked.id))
    assert rest.id == second


def test_a_retry_begins_to_count_anew(db, diary):
    diary.fail = {1}
    add(db, 1)
    diary.run()
    [parked] = db.read(work.parked)
    db.write(lambda tx: work.retry(tx, parked.id))
    assert diary.run() == [1]
    [parked] = db.read(work.parked)
    assert parked.attempt == 1


def test_a_retry_of_what_is_served_by_another_of_its_key_only_ends_it(db, diary):
    diary.fail = {1}
    add(db, 1, key="k")
    diary.run()
    add(db, 2, key="k")
    [parked] = db.read(work.parked)
    db.write(lambda tx: work.retry(tx, parked.id))
    assert diary.run() == [2]
    assert db.read(work.parked) == []


def test_a_retry_of_what_is_not_parked_is_not_found(db):
    waiting = add(db, 1)
    for item in (waiting, 999):
        with pytest.raises(NotFound, match="No parked work"):
            db.write(lambda tx, item=item: work.retry(tx, item))


def test_lag_counts_by_kind_and_tells_the_age_of_the_oldest_overdue(db, clock, diary):
    diary.fail = {1}
    add(db, 1)
    diary.run()
    add(db, 2)
    add(db, 3, due=after(clock.now(), 1000))
    add(db, 4, kind="b", due=after(clock.now(), 1000))
    clock.advance(30)
    assert db.read(work.lag) == [
        work.Lag(kind="a", waiting=2, running=0, parked=1, oldest_seconds=30.0),
        work.Lag(kind="b", waiting=1, running=0, parked=0, oldest_seconds=0.0),
    ]


def test_a_payload_that_no_store_keeps_is_refused(db):
    with pytest.raises(InvalidInput, match="NUL"):
        add(db, "a\0b")


def test_done_items_are_forgotten_after_a_while_others_never(db, clock, diary):
    diary.fail = {1}
    for n in range(3):
        add(db, n)
    diary.run()
    add(db, 9, due=after(clock.now(), 10**9))
    clock.advance(100)
    add(db, 4)
    diary.run()

    def left(tx):
        return tx.execute(text("SELECT payload FROM work_item ORDER BY id")).scalars().all()

    place = db.write(lambda tx: work.prune(tx, after(tx.now, -50)))
    assert db.write(lambda tx: work.prune(tx, after(tx.now, -50), place)) is None
    assert db.read(left) == ['{"n":1}', '{"n":9}', '{"n":4}']


@pytest.mark.postgres
@pytest.mark.parametrize("store", ["postgresql"])
def test_a_nudge_whose_transaction_is_open_keeps_the_item_from_starting(db, diary):
    """Else the item could start before the nudge's state is committed and not see it."""
    add(db, 1, key="k")
    seen = []

    def nudge(tx):
        assert work.add(tx, "a", {"n": 2}, key="k") is None
        other = threading.Thread(target=lambda: seen.extend(diary.run()))
        other.start()
        other.join()

    db.write(nudge)
    assert seen == []
    assert diary.run() == [1]


@pytest.mark.postgres
@pytest.mark.parametrize("store", ["postgresql"])
def test_ids_of_one_order_are_given_out_in_the_order_of_commits(db, diary):
    first_added, first_may_commit = threading.Event(), threading.Event()

    def first(tx):
        work.add(tx, "a", {"n": 1}, order="x")
        first_added.set()
        first_may_commit.wait(5)

    threads = [threading.Thread(target=lambda: db.write(first))]
    threads[0].start()
    first_added.wait(5)
    threads.append(threading.Thread(target=lambda: add(db, 2, order="x")))
    threads[1].start()
    threads[1].join(0.3)
    assert threads[1].is_alive()
    assert diary.run() == []
    first_may_commit.set()
    for thread in threads:
        thread.join()
    assert diary.run() == [1, 2]

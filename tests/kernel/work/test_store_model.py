"""The rows of work against a brute-force model, over random interleavings."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Sql
from towpath.kernel.work import store

LEASE = 60_000_000
SECOND = 1_000_000
KINDS = (("a", 1, LEASE),)
CLEAR = Sql("DELETE FROM work_item")


@dataclass
class Row:
    number: int
    key: str | None
    order: str | None
    due: int
    ready: int
    state: str = "waiting"
    attempt: int = 0
    fence: int = 0


class Model:
    """What store promises, as lists and loops."""

    def __init__(self):
        self.rows: list[Row] = []

    def waiting(self, key):
        return next((r for r in self.rows if r.state == "waiting" and key and r.key == key), None)

    def add(self, key, order, due):
        served = self.waiting(key)
        if served is not None:
            if due < served.ready:
                served.due = served.ready = due
            return False
        self.rows.append(Row(len(self.rows), key, order, due, due))
        return True

    def is_first(self, row):
        return row.order is None or not any(
            other.order == row.order and other.state != "done" and other.number < row.number
            for other in self.rows
        )

    def takeable(self):
        rows = [r for r in self.rows if r.state in {"waiting", "running"} and self.is_first(r)]
        return sorted(rows, key=lambda row: (row.ready, row.number))

    def claim(self, now, most):
        rows = [row for row in self.takeable() if row.ready <= now][:most]
        for row in rows:
            row.state, row.ready = "running", now + LEASE
            row.attempt, row.fence = row.attempt + 1, row.fence + 1
        return {(row.number, row.fence, row.attempt) for row in rows}

    def mine(self, number, fence):
        row = self.rows[number]
        return row if row.state == "running" and row.fence == fence else None

    def finish(self, number, fence):
        if row := self.mine(number, fence):
            row.state = "done"

    def fail(self, number, fence, ready):
        if row := self.mine(number, fence):
            served = self.waiting(row.key)
            if served is not None:
                served.attempt, row.state = row.attempt, "done"
            else:
                row.state, row.ready = "waiting", ready

    def park(self, number, fence):
        if row := self.mine(number, fence):
            row.state = "parked"

    def retry(self, now, number):
        row = self.rows[number]
        if row.state == "parked":
            row.state = "done" if self.waiting(row.key) else "waiting"
            row.due = row.ready = now
            row.attempt, row.fence = 0, row.fence + 1


KEYS = st.sampled_from(["k", None])
ORDERS = st.sampled_from([None, None, "x", "y"])
WHICH = st.integers(0, 7)
STEPS = st.one_of(
    st.tuples(st.just("add"), KEYS, ORDERS, st.sampled_from([0, 0, -5, 30])),
    st.tuples(st.just("claim"), st.integers(1, 4)),
    st.tuples(st.just("claim"), st.integers(1, 4)),
    st.tuples(st.just("finish"), WHICH),
    st.tuples(st.just("finish many"), st.sets(WHICH, min_size=2, max_size=4)),
    st.tuples(st.just("fail"), WHICH, st.sampled_from([0, 30])),
    st.tuples(st.just("park"), WHICH),
    st.tuples(st.just("retry"), WHICH),
    st.tuples(st.just("advance"), st.sampled_from([5, 30, 60])),
)


class Both:
    """The store and its model, given the same steps; they must answer the same."""

    def __init__(self, db, clock):
        self.db, self.clock = db, clock
        self.model = Model()
        self.numbers: dict[int, int] = {}
        self.ids: list[int] = []
        self.claims: list[tuple[int, int]] = []
        self.started: dict[str, list[int]] = {"x": [], "y": []}
        db.write(lambda tx: tx.direct(CLEAR) and None)

    def step(self, name, *values):
        getattr(self, name.replace(" ", "_"))(*values)

    def add(self, key, order, seconds):
        due = self.clock.now() + seconds * SECOND
        row = {"kind": "a", "payload": "{}", "version": 1, "key": key, "order": order, "due": due}
        item = self.db.write(lambda tx: store.add(tx, row))
        assert self.model.add(key, order, due) == (item is not None)
        if item is not None:
            self.numbers[item] = len(self.ids)
            self.ids.append(item)

    def claim(self, most):
        now = self.clock.now()
        rows, ahead = self.db.write(lambda tx: store.claim(tx, KINDS, most, 10**12))
        got = {(self.numbers[row.id], row.fence, row.attempt) for row in rows}
        assert got == self.model.claim(now, most)
        self.next_look_is_neither_late_nor_idle(now, ahead, {number for number, _, _ in got})
        self.claims += [(number, fence) for number, fence, _ in got]
        for number, _, _ in sorted(got):
            self.begins(number)

    def next_look_is_neither_late_nor_idle(self, now, ahead, taken):
        left = [row.ready - now for row in self.model.takeable() if row.number not in taken]
        if left:
            assert ahead is not None
            assert ahead <= min(left)
        assert ahead is None or ahead > 0 or min(left) <= 0

    def begins(self, number):
        order = self.model.rows[number].order
        if order and number not in self.started[order]:
            self.started[order].append(number)

    def held(self, which):
        """A claim of ours: usually a late one, sometimes one whose lease was lost long ago."""
        return self.claims[-1 - which % len(self.claims)] if self.claims else None

    def finish(self, which):
        self.finish_many({which})

    def finish_many(self, which):
        claims = list({held for each in which if (held := self.held(each))})
        if claims:
            rows = [(self.ids[number], fence) for number, fence in claims]
            self.db.write(lambda tx: store.finish_many(tx, rows))
            for number, fence in claims:
                self.model.finish(number, fence)

    def fail(self, which, seconds):
        if held := self.held(which):
            number, fence = held
            ready = Micros(self.clock.now() + seconds * SECOND)
            row = {"id": self.ids[number], "fence": fence, "kind": "a"}
            row["key"] = self.model.rows[number].key
            self.db.write(lambda tx: store.again(tx, row, ready, "failed"))
            self.model.fail(number, fence, ready)

    def park(self, which):
        if held := self.held(which):
            self.db.write(lambda tx: store.park(tx, self.ids[held[0]], held[1], "parked"))
            self.model.park(*held)

    def retry(self, which):
        if self.ids:
            number = which % len(self.ids)
            self.db.write(lambda tx: store.retry(tx, self.ids[number]))
            self.model.retry(self.clock.now(), number)

    def advance(self, seconds):
        self.clock.advance(seconds)


def check(db, clock, steps):
    both = Both(db, clock)
    for step in steps:
        both.step(*step)
    for numbers in both.started.values():
        assert numbers == sorted(numbers), "an order was not kept"


RELAXED = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300
)


@pytest.mark.parametrize("store", ["sqlite"])
@RELAXED
@given(steps=st.lists(STEPS, min_size=5, max_size=50))
def test_sqlite_does_what_the_model_does(db, clock, steps):
    check(db, clock, steps)


@pytest.mark.postgres
@pytest.mark.parametrize("store", ["postgresql"])
@settings(RELAXED, max_examples=60)
@given(steps=st.lists(STEPS, min_size=5, max_size=50))
def test_postgresql_does_what_the_model_does(db, clock, steps):
    check(db, clock, steps)

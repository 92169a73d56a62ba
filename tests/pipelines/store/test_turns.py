"""The rows of concurrency groups, on both stores."""

import pytest

from towpath.pipelines.model.workflow import Concurrency
from towpath.pipelines.store import turns
from towpath.pipelines.store.turns import Place


@pytest.fixture
def db(make_kernel, store):
    return make_kernel(store).db


def test_they_are_in_the_order_in_which_they_came_in_any_case(db):
    def come(tx):
        turns.ask(tx, "r", "one", Concurrency("Main"))
        turns.ask(tx, "r", "two", Concurrency("main", queue="max"), ["run", "job"])
        turns.ask(tx, "other", "three", Concurrency("main", cancel_in_progress=True))
        turns.hold(tx, "one")

    db.write(come)
    one, two = db.read(lambda tx: turns.tickets(tx, Place("r", "main")))
    assert (one.holder, one.holding, two.holding) == ("one", True, False)
    assert (two.queue, two.within) == ("max", {"run", "job"})
    (three,) = db.read(lambda tx: turns.tickets(tx, Place("other", "main")))
    assert three.cancels
    db.write(lambda tx: turns.leave(tx, "one"))
    db.write(lambda tx: turns.leave(tx, "nobody"))
    assert [each.holder for each in db.read(lambda tx: turns.tickets(tx, Place("r", "main")))] == [
        "two"
    ]

"""Rows of the gate, on both stores."""

from towpath.gate import store
from towpath.gate.model.queue import (
    Admit,
    Candidate,
    Change,
    Conflict,
    Land,
    Queue,
    Refused,
    Said,
)
from towpath.gate.store import Place
from towpath.kernel.clock import SECOND

HERE, THERE = Place("repo_1", "main"), Place("repo_1", "old")
FULL = Change(
    number=3,
    state="queued",
    head="h",
    position=4,
    since=5,
    clean=True,
    candidate=Candidate(base="m", head="h", sha="c", suite="suite_1", started=6),
    conflict=Conflict(tip="m", onto="c", files=("ä", "b"), by=2),
    tries=2,
    troubles=1,
    hold="bob",
    left="held",
    refused=Refused(why="red", onto="m", files=("f",), summary="no", run="run_1"),
    landed="c",
    said=Said(head="h", state="pending", words="…"),
)


def save(db, place, *changes, before=()):
    return db.write(
        lambda tx: store.save(
            tx,
            place,
            Queue(branch=place.branch, changes=before),
            Queue(branch=place.branch, changes=changes),
        )
    )


def load(db, place):
    return db.read(lambda tx: store.load(tx, place))


def test_a_change_comes_back_as_it_was(db):
    assert save(db, HERE, FULL)
    assert load(db, HERE) == Queue(branch="main", changes=(FULL,))
    assert load(db, THERE) == Queue(branch="old")


def test_only_what_differs_is_written(db):
    save(db, HERE, FULL)
    assert not save(db, HERE, FULL, before=(FULL,))
    assert save(db, HERE, FULL, Change(number=1), before=(FULL,))
    assert [change.number for change in load(db, HERE).changes] == [1, 3]


def test_of_those_that_landed_the_last_fifty_are_loaded(db):
    landed = [Change(number=n, state="landed", ended=n) for n in range(1, 61)]
    save(db, HERE, *landed, Change(number=99, state="refused"))
    assert [change.number for change in load(db, HERE).changes] == [*range(11, 61), 99]


def test_queues_are_found_by_suite_by_branch_and_by_who_is_in_them(db):
    save(db, HERE, FULL)
    save(db, THERE, Change(number=4))
    assert db.read(lambda tx: store.waiting_for(tx, "suite_1")) == [HERE]
    assert db.read(lambda tx: store.branches(tx, "repo_1")) == ["main", "old"]
    assert db.read(store.busy) == [HERE]


def test_a_suite_is_waited_for_only_while_its_request_is_in_line(db):
    save(db, HERE, Change(number=3, state="landed", candidate=FULL.candidate))
    assert db.read(lambda tx: store.waiting_for(tx, "suite_1")) == []


def test_decisions_are_kept_in_order_with_where_the_branch_stood(db):
    made = [
        Admit(number=3, head="h", position=1),
        Admit(number=4, head="i", position=2),
        Land(number=3, base="m", sha="c"),
    ]
    db.write(lambda tx: store.add_decisions(tx, HERE, "m", made))
    told = db.read(lambda tx: store.decisions(tx, "repo_1", 3, 10))
    assert [(row["do"], row["tip"]) for row in told] == [("Admit", "m"), ("Land", "m")]
    assert told[1]["sha"] == "c"
    (last,) = db.read(lambda tx: store.decisions(tx, "repo_1", 3, 1))
    assert last["do"] == "Land"


def test_old_decisions_are_forgotten_a_piece_at_a_time(kernel, clock):
    made = [Admit(number=3, head="h", position=1)] * 3
    kernel.db.write(lambda tx: store.add_decisions(tx, HERE, "m", made))
    clock.advance(100)
    before = clock.now() - SECOND
    kernel.db.write(lambda tx: store.add_decisions(tx, HERE, "m", made[:1]))
    place = kernel.db.write(lambda tx: store.forget_decisions(tx, before, None))
    assert place is not None
    assert kernel.db.write(lambda tx: store.forget_decisions(tx, before, place)) is None
    assert len(kernel.db.read(lambda tx: store.decisions(tx, "repo_1", 3, 10))) == 1


def test_what_nobody_touched_is_listed_but_never_what_is_in_line(kernel, clock):
    save(kernel.db, HERE, FULL, Change(number=4), Change(number=5, state="landed"))
    clock.advance(100)
    before = clock.now()
    save(kernel.db, HERE, Change(number=6))
    found = kernel.db.read(lambda tx: store.old(tx, before, ("", "", 0)))
    assert found == [(HERE, 4, "watched"), (HERE, 5, "landed")]
    assert kernel.db.read(lambda tx: store.old(tx, before, ("repo_1", "main", 5))) == []
    kernel.db.write(lambda tx: store.drop(tx, HERE, 4))
    assert [change.number for change in load(kernel.db, HERE).changes] == [3, 5, 6]

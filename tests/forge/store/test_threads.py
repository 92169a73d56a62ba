"""Rows of discussions, on both stores."""

import pytest

from towpath.forge.model.threads import Anchor, Remark, Thread
from towpath.forge.store import threads
from towpath.kernel.errors import NotFound

ANCHOR = Anchor(path="a b/c", side="new", line=3, commit="a" * 40)


def remark(number):
    return Remark(id=f"remark_{number}", author="alice", body=f"word {number}", at=number)


def begun(name, number):
    return Thread(id=name, anchor=ANCHOR, remarks=(remark(number),), resolved_by=None)


def test_threads_come_back_with_their_remarks_in_order(db):
    def write(tx):
        threads.add_thread(tx, "repo", 1, begun("thread_1", 1))
        threads.add_thread(tx, "repo", 1, begun("thread_2", 2))
        threads.add_thread(tx, "repo", 2, begun("thread_3", 3))
        threads.add_remark(tx, "thread_1", remark(4))
        threads.resolve(tx, "thread_2", "bob")

    db.write(write)
    one, two = db.read(lambda tx: threads.threads(tx, "repo", 1))
    assert (one.anchor, one.remarks) == (ANCHOR, (remark(1), remark(4)))
    assert (one.resolved_by, two.resolved_by) == (None, "bob")


def test_a_thread_is_found_only_on_its_own_request(db):
    db.write(lambda tx: threads.add_thread(tx, "repo", 1, begun("thread_1", 1)))
    assert db.read(lambda tx: threads.thread(tx, "repo", 1, "thread_1")).id == "thread_1"
    for repository, number in (("repo", 2), ("other", 1)):
        with pytest.raises(NotFound):
            db.read(lambda tx, r=repository, n=number: threads.thread(tx, r, n, "thread_1"))


def test_what_was_settled_may_be_taken_up_again(db):
    db.write(lambda tx: threads.add_thread(tx, "repo", 1, begun("thread_1", 1)))
    for by in ("bob", None):
        db.write(lambda tx, by=by: threads.resolve(tx, "thread_1", by))
        assert db.read(lambda tx: threads.thread(tx, "repo", 1, "thread_1")).resolved_by == by

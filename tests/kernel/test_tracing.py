"""Spans and where they go, with a collector that keeps them in memory."""

import timeit
from dataclasses import dataclass

import pytest

from towpath.kernel import outbox, tracing
from towpath.kernel.outbox import Reaction, fact
from towpath.kernel.settings import Settings
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@fact("tests.boat_seen", version=1, subject="boat")
@dataclass(frozen=True)
class BoatSeen:
    boat: str


def test_without_a_collector_nothing_is_begun_and_nothing_costs():
    tracing.configure(Settings(), "server")
    assert tracing.begin("a", PARENT, root=True) is None
    assert tracing.point("a", PARENT, {}) == ""
    seconds = min(timeit.repeat(lambda: tracing.begin("a", PARENT), number=10_000, repeat=5))
    assert seconds / 10_000 < 20e-6  # 0.2 µs on an idle machine


@pytest.mark.parametrize(
    "parent",
    ["", "00", "ff-" + PARENT[3:], PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
     PARENT.replace("b7ad6b7169203331", "0" * 16), PARENT.upper(), PARENT + "-x", "é" * 55],
)  # fmt: skip
def test_a_parent_that_is_not_valid_is_none(spans, parent):
    assert tracing.begin("a", parent) is None
    rooted = tracing.begin("a", parent, root=True)
    assert rooted.trace_id not in PARENT


def test_a_child_follows_its_parent_and_is_what_its_block_runs_in(spans):
    with tracing.child("outer", PARENT) as outer, tracing.child("inner"):
        assert tracing.current().startswith(outer.trace[:35])
    assert tracing.current() == ""
    inner, told = spans()
    assert (inner.name, inner.parent.span_id) == ("inner", told.context.span_id)
    assert f"{told.context.trace_id:032x}" == PARENT[3:35]


def test_an_error_is_told_by_its_kind_alone(spans):
    with pytest.raises(ValueError, match="secret"), tracing.child("a", PARENT):
        raise ValueError("secret")
    [told] = spans()
    assert told.status.description == "ValueError"
    assert "secret" not in told.to_json()


def test_a_caller_that_keeps_nothing_is_followed(spans):
    with tracing.child("a", PARENT[:-2] + "00") as quiet:
        assert quiet.trace.endswith("-00")
    assert spans() == ()


def test_one_trace_leads_from_a_write_over_a_fact_to_the_work_that_it_causes(spans, db, clock):
    """Also when the work is tried twice, and the row is claimed in another thread."""
    seen = []

    def react(tx, delivered):
        work.add(tx, "mend", {})

    def mend(item):
        seen.append(tracing.current())
        if item.attempt == 1:
            raise RuntimeError("not yet")

    reaction = Reaction("tests.mend", BoatSeen, react)
    worker = Worker(db, [Handler(kind="mend", run=mend), *outbox.handlers([reaction])])
    db.write(lambda tx: outbox.subscribe(tx, [reaction]))
    with tracing.child("request", PARENT):
        db.write(lambda tx: outbox.announce(tx, BoatSeen("Sara")))
        db.submit(lambda tx: work.add(tx, "mend", {}, key="other")).result()
    worker.run_until_idle()
    clock.advance(5)
    worker.run_until_idle()
    told = spans()
    assert {f"{each.context.trace_id:032x}" for each in told} == {PARENT[3:35]}
    names = sorted(each.name for each in told)
    assert names == [
        "announce tests.boat_seen", "db.write", "db.write", "request",
        "work fact:tests.mend", "work mend", "work mend", "work mend", "work mend",
    ]  # fmt: skip
    by_id = {each.context.span_id: each.name for each in told}
    parents = {each.name: by_id.get(each.parent.span_id) for each in told}
    assert parents["work fact:tests.mend"] == "announce tests.boat_seen"
    assert parents["announce tests.boat_seen"] == "db.write"
    assert parents["db.write"] == "request"
    assert all(trace.startswith(PARENT[:35]) for trace in seen)

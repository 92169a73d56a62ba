"""What lands is exactly what was tested: over random worlds, people and crashes."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.gate.model.simulation import Simulation, newest
from towpath.gate.model.apply import (
    put,
    retry,
)

number = st.integers(1, 12)
chance = st.integers(0, 9)


class WhatLandsIsWhatWasTested(RuleBasedStateMachine):
    """People, pipelines, strangers and dying workers in any order."""

    def __init__(self):
        super().__init__()
        self.world = Simulation()
        self.workers = [None, None]

    def known(self, drawn):
        numbers = sorted(self.world.requests)
        return numbers[drawn % len(numbers)] if numbers else None

    @rule(bad=chance, pair=number, clash=number, luck=chance, base=st.integers(0, 30))
    @precondition(lambda self: len(self.world.requests) < 12)
    def somebody_opens_a_request(self, bad, pair, clash, luck, base):
        world = self.world
        n = world.open(world.tips[-1 - base % len(world.tips)])
        name = f"{n}.1"
        if bad == 0:
            world.truth.bad.add(name)
        if bad == 1:
            world.truth.absent.add(name)
        if luck in {1, 2} and pair < n:
            world.truth.bad_pairs.add(frozenset((name, f"{pair}.1")))
        if luck in {3, 4} and clash < n:
            world.truth.clashes.add(frozenset((name, f"{clash}.1")))
        if luck > 4:
            world.approve(n)

    @rule(n=number)
    @precondition(lambda self: self.world.requests)
    def bob_approves(self, n):
        self.world.approve(self.known(n))

    @rule(n=number)
    @precondition(lambda self: self.world.requests)
    def carol_asks_for_changes(self, n):
        self.world.change(self.known(n), objections=("carol",))

    @rule(n=number, bad=chance, approved=st.booleans())
    @precondition(lambda self: self.world.requests)
    def alice_pushes_more(self, n, bad, approved):
        n = self.known(n)
        if self.world.requests[n].state == "open":
            self.world.push_head(n)
            if bad == 0:
                content = newest(self.world.commits[self.world.requests[n].head].content)
                self.world.truth.bad.update(c for c in content if c.startswith(f"{n}."))
            if approved:
                self.world.approve(n)

    @rule(n=number, who=st.sampled_from([None, "dora"]))
    @precondition(lambda self: self.world.requests)
    def somebody_says_wait(self, n, who):
        self.world.set_hold(self.known(n), who)

    @rule(n=number)
    @precondition(lambda self: self.world.requests)
    def somebody_closes_or_reopens(self, n):
        n = self.known(n)
        turned = {"open": "closed", "closed": "open", "merged": "merged"}
        self.world.change(n, state=turned[self.world.requests[n].state])

    @rule(n=number)
    @precondition(lambda self: self.world.requests)
    def somebody_says_retry(self, n):
        change = self.world.queue.change(self.known(n))
        if change and change.state == "refused":
            self.world.queue = put(self.world.queue, retry(change))

    @rule()
    def somebody_else_moves_main(self):
        self.world.push_outside()

    @rule(which=st.integers(0, 5))
    @precondition(lambda self: self.world.running())
    def a_suite_ends(self, which):
        running = self.world.running()
        self.world.judge(running[which % len(running)])

    @rule(which=st.integers(0, 5))
    @precondition(lambda self: self.world.running())
    def a_suite_is_stopped(self, which):
        running = self.world.running()
        self.world.stop(running[which % len(running)])

    @rule()
    @precondition(lambda self: self.world.running())
    def all_suites_end(self):
        for key in self.world.running():
            self.world.judge(key)

    @rule(who=st.integers(0, 1), steps=st.integers(1, 30))
    def a_worker_takes_steps(self, who, steps):
        """Two workers at once: one of them lost its lease and does not know it."""
        for _ in range(steps):
            if self.workers[who] is None:
                self.workers[who] = self.world.work()
            if next(self.workers[who], "ended") == "ended":
                self.workers[who] = None
                return

    @rule(who=st.integers(0, 1))
    def a_worker_dies(self, who):
        self.workers[who] = None

    @invariant()
    def main_holds_only_tested_or_foreign_commits(self):
        world = self.world
        at = world.tip
        while at != "root":
            assert at in world.green or at in world.outside
            at = world.commits[at].parents[0]

    @invariant()
    def nothing_landed_twice(self):
        shas = [sha for _, sha in self.world.landed_by_us]
        assert len(shas) == len(set(shas))

    def teardown(self):
        world = self.world
        self.workers = [None, None]
        world.run_out()
        for n, request in world.requests.items():
            change = world.queue.change(n)
            ready = request.state == "open" and request.approvals and not request.objections
            if ready and change.hold is None:
                assert change.state == "refused", change
                assert change.head == request.head
            assert change is None or not change.in_queue
        announced = [n for what, n in world.announced if what == "landed"]
        assert {n for n, _ in world.landed_by_us} >= set(announced)


TestWhatLandsIsWhatWasTested = WhatLandsIsWhatWasTested.TestCase
TestWhatLandsIsWhatWasTested.settings = settings(
    max_examples=150,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def guilt(draw):
    count = draw(st.integers(1, 7))
    pairs = st.frozensets(st.integers(1, count), min_size=2, max_size=2)
    some = st.sets(pairs, max_size=3) if count > 1 else st.just(set())
    return count, draw(st.sets(st.integers(1, count), max_size=2)), draw(some), draw(some)


@given(guilt=guilt(), window=st.integers(1, 5), seed=st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_the_queue_decides_as_if_one_were_tested_after_the_other(guilt, window, seed):
    count, bad, pairs, clashes = guilt
    world = Simulation(window)
    for n in range(1, count + 1):
        world.open("root")
        world.approve(n)
    world.truth.bad = {f"{n}.1" for n in bad}
    world.truth.bad_pairs = {frozenset(f"{n}.1" for n in pair) for pair in pairs}
    world.truth.clashes = {frozenset(f"{n}.1" for n in pair) for pair in clashes}
    expected = one_after_the_other(world, count)
    race(world, random.Random(seed))
    assert {n: outcome(world, n) for n in expected} == expected


def one_after_the_other(world, count):
    """The oracle: no chain, no window, no crash."""
    tip, outcomes = "root", {}
    for n in range(1, count + 1):
        merged = world.merge(tip, world.requests[n].head)
        if merged is None:
            outcomes[n] = "conflict"
        elif world.truth.verdict(world.commits[merged].content) == "success":
            outcomes[n], tip = "landed", merged
        else:
            outcomes[n] = "red"
    return outcomes


def race(world, choices):
    """Suites end in any order, and the worker dies every now and then."""
    worker = world.work()
    for _ in range(2000):
        running = world.running()
        if running and choices.random() < 0.1:
            world.judge(choices.choice(running))
        if choices.random() < 0.1 or next(worker, "ended") == "ended":
            worker = world.work()
    world.run_out()


def outcome(world, n):
    change = world.queue.change(n)
    return change.refused.why if change.state == "refused" else change.state

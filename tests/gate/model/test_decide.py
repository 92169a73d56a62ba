"""The rules of the queue, one scene each: rows and a world in, actions out."""

from dataclasses import replace

import pytest

from towpath.gate.model.decide import PATIENCE, decide, obstacle
from towpath.gate.model.queue import (
    Admit,
    CancelSuite,
    Candidate,
    Change,
    Conflict,
    DropRef,
    Fault,
    Land,
    Landed,
    Leave,
    MakeCandidate,
    Probe,
    Queue,
    Refuse,
    Request,
    Requeue,
    Say,
    StartSuite,
    Suite,
    World,
)


def request(number, **rest):
    given = {"author": "alice", "head": f"h{number}", "target": "main", "approvals": ("bob",)}
    return Request(number=number, **{**given, "approved": number, **rest})


def queued(number, base=None, **rest):
    """A request in line; with a base, its candidate is "c<number>" under suite "s<number>"."""
    made = base and Candidate(base=base, head=f"h{number}", sha=f"c{number}", suite=f"s{number}")
    given = {"state": "queued", "head": f"h{number}", "position": number, "candidate": made}
    return Change(number=number, **{**given, "clean": bool(base), "since": 1, **rest})


def scene(*changes, tip="m", window=4, requests=None, **suites):
    """What is decided, without the words: suites are given as s1="success"."""
    known = {c.number: request(c.number) for c in changes} | (requests or {})
    refs = {c.number: c.candidate.sha for c in changes if c.candidate}
    world = World(
        tip=tip,
        requests=known,
        refs=refs,
        suites={name: Suite(conclusion=end) for name, end in suites.items()},
    )
    actions = decide(Queue(branch="main", changes=changes, window=window), world)
    return [action for action in actions if not isinstance(action, Say)]


def kinds(actions):
    return [(type(action).__name__, action.number) for action in actions]


def test_the_approved_enter_in_the_order_of_their_approvals():
    requests = {1: request(1, approved=9), 2: request(2, approved=3)}
    assert scene(Change(number=1), Change(number=2), requests=requests) == [
        Admit(number=2, head="h2", position=1),
        Admit(number=1, head="h1", position=2),
    ]


@pytest.mark.parametrize(
    ("change", "world", "why"),
    [
        ({}, {"state": "closed"}, "closed"),
        ({}, {"state": "merged"}, "merged"),
        ({}, {"target": "old"}, "retargeted"),
        ({"hold": "bob"}, {}, "held"),
        ({}, {"objections": ("carol",)}, "changes_requested"),
        ({}, {"approvals": ()}, "not_approved"),
    ],
)
def test_whatever_stands_in_the_way_keeps_it_out_and_takes_it_out(change, world, why):
    there = {1: request(1, **world)}
    assert scene(Change(number=1, **change), requests=there) == []
    actions = scene(queued(1, "m", **change), requests=there, s1=None)
    assert [type(action) for action in actions] == [Leave, CancelSuite]
    assert actions[0].why == why


def test_a_head_that_moved_takes_it_out_even_when_it_is_approved_again():
    (left,) = scene(queued(1), requests={1: request(1, head="new")})
    assert left.why == "head_moved"


def test_a_request_nobody_knows_any_more_leaves():
    assert kinds(decide(Queue(branch="main", changes=(queued(1),)), World(tip="m"))) == [
        ("Leave", 1)
    ]


def test_a_refused_head_stays_out_until_it_changes():
    refused = Change(number=1, state="refused", head="h1")
    assert scene(refused) == []
    assert kinds(scene(refused, requests={1: request(1, head="h2")})) == [("Admit", 1)]


def test_the_first_is_merged_onto_the_tip_and_those_behind_are_probed():
    (make, probe) = scene(queued(1), queued(2))
    assert isinstance(make, MakeCandidate)
    assert (make.onto, make.ahead) == ("m", ((None, "m"),))
    assert probe == Probe(number=2, head="h2", onto="m")


def test_the_next_is_merged_onto_the_candidate_ahead():
    (make,) = scene(queued(1, "m"), queued(2, clean=True), s1=None)
    assert (make.number, make.onto, make.ahead) == (2, "c1", ((None, "m"), (1, "c1")))


def test_a_suite_starts_only_when_the_candidate_can_be_fetched():
    untested = queued(1, candidate=Candidate(base="m", head="h1", sha="c1"), tries=2)
    assert scene(untested) == [StartSuite(number=1, sha="c1", attempt=3)]
    world = World(tip="m", requests={1: request(1)})
    made = decide(Queue(branch="main", changes=(untested,)), world)
    assert isinstance(made[0], MakeCandidate)


def test_the_first_green_one_lands_while_its_base_is_the_tip():
    assert scene(queued(1, "m"), queued(2, "c1"), s1="success", s2="success") == [
        Land(number=1, base="m", sha="c1")
    ]


def test_a_green_one_whose_base_is_not_the_tip_is_tested_again():
    assert kinds(scene(queued(1, "old"), s1="success")) == [("Requeue", 1)]


def test_what_git_shows_as_landed_has_landed_whatever_else_is_true():
    world = World(tip="c1", landed=frozenset({"c1"}), requests={1: request(1, state="merged")})
    queue = Queue(branch="main", changes=(queued(1, "m", hold="bob"),))
    assert decide(queue, world) == [Landed(number=1, sha="c1")]


def test_what_the_forge_saw_landing_has_landed_even_if_we_looked_at_git_before():
    world = World(tip="m", requests={1: request(1, state="merged", merged_as="c1")})
    queue = Queue(branch="main", changes=(queued(1, "m"),))
    assert decide(queue, world) == [Landed(number=1, sha="c1")]


def test_a_red_one_on_the_tip_is_refused_and_what_stood_on_it_is_void():
    (refuse, *rest) = scene(queued(1, "m"), queued(2, "c1"), s1="failure", s2=None)
    assert kinds(rest) == [("Requeue", 2), ("CancelSuite", 2)]
    assert isinstance(refuse, Refuse)
    assert (refuse.number, refuse.refused.why, refuse.refused.onto) == (1, "red", "m")


def test_a_red_one_behind_another_waits_and_the_next_is_built_without_it():
    actions = scene(queued(1, "m"), queued(2, "c1"), queued(3), s1=None, s2="failure")
    assert kinds(actions) == [("MakeCandidate", 3)]
    assert actions[0].onto == "c1"


def test_when_one_ahead_goes_all_that_stood_on_it_is_void_and_its_suites_stop():
    actions = scene(queued(2, "c1"), queued(3, "c2"), s2=None, s3=None)
    assert kinds(actions) == [
        ("Requeue", 2),
        ("CancelSuite", 2),
        ("Requeue", 3),
        ("CancelSuite", 3),
    ]


def test_a_candidate_whose_base_is_the_same_as_before_is_kept():
    assert scene(queued(1, "m"), queued(3, "c1"), s1=None, s3="success") == []


def test_only_the_window_is_tested():
    changes = [queued(1, "m"), queued(2, "c1"), queued(3, clean=True)]
    assert scene(*changes, window=2, s1=None, s2=None) == []
    pushed_out = [*changes[:2], queued(3, "c2")]
    assert kinds(scene(*pushed_out, window=2, s1=None, s2=None, s3=None)) == [
        ("Requeue", 3),
        ("CancelSuite", 3),
    ]


def test_a_conflict_with_the_tip_is_refused_wherever_it_stands():
    clash = Conflict(tip="m", onto="m", files=("a", "b"))
    (refuse,) = scene(queued(1), queued(2, conflict=clash))
    assert (refuse.number, refuse.refused.why, refuse.refused.files) == (2, "conflict", ("a", "b"))


def test_a_conflict_with_one_ahead_waits_and_takes_no_place_in_the_window():
    clash = Conflict(tip="m", onto="c1", files=("a",), by=1)
    changes = [queued(1, "m"), queued(2, conflict=clash, clean=True), queued(3, clean=True)]
    actions = scene(*changes, window=2, s1=None)
    assert kinds(actions) == [("MakeCandidate", 3)]
    assert actions[0].onto == "c1"


def test_a_merge_that_git_could_not_end_is_tried_again_and_refused_at_last_on_the_tip():
    failed = Fault(onto="m", times=PATIENCE - 1, why="slow")
    assert kinds(scene(queued(1, fault=failed))) == [("MakeCandidate", 1)]
    (refuse,) = scene(queued(1, fault=replace(failed, times=PATIENCE)))
    assert (refuse.refused.why, refuse.refused.summary) == ("fault", "slow")


def test_a_merge_that_git_could_not_end_on_one_ahead_waits_until_that_is_judged():
    failed = Fault(onto="c1", times=PATIENCE, why="slow")
    changes = (queued(1, "m"), queued(2, fault=failed), queued(3))
    assert kinds(scene(*changes, s1=None)) == [("MakeCandidate", 3)]
    landed = (queued(2, fault=failed), queued(3))
    assert kinds(scene(*landed, tip="c1")) == [("Refuse", 2)]


def test_a_conflict_is_looked_at_again_when_its_base_has_changed():
    clash = Conflict(tip="m", onto="c1", files=("a",), by=1)
    assert kinds(scene(queued(2, conflict=clash, clean=True), tip="m2")) == [("MakeCandidate", 2)]


@pytest.mark.parametrize("gone", [{"s1": "cancelled"}, {}])
def test_a_suite_that_ended_without_a_verdict_is_started_again(gone):
    assert scene(queued(1, "m"), **gone) == [Requeue(number=1, why="trouble")]


def test_after_three_troubles_it_is_refused_without_blame():
    (refuse,) = scene(queued(1, "m", troubles=PATIENCE - 1), s1="cancelled")
    assert refuse.refused.why == "cancelled"


@pytest.mark.parametrize("why", ["absent", "invalid"])
def test_without_a_usable_workflow_it_is_refused(why):
    (refuse,) = scene(queued(1, "m"), s1=why)
    assert refuse.refused.why == why


def test_without_a_target_branch_nothing_is_built_and_nobody_is_judged():
    assert scene(queued(1, "m"), Change(number=2), tip=None, s1="failure") == []


def test_refs_of_those_that_are_out_are_dropped_but_not_of_the_refused_that_are_open():
    changes = (
        Change(number=1, state="landed", head="h1"),
        Change(number=2, state="refused", head="h2"),
        Change(number=3, state="refused", head="h3"),
    )
    refs = {1: "c1", 2: "c2", 3: "c3", 4: "c4"}
    world = World(tip="m", refs=refs, requests={3: request(3)})
    actions = decide(Queue(branch="main", changes=changes), world)
    assert [action for action in actions if not isinstance(action, Say)] == [
        DropRef(number=1, sha="c1"),
        DropRef(number=2, sha="c2"),
    ]


def test_a_word_is_said_once():
    world = World(tip="m", requests={1: request(1, approvals=())})
    queue = Queue(branch="main", changes=(Change(number=1),))
    (say,) = decide(queue, world)
    heard = Queue(branch="main", changes=(Change(number=1, said=say.said),))
    assert decide(heard, world) == []


def test_the_first_obstacle_is_named_with_who_stands_behind_it():
    asked = request(1, objections=("carol", "dan"))
    assert obstacle(Change(number=1), asked, "main") == ("changes_requested", "carol, dan")
    assert obstacle(Change(number=1, hold="bob"), asked, "main") == ("held", "bob")
    assert obstacle(Change(number=1), request(1), "main") is None

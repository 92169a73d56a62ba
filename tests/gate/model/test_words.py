"""What is said about where a request stands."""

import pytest

from towpath.gate.model.queue import (
    Candidate,
    Change,
    Conflict,
    Queue,
    Refused,
    Request,
    Suite,
)
from towpath.gate.model.words import (
    commit_message,
    printable,
    said,
    short,
    standing,
    stands_on,
)

ASKED = Request(
    number=7, author="alice", head="a" * 40, target="main", source="oar", title="Add an oar"
)
TESTED = Candidate(base="m", head="a" * 40, sha="c" * 40, suite="s")
BEFORE = Change(number=3, state="queued", position=1,
                candidate=Candidate(base="m", head="h", sha="c3"))  # fmt: skip


def where(change, *, blocked=None, conclusion="running", ahead=(), request=ASKED):
    queue = Queue(branch="main", changes=(*ahead, change))
    suite = None if conclusion == "running" else Suite(conclusion=conclusion)
    return standing(queue, change, request, blocked=blocked, suite=suite)


def in_line(**rest):
    return Change(number=7, state="queued", head="a" * 40, position=2, **rest)


@pytest.mark.parametrize(
    ("blocked", "word", "part"),
    [
        (("not_approved", ""), "not approved", "someone other than alice"),
        (("held", "bob"), "held", "Held by bob."),
        (("changes_requested", "carol"), "changes requested", "carol asked for changes."),
        (("closed", ""), "closed", "Closed without landing."),
        (("merged", ""), "merged", "Its commits are in main."),
        (("retargeted", "old"), "moved", "It now aims at old."),
        (("head_moved", "alice"), "changed", "New commits need a fresh approval."),
        (None, "approved", "Enters the queue for main."),
    ],
)
def test_outside_the_queue_the_first_obstacle_is_told(blocked, word, part):
    told = where(Change(number=7), blocked=blocked)
    assert told.word == word
    assert part in told.sentence


@pytest.mark.parametrize(
    ("conclusion", "word", "sentence"),
    [
        ("running", "testing", "Being tested on top of main with #3."),
        ("success", "passed", "Tests passed on top of main with #3; lands when that has."),
        (
            "failure",
            "failed",
            "Tests failed on top of main with #3; tested again if that does not land.",
        ),
    ],
)
def test_in_the_queue_the_tests_are_told_with_what_is_ahead(conclusion, word, sentence):
    behind = in_line(candidate=Candidate(base="c3", head="a" * 40, sha="c7", suite="s"))
    told = where(behind, conclusion=conclusion, ahead=(BEFORE,))
    assert (told.word, told.sentence) == (word, sentence)


def test_waiting_for_a_conflict_names_the_one_ahead():
    clash = Conflict(tip="m", onto="c3", files=("f",), by=3)
    assert "Conflicts with #3 ahead of it" in where(in_line(conflict=clash)).sentence


def test_landing_and_landed_are_told():
    assert where(Change(number=7, state="landing", head="a" * 40)).word == "landing"
    over = Change(number=7, state="landed", head="a" * 40, landed="c" * 40)
    assert where(over).sentence == "Landed on main as cccccccccc."


@pytest.mark.parametrize(
    ("refused", "sentence", "step"),
    [
        (Refused(why="conflict", onto="m", files=("a", "b")), "in a, b.", "Resolve the conflict"),
        (
            Refused(why="conflict", onto="m", files=tuple("abcde")),
            "in a, b, c and 2 more.",
            "Resolve",
        ),
        (Refused(why="conflict", onto="m"), "no commit in common", "Resolve"),
        (Refused(why="red", onto="m", summary="job x failed"), "job x failed", "/retry"),
        (Refused(why="cancelled", onto="m"), "stopped again and again", "/retry"),
        (Refused(why="absent", onto="m"), "No workflow tests it.", ".github/workflows"),
        (Refused(why="invalid", onto="m", summary="ci.yml:3: no"), "ci.yml:3: no", "Correct"),
    ],
)
def test_a_refusal_is_told_with_what_to_do(refused, sentence, step):
    told = where(Change(number=7, state="refused", head="a" * 40, refused=refused))
    assert told.kind == "bad"
    assert sentence in told.sentence
    assert step in told.next_step


def test_a_refusal_of_an_older_head_is_no_longer_told():
    old = Change(number=7, state="refused", head="b" * 40, refused=Refused(why="red", onto="m"))
    assert where(old, blocked=("not_approved", "")).word == "not approved"


def test_the_commit_status_says_the_same_in_one_short_line():
    queue = Queue(branch="main")
    long = Change(number=7, state="refused", head="a" * 40,
                  refused=Refused(why="red", onto="m", summary="x" * 500))  # fmt: skip
    word = said(queue, long, ASKED, blocked=None, suite=None)
    assert (word.state, len(word.words)) == ("failure", 140)
    assert said(queue, Change(number=7), ASKED, blocked=None, suite=None).state == "pending"


def test_the_chain_below_a_candidate_is_named_from_the_tip_up():
    line = [
        Change(number=n, state="queued", position=n,
               candidate=Candidate(base=f"c{n - 1}", head=f"h{n}", sha=f"c{n}"))
        for n in (1, 2, 3)
    ]  # fmt: skip
    queue = Queue(branch="main", changes=tuple(line))
    assert stands_on(queue, line[2]) == [1, 2]
    assert stands_on(queue, Change(number=9)) == []


def test_strange_names_are_made_harmless():
    assert printable("a\x1b[31mb\udcff\n") == "a?[31mb??"
    assert len(printable("x" * 5000)) == 200
    assert short("a" * 40) == "a" * 10


def test_the_commit_says_which_request_it_lands():
    assert commit_message(ASKED) == "Merge #7: Add an oar\n\noar by alice.\n"

"""Lines that steps print become annotations."""

import json

import pytest

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.remote.matching import BUDGET, Change, Listener, Matching

PATTERN = {"regexp": "^(.+):(\\d+): (.+)$", "file": 1, "line": 2, "message": 3}


def _file(owner="gcc", **pattern):
    matcher = {"owner": owner, "pattern": [{**PATTERN, **pattern}]}
    return json.dumps({"problemMatcher": [matcher]}).encode()


FILES = {"gcc.json": _file(), "slow.json": _file("slow", regexp="(.*)*(.*)*(.)x$", file=None)}


class Step:
    def __init__(self, matching):
        self.said, self.complaints = [], []
        self.listener = Listener(
            matching, "/work", lambda each: self.said.append(str(each)), self.complaints.append
        )


@pytest.fixture
def matching():
    made = Matching(FILES.get)
    yield made
    made.close()


def test_what_a_step_prints_after_it_added_a_file_is_matched_when_it_ends(matching):
    step = Step(matching)
    step.listener.hear(b"a.c:1: too early\n")
    step.listener.change(Change("gcc.json"))
    step.listener.hear(b"b.c:2: \x1b[31mred\x1b[0m\nb.c")
    step.listener.hear(b":3: in two parts\r\n\n")
    step.listener.hear(b"c.c:4: without an end")
    assert step.said == []
    step.listener.end()
    assert step.said == ["b.c:2: red", "b.c:3: in two parts", "c.c:4: without an end"]


def test_later_steps_are_matched_as_they_go_until_it_is_removed(matching):
    matching.learn(FILES["gcc.json"])
    step = Step(matching)
    step.listener.hear(b"a.c:1: m\n" * 600)
    assert len(step.said) == 600
    step.listener.change(Change(owner="GCC", removes=True))
    step.listener.hear(b"a.c:1: m\n")
    step.listener.end()
    assert (len(step.said), matching.known) == (600, [])


def test_a_file_may_name_what_is_removed(matching):
    matching.learn(FILES["gcc.json"])
    matching.change(Change("gcc.json", removes=True))
    assert matching.known == []


def test_what_cannot_be_read_or_used_is_told(matching):
    step = Step(matching)
    step.listener.change(Change("nowhere.json"))
    step.listener.end()
    assert step.complaints == ["There is no file `nowhere.json` with problem matchers."]
    broken = Matching(lambda _: b"{")
    with pytest.raises(InvalidInput, match=r"`x\.json` cannot be used: it is not JSON"):
        broken.change(Change("x.json"))


def test_a_hostile_pattern_is_given_up_and_the_others_go_on(matching):
    matching.learn(FILES["slow.json"])
    matching.learn(FILES["gcc.json"])
    step = Step(matching)
    step.listener.hear(b"a" * 400 + b"\nb.c:2: m\n")
    step.listener.end()
    assert step.said == ["b.c:2: m"]
    assert "`slow` is given up: it takes longer" in step.complaints[0]
    assert [each.owner for each in matching.known] == ["gcc"]


def test_a_job_has_one_budget_for_all(matching):
    matching.learn(FILES["gcc.json"])
    matching._left = -1.0
    step = Step(matching)
    step.listener.hear(b"b.c:2: m\n")
    step.listener.end()
    assert step.said == []
    assert "they take too long" in step.complaints[0]
    assert BUDGET > 1

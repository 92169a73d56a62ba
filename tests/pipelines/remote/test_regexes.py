"""Patterns of strangers, in a process that can be spared."""

import json
import subprocess
import sys

from towpath.pipelines.remote import regexes


def _ask(*questions):
    done = subprocess.run(
        [sys.executable, "-I", "-S", regexes.__file__],
        input="".join(f"{json.dumps(each)}\n" for each in questions),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_groups_are_told_by_line():
    (answer,) = _ask({"patterns": ["a(b)?(c)", "x"], "lines": ["abc", "", "ac", "x"]})
    assert answer == [{"0": ["abc", "b", "c"], "2": ["ac", None, "c"]}, {"3": ["x"]}]


def test_a_group_with_a_name_is_one_of_them():
    (answer,) = _ask({"patterns": [r"(?<file>\w+):(?<!x)(\d+)"], "lines": ["a:1"]})
    assert answer == [{"0": ["a:1", "a", "1"]}]


def test_a_hostile_pattern_ends_and_the_next_is_answered():
    hostile = ["(a+)+$", "(a|a)*b", "(" * 5000, "[", "(?:a{0,60000}){0,60000}"]
    answers, after = _ask(
        {"patterns": hostile, "lines": ["a" * 60 + "!"]}, {"patterns": ["a"], "lines": ["a"]}
    )
    assert "takes longer" in answers[0]
    assert "takes longer" in answers[1]
    assert all(isinstance(answer, str) for answer in answers[2:4])
    assert after == [{"0": ["a"]}]

"""Files of problem matchers."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.formats.matchers import parse

GOOD = {
    "owner": "gcc", "severity": "warning", "fromPath": "x/Makefile",
    "pattern": [{"regexp": "^(.+):(\\d+): (.+)$", "file": 1, "line": 2, "message": 3}],
}  # fmt: skip


def _file(*matchers):
    return json.dumps({"problemMatcher": matchers}).encode()


def test_a_file_holds_matchers_with_their_patterns():
    (found,) = parse(_file(GOOD))
    assert (found.owner, found.severity, found.from_path) == ("gcc", "warning", "x/Makefile")
    assert found.patterns[0].groups == {"file": 1, "line": 2, "message": 3}


def _with(**changes):
    return {**GOOD, **changes}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b"{", "not JSON"), (b"[]", "problemMatcher"), (_file(1), "objects"),
        (_file(GOOD, GOOD), "same owner"), (_file(_with(owner="")), "needs an `owner`"),
        (_file(_with(severity="fatal")), "error, warning or notice"),
        (_file(_with(pattern={})), "list `pattern`"),
        (_file(_with(pattern=[{"regexp": "x", "file": 1}])), "which group is the message"),
        (_file(_with(pattern=[{"regexp": "x", "message": "1"}])), "whole numbers"),
        (_file(_with(pattern=[{"regexp": "x", "message": 1, "loop": True}])), "may loop"),
        (_file(_with(pattern=[{"regexp": "x", "message": 1}] * 2)), "say the same"),
        (_file(_with(pattern=[{"message": 1}])), "no `regexp`"),
        (_file(_with(owner="x" * 3000)), "2000 characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(source, says):
    with pytest.raises(InvalidInput, match=says):
        parse(source)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner:
       st.lists(inner, max_size=3) | st.dictionaries(
           st.sampled_from(["problemMatcher", "owner", "pattern", "regexp", "message", "loop"]),
           inner, max_size=4), max_leaves=20))  # fmt: skip
def test_no_file_makes_it_fail_in_another_way(read):
    with contextlib.suppress(InvalidInput):
        parse(json.dumps(read).encode())

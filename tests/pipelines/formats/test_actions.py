"""An action.yml, and what is wrong in one."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.formats.actions import parse
from towpath.pipelines.model.workflow import InvalidWorkflow

GOOD = b"""
name: A
description: d
branding: {icon: x, color: y}
inputs: {a: {required: true, description: d}, b: {default: "${{ github.token }}"}}
outputs: {o: {value: "${{ steps.s.outputs.o }}", description: d}}
runs:
  using: composite
  steps: [{id: s, run: "echo ${{ inputs.a }}", shell: bash}, {uses: actions/checkout@v4}]
"""


def test_a_composite_action_is_read():
    action = parse(GOOD, "action.yml")
    assert (action.inputs, action.required) == ({"a": "", "b": "${{ github.token }}"}, ("a",))
    assert action.outputs == {"o": "${{ steps.s.outputs.o }}"}
    assert [step.number for step in action.steps] == [1, 2]


def test_a_program_is_read():
    action = parse(b"runs: {using: node24, main: m.js, post: p.js, post-if: failure()}", "a.yml")
    assert (action.main, action.post, action.post_condition) == ("m.js", "p.js", "failure()")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x", "needs the key `runs`"),
        ("runs: {using: node20}", "needs the key `main`"),
        ("runs: {using: perl, main: x}", "`using` cannot be `perl`"),
        ("runs: {using: docker, image: x}", "1:15: `using: docker` is not run yet"),
        ("runs: {using: composite, steps: [{run: x}]}", "needs `shell`"),
        ("runs: {using: composite, steps: [{uses: a/b/../c@v1}]}", "is not run yet"),
        ("runs: {using: node20, main: x, odd: y}", "Unknown key `odd`"),
    ],
)
def test_what_is_wrong_is_told_by_name_and_line(text, told):
    with pytest.raises(InvalidWorkflow, match=r"a\.yml:1:") as refused:
        parse(text.encode(), "a.yml")
    assert told in str(refused.value)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_in_another_way(source):
    with contextlib.suppress(InvalidWorkflow):
        assert parse(source, "a.yml")

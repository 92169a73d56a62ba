"""The `strategy` of a job."""

import pytest

from tests.pipelines.formats.reads import read, told
from towpath.pipelines.formats import strategy


def test_a_matrix_keeps_its_kinds_and_its_expressions():
    found, reader = read(
        strategy.read,
        "{matrix: {os: [linux, '${{ github.ref }}'], v: [3.1, true, ~, {a: [b]}],"
        " include: [{os: x, extra: 1}], exclude: '${{ fromJSON(needs.a.outputs.b) }}'},"
        " fail-fast: false, max-parallel: 2}",
    )
    assert told(reader) == []
    assert found.matrix == {
        "os": ["linux", "${{ github.ref }}"],
        "v": [3.1, True, None, {"a": ["b"]}],
        "include": [{"os": "x", "extra": 1}],
        "exclude": "${{ fromJSON(needs.a.outputs.b) }}",
    }
    assert (found.fail_fast, found.max_parallel) == (False, 2)


def test_a_whole_matrix_and_its_limits_may_be_expressions():
    found, reader = read(
        strategy.read,
        "{matrix: '${{ fromJSON(needs.a.outputs.m) }}', fail-fast: '${{ github.ref == 1 }}',"
        " max-parallel: '${{ fromJSON(vars.m) }}'}",
    )
    assert told(reader) == []
    assert found.matrix == "${{ fromJSON(needs.a.outputs.m) }}"
    assert (found.fail_fast, found.max_parallel) == (
        "${{ github.ref == 1 }}",
        "${{ fromJSON(vars.m) }}",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{matirx: {}}", "Did you mean `matrix`?"),
        ("{matrix: {}}", "at least one list"),
        ("{matrix: {a: []}}", "holds no values"),
        ("{matrix: {a: b}}", "must be a list of values, or one"),
        ("{matrix: x}", "must be a list of values, or one"),
        ("{matrix: {a: 'x ${{ github.ref }}'}}", "or one"),
        ("{matrix: {a: {b: c}}}", "must be a list"),
        ("{matrix: {a: ['${{ matrix.b }}']}}", "matrix"),
        ("{matrix: {include: [x]}}", "must be a mapping"),
        ("{matrix: {'${{ github.ref }}': [x]}}", "plain text"),
        ("{fail-fast: sometimes}", "boolean"),
        ("{max-parallel: 0}", "1 or above"),
        ("{max-parallel: 1.5}", "1 or above"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    _, reader = read(strategy.read, text)
    assert any(says in message for message in told(reader)), told(reader)

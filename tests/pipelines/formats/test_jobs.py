"""One job, with steps or calling another workflow."""

import pytest

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.workflow import Call, InvalidWorkflow

STEPS = "steps: [{run: a}]"


def job(text):
    return parse(f"on: push\njobs:\n  j: {{{text}}}\n".encode(), "f.yml").jobs[0]


def told(text):
    with pytest.raises(InvalidWorkflow) as caught:
        job(text)
    return [problem.message for problem in caught.value.problems]


def test_a_job_may_be_another_workflow():
    found = job(
        "uses: ./.github/workflows/a.yml, with: {a: 1, b: true, c: '${{ matrix.x }}'},"
        " secrets: {s: '${{ secrets.t }}'}, strategy: {matrix: {x: [1]}}"
    )
    assert found.call == Call(
        workflow="./.github/workflows/a.yml",
        inputs={"a": 1, "b": True, "c": "${{ matrix.x }}"},
        secrets={"s": "${{ secrets.t }}"},
    )
    assert job("uses: o/n/.github/workflows/a.yml@main, secrets: inherit").call.inherit


def test_a_runner_may_be_chosen_by_a_group_and_by_expressions():
    found = job(f"runs-on: {{group: org/big, labels: [a, '${{{{ matrix.os }}}}']}}, {STEPS}")
    assert (found.runner_group, found.runs_on) == ("org/big", ("a", "${{ matrix.os }}"))
    assert job(f"runs-on: '${{{{ fromJSON(vars.r) }}}}', {STEPS}").runs_on == (
        "${{ fromJSON(vars.r) }}",
    )


def test_limits_may_be_expressions():
    found = job(
        f"runs-on: x, {STEPS}, timeout-minutes: '${{{{ matrix.t }}}}',"
        " continue-on-error: '${{ matrix.e }}', cancel-timeout-minutes: 5"
    )
    assert (found.timeout_minutes, found.continue_on_error) == (
        "${{ matrix.t }}",
        "${{ matrix.e }}",
    )
    assert (found.minutes, found.cancel_timeout_minutes) == (360, 5)


def test_what_asks_of_other_jobs_by_name_may_stand_in_a_condition():
    assert job(f"runs-on: x, {STEPS}, if: \"success('a') || failure('b', 'c')\"").condition


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"runs-on: x, {STEPS}, uses: a", "Unknown key `uses`"),
        ("uses: ./.github/workflows/a.yml, env: {a: b}", "Unknown key `env`"),
        ("uses: ./a.yml", "not the address of a workflow"),
        ("uses: '${{ github.ref }}'", "plain text"),
        ("uses: ./.github/workflows/a.yml, with: {a: [b]}", "must be text"),
        ("runs-on: x", "needs the key `steps`"),
        (STEPS, "needs the key `runs-on`"),
        (f"runs-on: [], {STEPS}", "at least one label"),
        (f"runs-on: '', {STEPS}", "may not be empty"),
        (f"runs-on: {{group: us/big}}, {STEPS}", "is no group"),
        (f"runs-on: x, {STEPS}, timeout-minutes: -1", "above 0"),
        (f"runs-on: x, {STEPS}, snapshot: {{version: 1}}", "needs the key `image-name`"),
        (f"runs-on: x, {STEPS}, defaults: {{run: {{shel: sh}}}}", "Did you mean `shell`?"),
        (f"runs-on: x, {STEPS}, if: \"always('a')\"", "Too many parameters"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    assert any(says in message for message in told(text)), told(text)

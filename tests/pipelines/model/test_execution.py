"""The words of the wire survive the wire."""

import msgspec

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.execution import Assignment, Outcome, Source, StepReport

FILE = b"""
on: push
jobs:
  a:
    runs-on: linux
    env: {A: "${{ github.sha }}"}
    steps: [{uses: actions/checkout@v4, with: {fetch-depth: 0}}, {run: make, timeout-minutes: 5}]
"""


def test_an_assignment_arrives_as_it_was_sent():
    given = Assignment(
        job="j", run="r", attempt=1, lease="l", name="a", spec=parse(FILE, "ci.yml").jobs[0],
        env={"E": "1"}, github={"sha": "1"}, needs={}, source=Source(path="/a/b.git", token="t"),
    )  # fmt: skip
    assert msgspec.json.decode(msgspec.json.encode(given), type=Assignment) == given


def test_an_outcome_arrives_as_it_was_sent():
    step = StepReport(number=1, state="finished", conclusion="failure", log_from=0, log_to=3)
    outcome = Outcome(conclusion="failure", why="x", outputs={"a": "1"}, steps=(step,))
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome) == outcome

"""From files to runs."""

from dataclasses import replace

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model import contexts, planning
from towpath.pipelines.model.run import Suite

SUITE = Suite(
    id="s", repository="r", sha="1" * 40, ref="refs/heads/main", event="push", key="k",
    payload={}, actor="alice", state="planning", conclusion=None, summary="", run=None,
    created=5, finished=None,
)  # fmt: skip
ORIGIN = contexts.Origin(
    repository="alice/boat", sha="1" * 40, ref="refs/heads/main", event="push"
)
FILE = """
run-name: Build of ${{ github.ref_name }}
on: push
jobs:
  b: {runs-on: x, name: "b on ${{ github.ref_name }}", steps: [{run: a}]}
  a: {runs-on: x, steps: [{run: a}]}
"""


def plan(text, suite=SUITE):
    return planning.plan(suite, [planning.Called(parse(text.encode(), "ci.yml"))], ORIGIN, 9)


def test_names_are_evaluated_and_jobs_keep_the_order_of_the_file():
    ((run, jobs, _),) = plan(FILE).runs
    assert (run.workflow, run.title, run.created) == ("ci", "Build of main", 9)
    assert [(job.key, job.name, job.state) for job in jobs] == [
        ("b", "b on main", "waiting"), ("a", "a", "waiting")
    ]  # fmt: skip
    assert run.github["run_id"] == run.id


def test_a_name_that_cannot_be_evaluated_is_a_problem_of_the_file():
    planned = plan(FILE.replace("github.ref_name }}\n", "fromJSON('{') }}\n", 1))
    assert planned.runs == ()
    assert "fromJSON" in planned.problems[0].message


def test_what_is_understood_but_not_run_is_refused_by_name_and_line():
    planned = plan(FILE.replace("runs-on: x", "runs-on: x, container: debian", 1))
    assert planned.runs == ()
    (problem,) = planned.problems
    assert str(problem).startswith("ci.yml:5:19: `container` is not run yet: ")


DISPATCHED = """
on:
  workflow_dispatch:
    inputs: {loud: {type: boolean}, where: {type: choice, options: [here, there]}}
run-name: To ${{ inputs.where }}
jobs: {a: {runs-on: x, name: "loud ${{ inputs.loud }}", steps: [{run: a}]}}
"""


def test_what_was_handed_in_by_hand_is_of_the_kind_that_is_declared():
    asked = replace(SUITE, event="workflow_dispatch", payload={"inputs": {"loud": "true"}})
    ((run, (job,), _),) = plan(DISPATCHED, asked).runs
    assert (run.inputs, run.title) == ({"loud": True, "where": "here"}, "To here")
    assert job.name == "loud true"
    wrong = replace(asked, payload={"inputs": {"where": "nowhere"}})
    (problem,) = plan(DISPATCHED, wrong).problems
    assert "must be one of here, there, not 'nowhere'" in problem.message

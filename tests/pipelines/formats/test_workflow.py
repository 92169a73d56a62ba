"""Whole files: what is understood, what is refused and where."""

import pytest

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.workflow import InvalidWorkflow

FILE = """
name: ci
run-name: On ${{ github.ref_name }}
on:
  push: {branches: [main]}
env: {A: "1"}
defaults: {run: {shell: sh, working-directory: src}}
jobs:
  build:
    name: Build
    runs-on: [self-hosted, linux]
    outputs: {v: "${{ steps.s.outputs.v }}"}
    timeout-minutes: 5
    steps: [{id: s, run: make}]
  test:
    needs: [build]
    if: needs.build.result == 'success'
    runs-on: ubuntu-latest
    continue-on-error: true
    defaults: {run: {shell: bash}}
    env: {B: "${{ needs.build.outputs.v }}"}
    steps:
      - uses: actions/checkout@v4
      - run: make test
"""


def problems(text):
    with pytest.raises(InvalidWorkflow) as caught:
        parse(text.encode(), ".github/workflows/ci.yml")
    return caught.value.problems


def test_a_whole_file_is_understood():
    workflow = parse(FILE.encode(), ".towpath/workflows/ci.yml")
    build, test = workflow.jobs
    assert (workflow.name, workflow.run_name) == ("ci", "On ${{ github.ref_name }}")
    assert (build.runs_on, build.timeout_minutes) == (("self-hosted", "linux"), 5)
    assert (build.shell, build.working_directory) == ("sh", "src")
    assert (test.shell, test.needs, test.continue_on_error) == ("bash", ("build",), True)


def test_a_file_without_a_name_is_called_by_its_own():
    text = FILE.replace("name: ci\n", "", 1)
    assert parse(text.encode(), ".towpath/workflows/nightly.yml").name == "nightly"


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("name: ci", "nmae: ci", "2:1", "Did you mean `name`?"),
        ("name: ci", "permissions: all", "2:14", "Expected: read-all, write-all"),
        ("  test:\n", "  test:\n    stategy: {}\n", "16:5", "`strategy`"),
        ("  test:\n", "  test:\n    uses: ./.github/workflows/a.yml\n", "16:5", "`uses`"),
        ("[build]", "[biuld]", "16:13", "needs `biuld`"),
        ("ubuntu-latest", "${{ secrets.a }}", "18:14", "secrets"),
        ("actions/checkout@v4", "docker:/alpine", "23:15", "`docker:/alpine`"),
        ("needs.build.result", "secrets.X", "17:9", "secrets"),
        ("On ${{ github.ref_name }}", "${{ env.A }}", "3:11", "env"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old, new, place, says):
    found = [str(problem) for problem in problems(FILE.replace(old, new, 1))]
    assert any(f":{place}: " in each and says in each for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("name: ci", "permissions: {contents: write}", "2:14: `permissions`"),
        ("  test:\n", "  test:\n    services: {db: {image: postgres}}\n", "16:5: `services`"),
    ],
)
def test_what_is_not_run_yet_is_no_problem_but_noted_with_its_place(old, new, place):
    workflow = parse(FILE.replace(old, new, 1).encode(), "ci.yml")
    assert [str(each).split(" is not run yet: ")[0] for each in workflow.refusals] == [
        f"ci.yml:{place}"
    ]


def test_what_a_job_does_not_use_is_no_reason_to_refuse_another():
    workflow = parse(FILE.replace("make test", "${{ vars.a }}").encode(), "ci.yml")
    build, test = workflow.jobs
    assert (workflow.unrun, build.unrun) == ((), ())
    assert [problem.line for problem in test.unrun] == [24]


def test_events_that_do_not_happen_here_are_warned_of():
    workflow = parse(FILE.replace("push: {branches: [main]}", "release:").encode(), "ci.yml")
    assert "`release` does not happen here" in workflow.warnings[0].message


def test_all_problems_are_told_in_the_order_of_the_lines():
    found = problems("on: nope\njobs:\n  1: {}\n  b: {steps: []}\n")
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)
    assert len(found) >= 5


def test_a_circle_is_walked():
    text = "on: push\njobs:\n" + "".join(
        f"  {name}: {{needs: {need}, runs-on: x, steps: [{{run: a}}]}}\n"
        for name, need in [("a", "b"), ("b", "c"), ("c", "a")]
    )
    assert "a → b → c → a" in problems(text)[0].message


@pytest.mark.parametrize("text", ["", "[]", "on: push", "jobs: {}", "on: push\njobs: 3"])
def test_a_file_that_holds_no_jobs_is_refused(text):
    assert problems(text)


def test_a_thousand_jobs_are_read_in_a_moment():
    jobs = "".join(
        f"  j{n}:\n    runs-on: linux\n    needs: [{f'j{n - 1}' if n else ''}]\n"
        f"    steps:\n      - run: echo ${{{{ github.sha }}}}\n"
        for n in range(1000)
    )
    assert len(parse(f"on: push\njobs:\n{jobs}".encode(), "big.yml").jobs) == 1000

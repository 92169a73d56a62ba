"""What happened, in words."""

from dataclasses import replace

import pytest

from towpath.forge.service import Build
from towpath.pipelines.model import telling, workflow
from towpath.pipelines.model.run import Job, Run, Step

RUN = Run(
    id="r", suite="s", repository="r", sha="1", ref="m", event="push", path="ci.yml",
    workflow="ci", title="ci", created=1,
)  # fmt: skip


def job(name, conclusion="success", **rest):
    spec = workflow.Job(id=name, line=1, continue_on_error=rest.pop("forgiven", False))
    return Job(
        id=name, run="r", position=0, name=name, spec=spec, state="finished",
        conclusion=conclusion, **rest,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("jobs", "told"),
    [
        ([job("a")], "the job passed"),
        ([job("a"), job("b")], "all 2 jobs passed"),
        ([job("a"), job("b", "skipped")], "1 of 2 jobs passed, 1 skipped"),
        ([job("a", "failure", forgiven=True), job("b")], "all 2 jobs passed"),
        ([job("a", "cancelled", why="gone")], "job “a” was cancelled: gone"),
        ([job("a"), job("b", "failure", why="`if` is odd")], "job “b” failed: `if` is odd"),
    ],
)
def test_a_run_is_told_by_its_jobs(jobs, told):
    assert telling.summary(RUN, jobs, ()) == told


def test_the_failure_that_came_first_is_the_one_to_look_at():
    jobs = [job("late", "failure", finished=9), job("early", "failure", finished=3)]
    assert telling.first_failure(jobs).name == "early"
    steps = [Step(number=1, name="Set up", conclusion="success"),
             Step(number=2, name="Test", conclusion="failure", why="exit code 2")]  # fmt: skip
    told = telling.summary(RUN, jobs, steps)
    assert told == "job “early” failed at step “Test”: exit code 2"


def test_who_cancelled_is_named():
    assert telling.summary(replace(RUN, cancelled_by="bob"), [job("a", "cancelled")], ()) == (
        "cancelled by bob"
    )


@pytest.mark.parametrize(
    ("event", "payload", "told", "number"),
    [
        ("push", {}, "push to main", None),
        ("pull_request", {"number": 3}, "request #3 by itself", 3),
        ("merge_group", {"number": 3, "target": "main"}, "request #3 merged onto main", 3),
    ],
)
def test_a_run_says_what_it_tests_as_people_call_it(event, payload, told, number):
    run = replace(RUN, event=event, ref="refs/heads/main", github={"event": payload})
    assert telling.cause(run) == telling.Cause(told, number)


def test_a_run_is_a_build_under_the_names_that_a_forge_has_for_it():
    told = telling.build(replace(RUN, github={"actor": "alice"}, conclusion="success"), 3)
    build = Build(**told)
    assert (build.number, build.actor, build.conclusion) == (3, "alice", "success")
    assert Build(**telling.build(RUN, 0)).actor == ""

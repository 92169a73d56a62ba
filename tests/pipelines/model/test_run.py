"""decide(), against a brute-force oracle over random graphs and random ends."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.model import workflow
from towpath.pipelines.model.run import (
    MAX_LOSSES,
    Conclude,
    Finish,
    Job,
    Queue,
    Stop,
    conclusion,
    decide,
    lost,
)

CONDITIONS = ("", "always()", "failure()", "success()", "github.ref == 'main'", "false")


def job(key, needs=(), condition="", **rest):
    forgiven = rest.pop("forgiven", False)
    spec = workflow.Job(
        id=key, line=1, needs=tuple(needs), condition=condition, continue_on_error=forgiven
    )
    return Job(id=f"job_{key}", run="r", position=0, name=key, spec=spec, **rest)


def ended(key, how="success", **rest):
    return job(key, state="finished", conclusion=how, **rest)


GITHUB = {"ref": "main"}


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 6))
    return [
        job(
            str(n),
            draw(st.sets(st.sampled_from([str(m) for m in range(n)]))) if n else (),
            draw(st.sampled_from(CONDITIONS)),
            forgiven=draw(st.booleans()),
        )
        for n in range(size)
    ]


def _expected(jobs, ends):
    """What must become of each job, walked in order, straight from GitHub's documentation."""
    result, final = {}, {}
    above = {}
    for each in jobs:
        ancestors = set(each.spec.needs).union(*(above[need] for need in each.spec.needs))
        above[each.key] = ancestors
        good = all(result[name] == "success" for name in ancestors)
        bad = any(result[name] == "failure" for name in ancestors)
        wanted = {
            "": good, "success()": good, "always()": True, "failure()": bad,
            "github.ref == 'main'": good, "false": False,
        }[each.spec.condition]  # fmt: skip
        final[each.key] = ends[each.key] if wanted else "skipped"
        forgiven = each.spec.continue_on_error and final[each.key] == "failure"
        result[each.key] = "success" if forgiven else final[each.key]
    return final


@given(graphs(), st.data())
def test_every_order_of_events_leads_to_what_the_documentation_says(jobs, data):
    ends = {each.key: data.draw(st.sampled_from(["success", "failure"])) for each in jobs}
    now = {each.key: each for each in jobs}
    while True:
        actions = decide(list(now.values()), GITHUB)
        if any(isinstance(action, Finish) for action in actions):
            break
        for action in actions:
            match action:
                case Queue(key):
                    assert now[key].state == "waiting"
                    now[key] = replace(now[key], state="queued")
                case Conclude(key, how):
                    now[key] = replace(now[key], state="finished", conclusion=how)
        started = [key for key, each in now.items() if each.state == "queued"]
        if not actions:
            key = data.draw(st.sampled_from(started))
            now[key] = replace(now[key], state="finished", conclusion=ends[key])
    assert {key: each.conclusion for key, each in now.items()} == _expected(jobs, ends)
    (finish,) = actions
    assert finish.conclusion == conclusion(now.values())


@given(graphs(), st.data())
def test_a_cancelled_run_starts_nothing_and_comes_to_its_end(jobs, data):
    now = {
        each.key: replace(each, state=data.draw(st.sampled_from(["waiting", "queued", "running"])))
        for each in jobs
    }
    for _ in range(2):
        for action in decide(list(now.values()), GITHUB, cancelled=True):
            match action:
                case Stop(key):
                    assert now[key].state == "running"
                    now[key] = replace(now[key], stop=True)
                case Conclude(key, how):
                    assert how == "cancelled"
                    now[key] = replace(now[key], state="finished", conclusion=how)
                case Queue():
                    pytest.fail("a cancelled run started a job")
    for key, each in now.items():
        if each.state == "running":
            now[key] = replace(each, state="finished", conclusion="cancelled")
    assert decide(list(now.values()), GITHUB, cancelled=True) == (Finish("cancelled"),)


def test_a_condition_sees_results_and_outputs_of_what_it_needs():
    build = ended("build", outputs={"skip": "no"})
    test = job(
        "test", ["build"], "needs.build.outputs.skip == 'no' && needs.build.result == 'success'"
    )
    assert decide([build, test], GITHUB) == (Queue("test"),)


def test_a_condition_that_cannot_be_evaluated_fails_its_job():
    (action,) = decide([job("a", condition="fromJSON(github.ref)")], GITHUB)
    assert action.conclusion == "failure"
    assert "fromJSON" in action.why


def test_a_failure_that_may_be_does_not_skip_others():
    first = ended("a", "failure", forgiven=True)
    assert decide([first, job("b", ["a"])], GITHUB) == (Queue("b"),)
    assert conclusion([first]) == "success"


def test_a_lost_runner_is_no_verdict_until_it_happens_too_often():
    assert lost(job("a", attempt=1), "gone").state == "queued"
    assert lost(job("a", attempt=1, stop=True), "gone").conclusion == "cancelled"
    assert lost(job("a", attempt=MAX_LOSSES), "gone").conclusion == "cancelled"

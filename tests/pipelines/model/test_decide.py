"""decide(), against a brute-force oracle over random graphs and random ends."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.model import workflow
from towpath.pipelines.model.decide import decide
from towpath.pipelines.model.levels import World, grouped, needs
from towpath.pipelines.model.run import Conclude, Finish, Job, Queue, Stop, conclusion

CONDITIONS = ("", "always()", "failure()", "success()", "github.ref == 'main'", "false")


def job(key, needs=(), condition="", **rest):
    forgiven = rest.pop("forgiven", False)
    spec = workflow.Job(
        id=key, line=1, needs=tuple(needs), condition=condition, continue_on_error=forgiven
    )
    return Job(id=key, run="r", position=0, name=key, spec=spec, **rest)


def ended(key, how="success", **rest):
    return job(key, state="finished", conclusion=how, **rest)


GITHUB = World({"ref": "main"})


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


def variant(number, state, conclusion=None, *, most=0, fast=True, forgiven=False, **rest):
    made = job("m", forgiven=forgiven, state=state, conclusion=conclusion, **rest)
    spec = replace(made.spec, variant=workflow.Variant({"n": number}, number, 4, fast, most))
    return replace(made, id=f"m{number}", spec=spec)


def test_a_matrix_becomes_its_jobs_when_what_it_needs_is_done():
    strategy = workflow.Strategy(matrix={"n": "${{ fromJSON(needs.a.outputs.list) }}"})
    test = job("m", ["a"])
    test = replace(test, spec=replace(test.spec, strategy=strategy, name="n${{ matrix.n }}"))
    assert decide([job("a", state="running"), test], GITHUB) == ()
    (expand,) = decide([ended("a", outputs={"list": "[3, 5]"}), test], GITHUB)
    assert [each.name for each in expand.jobs] == ["n3", "n5"]
    made = [replace(test, id=f"m{n}", spec=spec) for n, spec in enumerate(expand.jobs)]
    assert decide([ended("a"), *made], GITHUB) == (Queue("m0"), Queue("m1"))
    (failed,) = decide([ended("a", outputs={"list": "[]"}), test], GITHUB)
    assert (failed.conclusion, failed.why) == ("failure", "`n` in `matrix` holds no values.")


def test_no_more_of_a_matrix_run_at_once_than_may():
    jobs = [variant(0, "running", most=2), *(variant(n, "waiting", most=2) for n in (1, 2, 3))]
    assert decide(jobs, GITHUB) == (Queue("m1"),)
    jobs = [
        variant(0, "running", most=2),
        variant(1, "queued", most=2),
        variant(2, "waiting", most=2),
    ]
    assert decide(jobs, GITHUB) == ()


def test_a_failure_ends_the_rest_of_its_matrix_unless_it_may_be():
    jobs = [variant(0, "finished", "failure"), variant(1, "running"), variant(2, "waiting")]
    stop, cancel = decide(jobs, GITHUB)
    assert (stop, cancel.job, cancel.conclusion) == (Stop("m1"), "m2", "cancelled")
    for rest in ({"fast": False}, {"forgiven": True}):
        jobs = [variant(0, "finished", "failure", **rest), variant(1, "waiting", **rest)]
        assert decide(jobs, GITHUB) == (Queue("m1"),)


def test_others_see_a_matrix_as_one_job_with_the_worst_result_and_the_last_outputs():
    one = variant(0, "finished", "success", finished=9, outputs={"a": "last", "b": ""})
    two = variant(1, "finished", "cancelled", finished=3, outputs={"a": "first", "b": "kept"})
    seen = needs(job("z", ["m"]), grouped([one, two]))["m"]
    assert seen == {"result": "cancelled", "outputs": {"a": "last", "b": "kept"}}

"""What a job's end, or that of its runner, means for its run."""

from towpath.pipelines.model import workflow
from towpath.pipelines.model.run import MAX_LOSSES, Job, conclusion, lost


def job(**rest):
    spec = workflow.Job(id="a", line=1, continue_on_error=rest.pop("forgiven", False))
    return Job(id="a", run="r", position=0, name="a", spec=spec, **rest)


def test_a_lost_runner_is_no_verdict_until_it_happens_too_often():
    assert lost(job(attempt=1), "gone").state == "queued"
    assert lost(job(attempt=1, stop=True), "gone").conclusion == "cancelled"
    assert lost(job(attempt=MAX_LOSSES), "gone").conclusion == "cancelled"


def test_a_run_ends_like_the_worst_of_its_jobs_but_for_what_may_fail():
    assert conclusion([job(conclusion="success"), job(conclusion="skipped")]) == "success"
    assert conclusion([job(conclusion="cancelled"), job(conclusion="failure")]) == "failure"
    assert conclusion([job(conclusion="failure", forgiven=True)]) == "success"

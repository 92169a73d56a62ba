"""Jobs and steps as rows, on both stores."""

import pytest

from towpath.kernel.errors import NotFound
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.execution import Annotation, StepReport
from towpath.pipelines.model.run import Job
from towpath.pipelines.store import jobs

SPEC = parse(
    b"on: push\njobs:\n  a:\n    runs-on: [x, y]\n    env: {A: b}\n"
    b"    steps: [{name: One, run: make}, {uses: actions/checkout@v4}]\n",
    "ci.yml",
).jobs[0]


def a_job(number=1, **changed):
    values = {"id": f"job_{number}", "run": "run_1", "position": number, "name": "A", "spec": SPEC}
    return Job(**(values | changed))


def test_a_job_is_found_as_it_was_written(db):
    made = a_job(outputs={"v": "1"}, state="queued", queued=3)
    db.write(lambda tx: jobs.add_jobs(tx, [made]))
    assert db.read(lambda tx: jobs.job(tx, made.id)) == made
    with pytest.raises(NotFound):
        db.read(lambda tx: jobs.job(tx, "none"))


def test_a_job_moves_only_from_the_state_and_attempt_it_is_in(db):
    made = a_job()
    db.write(lambda tx: jobs.add_jobs(tx, [made]))
    assert db.write(lambda tx: jobs.move_job(tx, made, state="queued", queued=1))
    assert not db.write(lambda tx: jobs.move_job(tx, made, state="running"))


def test_jobs_wait_in_the_order_they_were_queued(db):
    waiting = [a_job(n, state="queued", queued=10 - n) for n in (1, 2, 3)]
    db.write(lambda tx: jobs.add_jobs(tx, [*waiting, a_job(4)]))
    assert [each.id for each in db.read(jobs.queued)] == ["job_3", "job_2", "job_1"]
    assert [each.id for each in db.read(lambda tx: jobs.jobs_of(tx, ["run_1"]))] == [
        "job_1", "job_2", "job_3", "job_4"
    ]  # fmt: skip


def test_steps_are_told_of_and_stay_as_they_ended(db):
    made = a_job(attempt=2)
    db.write(lambda tx: jobs.add_jobs(tx, [made]))
    db.write(lambda tx: jobs.add_steps(tx, made, 2))

    def tell(**values):
        db.write(lambda tx: jobs.report_step(tx, made, StepReport(number=1, **values)))

    tell(state="running", log_from=3, name="One for b")
    (one, two) = db.read(lambda tx: jobs.steps(tx, made.id, 2))
    assert (one.name, one.state, one.log_from, one.started is not None) == (
        "One for b", "running", 3, True
    )  # fmt: skip
    assert (two.name, two.state) == ("Checkout", "waiting")
    said = (Annotation(level="error", message="é", file="a.py", line=3),)
    tell(
        state="finished", conclusion="failure", why="bad", log_from=3, log_to=9, seconds=2.0,
        annotations=said, summary="# Sum",
    )  # fmt: skip
    tell(state="running", log_from=0)
    one = db.read(lambda tx: jobs.steps(tx, made.id, 2))[0]
    assert (one.state, one.conclusion, one.log_to) == ("finished", "failure", 9)
    assert (one.annotations, one.summary, two.annotations) == (said, "# Sum", ())
    assert one.finished - one.started == 2_000_000
    assert db.read(lambda tx: jobs.steps(tx, made.id, 1)) == []

"""What webhooks hear of jobs, from their being queued to their end, on both stores."""

import pytest

from towpath.forge import service as forge
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker
from towpath.pipelines import service
from towpath.pipelines.model.execution import StepReport

FILE = ".towpath/workflows/ci.yml"
TWO_JOBS = """
name: ci
on: push
jobs:
  build:
    runs-on: linux
    steps: [{name: Compile, run: make}]
  test:
    needs: build
    runs-on: linux
    steps: [{run: make test}]
"""


@pytest.fixture
def canal(make_kernel, store, canal_of):
    made = canal_of(make_kernel(store))
    secrets.prepare(made.kernel)
    return made


def listen(canal, *events):
    address = ("https://a.example", events, "")
    forge.add_webhook(canal.kernel, canal.repository.id, *address, active=True)


def heard(canal):
    kept = []
    Worker(canal.kernel.db, [Handler(kind=forge.TELL, run=kept.append)]).run_until_idle()
    return [forge.noted(item.payload)[2] for item in kept]


def jobs(canal):
    return [(one.job.name, one.job.status, one.job.conclusion) for one in heard(canal)]


def test_each_job_is_heard_of_when_it_waits_when_it_is_taken_and_when_it_ends(canal):
    listen(canal, "workflow_job")
    canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.work()
    assert jobs(canal) == [("build", "queued", None)]
    taken = canal.claim()
    (moved,) = heard(canal)
    assert (moved.job.status, moved.job.runner, moved.job.labels) == (
        "in_progress", "one", ("linux",),
    )  # fmt: skip
    assert moved.job.build.workflow == "ci"
    done = StepReport(number=1, state="finished", conclusion="failure", log_from=0, log_to=1)
    canal.finish(taken, "failure", steps=(done,))
    build, test = heard(canal)
    assert [(one.name, one.conclusion) for one in build.job.steps] == [("Compile", "failure")]
    assert (build.job.conclusion, test.job.conclusion) == ("failure", "skipped")


def test_a_job_that_is_given_back_waits_again_and_a_repeated_claim_is_no_news(canal):
    listen(canal, "workflow_job")
    canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.work()
    taken = canal.claim()
    heard(canal)
    lease = canal.leases[taken.job]
    canal.kernel.db.write(lambda tx: service.claim(tx, "one", ["linux"], lease))
    assert heard(canal) == []
    canal.finish(taken, "released")
    assert jobs(canal) == [("build", "queued", None)]


def test_a_run_is_in_progress_when_the_first_of_its_jobs_is_taken(canal):
    listen(canal, "workflow_run")
    canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.work()
    assert [one.build.going for one in heard(canal)] == [False]
    canal.finish(canal.claim())
    assert [one.build.going for one in heard(canal)] == [True]
    canal.finish(canal.claim())
    (ended,) = heard(canal)
    assert (ended.build.going, ended.build.conclusion) == (False, "success")

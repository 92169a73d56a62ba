"""The life of a suite, from trigger to SuiteFinished, on both stores."""

import pytest

from towpath.forge import service as forge
from towpath.kernel.access import service as access
from towpath.kernel.errors import Conflict
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker
from towpath.pipelines import service
from towpath.pipelines.model.execution import LEASE_SECONDS, StepReport
from towpath.pipelines.model.run import MAX_LOSSES

FILE = ".towpath/workflows/ci.yml"
TWO_JOBS = """
name: ci
on: [push, pull_request]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - name: Compile
        run: make
  test:
    needs: build
    runs-on: [linux]
    steps: [{run: make test}]
"""


@pytest.fixture
def canal(make_kernel, store, canal_of):
    return canal_of(make_kernel(store))


@pytest.fixture
def movable(kernel, canal_of):
    """On SQLite alone, whose leases run on the clock that a test can move."""
    return canal_of(kernel)


def test_a_suite_passes_when_all_its_jobs_pass(canal):
    sha = canal.commit(**{FILE: TWO_JOBS})
    suite = canal.trigger(sha)
    canal.work()
    assert canal.jobs(suite)["test"].state == "waiting"
    build = canal.claim()
    assert build.name == "build"
    assert canal.claim() is None
    canal.finish(
        build,
        steps=(
            StepReport(
                number=1, state="finished", conclusion="success", log_from=0, log_to=9, seconds=1.0
            ),
        ),
    )
    test = canal.claim()
    assert test.needs == {"build": {"result": "success", "outputs": {}}}
    canal.finish(test)
    (fact,) = canal.finished()
    assert (fact.suite, fact.key, fact.conclusion, fact.sha) == (suite, "k", "success", sha)
    assert fact.summary == "ci: all 2 jobs passed"
    assert fact.run == canal.runs(suite)[0].id


def test_a_failure_skips_what_needs_it_and_names_the_step(canal):
    suite = canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.work()
    failed = StepReport(
        number=1, state="finished", conclusion="failure", why="exit code 2", log_from=0, log_to=9
    )
    canal.finish(canal.claim(), "failure", steps=(failed,))
    assert canal.jobs(suite)["test"].conclusion == "skipped"
    (fact,) = canal.finished()
    assert fact.conclusion == "failure"
    assert fact.summary == "ci: job “build” failed at step “Compile”: exit code 2"


def test_a_runner_gets_only_what_it_serves(canal):
    canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.work()
    assert canal.claim(labels=("windows",)) is None


def test_cancelling_stops_what_runs_and_ends_what_waits(canal):
    suite = canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.work()
    taken = canal.claim()
    canal.kernel.db.write(lambda tx: service.cancel_suite(tx, suite, by="alice"))
    assert canal.jobs(suite)["test"].conclusion == "cancelled"
    assert canal.kernel.db.write(lambda tx: service.heartbeat(tx, taken.job, taken.lease))
    assert canal.finished() == []
    canal.finish(taken, "cancelled")
    (fact,) = canal.finished()
    assert (fact.conclusion, fact.summary) == ("cancelled", "ci: cancelled by alice")


def test_cancelling_before_planning_ends_it_once(canal):
    suite = canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.kernel.db.write(lambda tx: service.cancel_suite(tx, suite))
    canal.work()
    assert [fact.conclusion for fact in canal.finished()] == ["cancelled"]
    assert canal.runs(suite) == []


def test_finishing_twice_with_the_same_lease_is_finishing_once(canal):
    canal.trigger(canal.commit(**{FILE: TWO_JOBS.replace("needs: build", "if: always()")}))
    canal.work()
    for taken in (canal.claim(), canal.claim()):
        canal.finish(taken)
        canal.finish(taken)
    assert len(canal.finished()) == 1


def _lose_runner(canal, clock):
    clock.advance(LEASE_SECONDS + 1)
    canal.work()


def test_a_lost_lease_is_a_new_attempt_and_the_old_runner_is_refused(movable, clock):
    suite = movable.trigger(movable.commit(**{FILE: TWO_JOBS}))
    movable.work()
    lost = movable.claim("lost")
    _lose_runner(movable, clock)
    assert movable.jobs(suite)["build"].state == "queued"
    with pytest.raises(Conflict):
        movable.finish(lost)
    again = movable.claim("other")
    assert (again.job, again.attempt) == (lost.job, 2)
    with pytest.raises(Conflict):
        movable.finish(lost)
    movable.finish(again)
    assert movable.jobs(suite)["build"].conclusion == "success"


def test_a_heartbeat_keeps_the_lease(movable, clock):
    suite = movable.trigger(movable.commit(**{FILE: TWO_JOBS}))
    movable.work()
    taken = movable.claim()
    for _ in range(5):
        clock.advance(LEASE_SECONDS * 0.7)
        movable.kernel.db.write(lambda tx: service.heartbeat(tx, taken.job, taken.lease))
        movable.work()
    assert movable.jobs(suite)["build"].state == "running"


def test_a_job_that_keeps_losing_its_runner_is_given_up_without_a_verdict(movable, clock):
    suite = movable.trigger(movable.commit(**{FILE: TWO_JOBS}))
    movable.work()
    for _ in range(MAX_LOSSES):
        assert movable.claim()
        _lose_runner(movable, clock)
    build = movable.jobs(suite)["build"]
    assert build.conclusion == "cancelled"
    assert f"lost {MAX_LOSSES} times" in build.why
    assert movable.finished()[0].conclusion == "cancelled"


def test_a_released_job_waits_again(canal):
    suite = canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.work()
    canal.finish(canal.claim(), "released")
    assert canal.jobs(suite)["build"].state == "queued"
    assert canal.claim().attempt == 2


def test_the_read_token_lives_as_long_as_the_attempt(canal):
    canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.work()
    taken = canal.claim()
    token = taken.source.token
    reader = canal.kernel.db.read(lambda tx: access.authenticate_token(tx, token))
    assert reader.scopes == {f"repo:read:{canal.repository.id}"}
    canal.finish(taken)
    with pytest.raises(Exception, match="not known"):
        canal.kernel.db.read(lambda tx: access.authenticate_token(tx, token))


def test_statuses_follow_the_run(canal):
    sha = canal.commit(**{FILE: TWO_JOBS})
    canal.trigger(sha)
    canal.work()

    def states():
        found = canal.kernel.db.read(lambda tx: forge.statuses(tx, canal.repository.id, sha))
        return [(status.context, status.state) for status in found]

    assert states() == [("towpath/ci", "pending")]
    canal.finish(canal.claim(), "failure")
    assert states() == [("towpath/ci", "failure")]


SECRETIVE = """
on: push
jobs:
  open: {runs-on: linux, steps: [{run: a}]}
  told: {runs-on: linux, needs: open, steps: [{run: a, env: {KEY: "${{ secrets.KEY }}"}}]}
"""


def _claimed(canal, **payload):
    """The assignments of both jobs, with what they may know."""
    suite = canal.trigger(canal.commit(**{FILE: SECRETIVE}), key=str(payload), **payload)
    canal.work()
    for _ in range(2):
        taken = canal.claim()
        yield service.with_secrets(canal.kernel, taken)
        canal.finish(taken)
    assert canal.suite(suite).conclusion == "success"


def test_a_job_that_names_secrets_gets_those_of_its_repository(canal):
    secrets.prepare(canal.kernel)
    forge.set_secret(canal.kernel, forge.keeper_of(canal.repository), "KEY", "hunter2")
    silent, told = _claimed(canal)
    assert (silent.secrets, told.secrets) == ({}, {"KEY": "hunter2"})
    assert "hunter2" not in repr(told)


def test_what_comes_from_a_fork_gets_none(canal):
    secrets.prepare(canal.kernel)
    forge.set_secret(canal.kernel, forge.keeper_of(canal.repository), "KEY", "hunter2")
    assert [each.secrets for each in _claimed(canal, fork=True)] == [{}, {}]


def test_whoever_hears_of_runs_is_told_the_number_of_each(canal):
    secrets.prepare(canal.kernel)
    address = ("https://a.example", ["workflow_run"], "")
    forge.add_webhook(canal.kernel, canal.repository.id, *address, active=True)
    sha = canal.commit(**{FILE: TWO_JOBS})
    for key in ("first", "second"):
        suite = canal.trigger(sha, key=key)
        canal.work()
        canal.kernel.db.write(lambda tx, s=suite: service.cancel_suite(tx, s))
    kept = []
    Worker(canal.kernel.db, [Handler(kind=forge.TELL, run=kept.append)]).run_until_idle()
    builds = [forge.noted(item.payload)[2].build for item in kept]
    told = [(build.number, build.conclusion, build.path) for build in builds]
    ends = (None, "cancelled")
    assert told == [(number, end, FILE) for number in (1, 2) for end in ends]

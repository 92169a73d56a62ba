"""Looking at runs, and forgetting them."""

import pytest

from towpath.pipelines import service
from towpath.pipelines.model.execution import LEASE_SECONDS

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


def test_expected_seconds_is_the_median_of_what_passed(canal):
    assert (
        canal.kernel.db.read(lambda tx: service.expected_seconds(tx, canal.repository.id)) is None
    )
    canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.work()
    canal.finish(canal.claim())
    canal.finish(canal.claim())
    seconds = canal.kernel.db.read(lambda tx: service.expected_seconds(tx, canal.repository.id))
    assert seconds is not None
    assert seconds >= 0


def test_what_is_older_than_the_retention_is_forgotten_with_its_log(movable, clock):
    suite = movable.trigger(movable.commit(**{FILE: TWO_JOBS}))
    movable.work()
    taken = movable.claim()
    job = movable.kernel.db.read(lambda tx: service.job(tx, taken.job))
    service.append_log(movable.kernel, job, 0, b"hello\n")
    movable.finish(taken)
    movable.finish(movable.claim())
    clock.advance(86_400)
    before = clock.now()
    service.forget(movable.kernel, before - 2 * 86_400 * 1_000_000)
    assert movable.runs(suite)
    service.forget(movable.kernel, before)
    assert movable.runs(suite) == []
    assert list((movable.kernel.data / "logs").iterdir()) == []


def test_a_restart_gives_every_runner_a_whole_lease(movable, clock):
    suite = movable.trigger(movable.commit(**{FILE: TWO_JOBS}))
    movable.work()
    taken = movable.claim()
    clock.advance(LEASE_SECONDS * 5)
    service.heal(movable.kernel)
    movable.work()
    assert movable.jobs(suite)["build"].state == "running"
    movable.finish(taken)
    assert movable.jobs(suite)["build"].conclusion == "success"

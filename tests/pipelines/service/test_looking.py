"""Looking at runs, and forgetting them."""

from dataclasses import replace

import pytest

from towpath.forge import service as forge
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
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


def test_jobs_of_a_private_repository_are_not_for_runners_of_strangers_to_it(canal):
    """A runner sees the code and the secrets of a job."""
    db, here = canal.kernel.db, canal.repository.id

    def begin(tx):
        for login in ("max", "mia"):
            access.create_user(tx, login, None, Role.maintainer)
        access.ensure_system_user(tx, service.RUNNER_USER, "The runner")
        access.grant(tx, here, Role.maintainer, login="mia")
        forge.set_private(tx, here, private=True)

    def asks(login):
        def claim(tx):
            caller = access.principal_of(tx, access.known(tx, login))
            caller = replace(caller, scopes=frozenset({"runner"}))
            but = service.withheld(tx, caller)
            return service.claim(tx, login, ("linux", "ubuntu-latest"), f"lease-{login}", "", but)

        return db.write(claim)

    canal.trigger(canal.commit(**{FILE: TWO_JOBS}))
    canal.work()
    db.write(begin)
    assert asks("max") is None
    taken = asks("mia")
    assert taken is not None
    canal.finish(taken)
    assert asks("max") is None
    assert asks(service.RUNNER_USER) is not None

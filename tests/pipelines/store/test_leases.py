"""Who holds which job."""

import pytest

from towpath.kernel.errors import Conflict
from towpath.pipelines.model.execution import LEASE_SECONDS
from towpath.pipelines.store import jobs, leases

FILE = ".towpath/workflows/ci.yml"
TEXT = "on: push\njobs:\n  a: {runs-on: Linux, steps: [{run: echo}]}\n"


@pytest.fixture
def canal(canal, clock):
    canal.trigger(canal.commit(**{FILE: TEXT}))
    canal.work()
    canal.clock = clock
    return canal


def write(canal, fn):
    return canal.kernel.db.write(fn)


def until_of(canal, job):
    return canal.kernel.db.read(lambda tx: jobs.held_job(tx, job))[1].until


def test_labels_are_compared_without_case_and_all_must_be_served(canal):
    assert write(canal, lambda tx: leases.claim(tx, "r", ["windows"], "l")) is None
    assert write(canal, lambda tx: leases.claim(tx, "r", ["LINUX", "more"], "l")).name == "a"


def test_the_same_lease_gets_the_same_job_again_with_a_fresh_token(canal):
    first = write(canal, lambda tx: leases.claim(tx, "r", ["linux"], "lease"))
    again = write(canal, lambda tx: leases.claim(tx, "r", ["linux"], "lease"))
    assert (again.job, again.attempt) == (first.job, 1)
    assert again.source.token != first.source.token
    assert write(canal, lambda tx: leases.claim(tx, "r", ["linux"], "other")) is None


def test_only_the_digest_of_a_lease_is_stored(canal):
    taken = canal.claim()
    stored = canal.kernel.db.read(lambda tx: jobs.held_job(tx, taken.job))[1]
    assert stored.digest == leases.digest(taken.lease)
    assert taken.lease not in stored.digest


def test_a_wrong_lease_holds_nothing(canal):
    taken = canal.claim()
    for verb in (leases.held, leases.heartbeat, leases.stopping):
        with pytest.raises(Conflict):
            write(canal, lambda tx, verb=verb: verb(tx, taken.job, "wrong"))


def test_a_heartbeat_writes_only_when_a_good_part_of_the_lease_is_gone(canal):
    taken = canal.claim()
    before = until_of(canal, taken.job)
    canal.clock.advance(LEASE_SECONDS * 0.1)
    write(canal, lambda tx: leases.heartbeat(tx, taken.job, taken.lease))
    assert until_of(canal, taken.job) == before
    canal.clock.advance(LEASE_SECONDS * 0.4)
    write(canal, lambda tx: leases.heartbeat(tx, taken.job, taken.lease))
    assert until_of(canal, taken.job) > before


def test_after_a_restart_every_holder_has_a_whole_lease(canal):
    taken = canal.claim()
    canal.clock.advance(LEASE_SECONDS * 3)
    write(canal, leases.renew_all)
    left = until_of(canal, taken.job) - canal.clock.now()
    assert left == LEASE_SECONDS * 1_000_000
    canal.work()
    assert write(canal, lambda tx: leases.stopping(tx, taken.job, taken.lease)) is False


def test_a_channel_belongs_to_one_job():
    assert leases.stop_channel("a") != leases.stop_channel("b")


def test_a_lease_longer_than_any_is_of_a_clock_that_was_set_back(canal):
    taken = canal.claim()
    canal.clock.advance(-3600)

    def believed(tx):
        job = jobs.job(tx, taken.job)
        return leases.believed(tx, job, jobs.held_job(tx, taken.job)[1].until)

    ends = canal.clock.now() + round(LEASE_SECONDS * 1_000_000)
    assert write(canal, believed) == until_of(canal, taken.job) == ends
    canal.clock.advance(1)
    assert write(canal, believed) == ends

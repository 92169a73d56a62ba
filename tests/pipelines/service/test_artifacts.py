"""Artifacts, on both stores."""

import pytest

from tests.pipelines.leaving import leaver, next_leaver
from towpath.kernel.errors import NotFound
from towpath.pipelines import service
from towpath.pipelines.store import leases


@pytest.fixture
def canal(make_kernel, store, canal_of):
    return canal_of(make_kernel(store))


def test_an_artifact_is_found_by_its_run_and_number(canal):
    boat = leaver(canal)
    number = boat.leave()
    assert number > 0
    found = canal.kernel.db.read(lambda tx: service.artifacts_of_run(tx, boat.taken.run))
    assert [(each.number, each.name, each.size) for each in found] == [(number, "boat", 3)]
    assert boat.leave(name="other") > number


def test_the_next_attempt_at_a_job_replaces_what_the_lost_one_left(canal):
    boat = leaver(canal)
    boat.leave(b"first")

    def lose(tx):
        from towpath.pipelines.service.running import _requeue
        from towpath.pipelines.store import jobs

        found, holder = jobs.held_job(tx, boat.taken.job)
        leases.revoke(tx, holder)
        _requeue(tx, found, "The runner fell silent.")

    canal.kernel.db.write(lose)
    again = next_leaver(canal)
    assert again.taken.job == boat.taken.job
    assert again.taken.runtime != boat.taken.runtime
    assert boat.ask("ArtifactService/ListArtifacts").status_code == 401
    again.leave(b"second")
    assert again.client.get(again.address()).content == b"second"


def test_what_was_begun_but_not_finished_is_not_there(canal):
    boat = leaver(canal)
    boat.begin()
    with pytest.raises(NotFound, match="no artifact named"):
        canal.kernel.db.read(lambda tx: service.artifact_named(tx, boat.taken.run, "boat"))

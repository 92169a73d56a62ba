"""The one transaction that decides."""

import pytest

from towpath.gate import service
from towpath.gate.model.queue import MakeCandidate
from towpath.gate.service import Place


@pytest.fixture
def approved(lock):
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    return number


def step(lock, tx):
    place = Place(lock.id, "main")
    sight = service.observe(lock.kernel, place)
    return service.step(tx, "http://towpath", place, sight, [])


def test_who_is_approved_enters_and_git_is_asked_for_a_candidate(lock, approved):
    effects = lock.kernel.db.write(lambda tx: step(lock, tx))
    assert [(type(one), one.number) for one in effects] == [(MakeCandidate, approved)]
    assert lock.states() == {approved: "queued"}


def test_a_step_that_dies_before_its_end_has_decided_nothing(lock, approved):
    def die(tx):
        step(lock, tx)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        lock.kernel.db.write(die)
    assert lock.states() == {approved: "watched"}
    decided = lock.kernel.db.read(lambda tx: service.decisions(tx, lock.id, approved, 10))
    assert not decided

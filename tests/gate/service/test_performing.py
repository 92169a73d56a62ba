"""Effects in git: repeated, or too late."""

import pytest

from towpath.forge import service as forge
from towpath.gate import service
from towpath.gate.model.queue import DropRef, Land, MakeCandidate, Probe
from towpath.gate.service import Place


@pytest.fixture
def place(lock):
    return Place(lock.id, "main")


def perform(lock, place, effect):
    sight = service.observe(lock.kernel, place)
    return service.perform(lock.kernel, place, sight, effect)


def test_landing_too_late_moves_nothing(lock, place):
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    lock.work()
    line = lock.line(number)
    foreign = lock.commit("main", {"foreign": "x\n"})
    land = Land(number=number, base=line.base, sha=line.candidate)
    assert perform(lock, place, land) is None
    assert lock.main == foreign


def test_every_effect_may_be_repeated(lock, place):
    number = lock.request("oar", {"oar": "x\n"})
    head = lock.kernel.db.read(lambda tx: forge.merge_request(tx, lock.id, number)).head
    make = MakeCandidate(number=number, head=head, onto=lock.main, message="m", at=1,
                         ahead=((None, lock.main),))  # fmt: skip
    first, again = perform(lock, place, make), perform(lock, place, make)
    assert first == again
    assert lock.in_bare("rev-parse", f"refs/towpath/gate/{number}") == first.outcome.sha
    drop = DropRef(number=number, sha=first.outcome.sha)
    land = Land(number=number, base=lock.main, sha=first.outcome.sha)
    for effect in (land, land, drop, drop):
        assert perform(lock, place, effect) is None
    assert lock.main == first.outcome.sha


def test_a_probe_leaves_no_trace(lock, place):
    number = lock.request("oar", {"oar": "x\n"})
    head = lock.kernel.db.read(lambda tx: forge.merge_request(tx, lock.id, number)).head
    probe = Probe(number=number, head=head, onto=lock.main)
    assert perform(lock, place, probe).outcome.sha
    assert lock.in_bare("for-each-ref", "refs/towpath/") == ""


def test_the_one_ahead_that_a_head_conflicts_with_is_found(lock):
    base = lock.main
    for name in ("oar", "mine", "sail"):
        number = lock.request(name, {"shared" if name == "mine" else name: f"{name}\n"}, base)
        lock.approve(number)
    lock.work()
    other = lock.request("theirs", {"shared": "theirs\n"}, base)
    lock.approve(other)
    lock.work()
    assert "Conflicts with #2 ahead of it" in lock.line(other).sentence

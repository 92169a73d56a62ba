"""What people see."""

import pytest

from towpath.gate import service
from towpath.kernel.errors import NotFound


def test_a_request_nobody_looked_at_yet_can_be_explained(lock):
    number = lock.request("oar", {"oar": "x\n"})
    assert lock.line(number).word == "not approved"
    with pytest.raises(NotFound):
        lock.line(99)


def test_queues_come_with_the_default_branch_first(lock):
    lock.in_bare("branch", "a-branch", "main")
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    lock.work()
    shown = lock.kernel.db.read(lambda tx: service.queues(tx, lock.id))
    assert shown[0].branch == "main"
    [(repository, view)] = lock.kernel.db.read(service.moving)
    assert (repository.id, [line.number for line in view.line]) == (lock.id, [number])

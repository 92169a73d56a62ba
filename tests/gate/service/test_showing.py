"""What people see."""

import pytest
from sqlalchemy import event

from towpath.gate import service
from towpath.kernel.access import service as access
from towpath.kernel.errors import NotFound


def viewer(tx):
    return access.principal_of(tx, access.known(tx, "vera"))


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
    [(repository, view)] = lock.kernel.db.read(lambda tx: service.moving(tx, viewer(tx)))
    assert (repository.id, [line.number for line in view.line]) == (lock.id, [number])


def test_a_queue_of_many_is_asked_for_in_as_many_statements_as_one_of_few(lock):
    """Each statement once for all requests: with thousands stored, one each is seconds."""

    def statements():
        said = []

        def read(tx):
            event.listen(tx.connection, "before_cursor_execute", lambda *_: said.append(1))
            service.queues(tx, lock.id)

        lock.kernel.db.read(read)
        return len(said)

    numbers = [lock.request(f"b{number}", {f"f{number}": "1"}) for number in range(6)]
    lock.approve(numbers[0])
    lock.until_quiet()
    few = statements()
    for number in numbers[1:5]:
        lock.approve(number)
    lock.until_quiet()
    assert statements() == few

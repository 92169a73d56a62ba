"""Queues looked at again, and what is forgotten."""

from towpath.forge import service as forge
from towpath.gate import loops, service


def test_what_is_over_and_old_is_forgotten_but_not_what_is_held(lock, kernel, clock):
    landed, closed, held = (lock.request(name, {name: "x\n"}) for name in ("oar", "sail", "rope"))
    lock.approve(landed)
    lock.until_quiet()
    lock.say(held, "/wait")
    kernel.db.write(lambda tx: forge.close(tx, lock.id, closed))
    lock.work()
    clock.advance(100)
    place = kernel.db.write(lambda tx: service.forget(tx, clock.now(), None))
    assert place == (lock.id, "main", held)
    assert kernel.db.write(lambda tx: service.forget(tx, clock.now(), place)) is None
    assert lock.states() == {held: "watched"}
    assert lock.line(held).held


def test_healing_looks_at_every_queue(lock, kernel):
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    kernel.db.write(lambda tx: tx.connection.exec_driver_sql("DELETE FROM work_item"))
    lock.work()
    assert lock.line(number).state == "watched"
    loops.heal(kernel)
    lock.until_quiet()
    assert lock.line(number).state == "landed"

"""A look at the world."""

from towpath.forge import service as forge
from towpath.gate import loops, service
from towpath.gate.service import Place, seeing


def test_a_repository_that_is_gone_is_no_trouble(kernel, lock):
    gone = Place("repo_" + "0" * 26, "main")
    assert service.observe(kernel, gone) is None
    loops.reconcile(kernel, gone)


def test_only_an_approval_of_the_head_by_another_counts(lock):
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    assert seen(lock, number).approvals == ("bob",)
    lock.commit("oar", {"oar": "y\n"})
    assert seen(lock, number).approvals == ()


def seen(lock, number):
    request = lock.kernel.db.read(lambda tx: forge.merge_request(tx, lock.id, number))
    return seeing.request_of(
        request, lock.kernel.db.read(lambda tx: forge.reviews_of(tx, lock.id, [number])[number])
    )

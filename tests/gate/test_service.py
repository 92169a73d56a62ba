"""The verbs: what people say, what they see, what is forgotten, and what happens too late."""

import pytest

from towpath.forge import service as forge
from towpath.gate import loops, service
from towpath.gate.model.queue import DropRef, Land, MakeCandidate, Probe
from towpath.gate.service import Place
from towpath.kernel.errors import NotFound


@pytest.fixture
def place(lock):
    return Place(lock.id, "main")


def perform(lock, place, effect):
    sight = service.observe(lock.kernel, place)
    return service.perform(lock.kernel, place, sight, effect)


def test_wait_keeps_a_request_out_and_resume_lets_it_in(lock):
    number = lock.request("oar", {"oar": "x\n"})
    assert lock.say(number, "/wait", by="bob") == [
        "Held by bob: it stays out of the queue until `/wait off`."
    ]
    lock.approve(number)
    lock.until_quiet()
    assert lock.line(number).word == "held"
    assert lock.say(number, "/wait off") == ["No longer held."]
    lock.until_quiet()
    assert lock.line(number).state == "landed"


def test_wait_takes_a_request_out_of_the_queue_and_stops_its_tests(lock):
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    lock.work()
    answers = lock.say(number, "/wait")
    assert "held by alice" in answers[1]
    assert lock.build() == 0
    assert lock.line(number).state == "watched"


def test_approve_by_comment_is_a_review(lock):
    number = lock.request("oar", {"oar": "x\n"})
    assert "Nobody approves their own" in lock.say(number, "/approve")[0]
    assert "is for members" in lock.say(number, "/approve", by="vera")[0]
    assert lock.line(number).word == "not approved"
    lock.say(number, "Fine.\n\n/approve", by="bob")
    (review,) = lock.kernel.db.read(lambda tx: forge.reviews(tx, lock.id, number))
    assert (review.author, review.verdict) == ("bob", "approve")
    lock.until_quiet()
    assert lock.line(number).state == "landed"


def test_an_approval_by_comment_is_of_the_commit_its_author_saw_and_of_nothing_pushed_since(lock):
    number = lock.request("oar", {"oar": "wood\n"})
    seen = lock.kernel.db.read(lambda tx: forge.merge_request(tx, lock.id, number)).head
    # Nobody has heard the comment yet when alice pushes something else.
    lock.kernel.db.write(lambda tx: forge.comment(tx, lock.id, number, "bob", "/approve"))
    pushed = lock.commit("oar", {"oar": "straw\n"})
    lock.until_quiet()
    (review,) = lock.kernel.db.read(lambda tx: forge.reviews(tx, lock.id, number))
    assert (review.author, review.head) == ("bob", seen)
    assert lock.line(number).word == "not approved"
    assert f"The head is {pushed[:10]} since" in lock.words(number)[0]


def test_an_approval_stored_before_comments_named_a_commit_is_asked_for_again(lock):
    number = lock.request("oar", {"oar": "x\n"})
    old = service.Heard(
        repository=lock.id, number=number, comment="c", author="bob", body="/approve", head=None
    )
    lock.kernel.db.write(lambda tx: service.hear(tx, old))
    assert "say `/approve` again" in lock.words(number)[0]
    assert lock.kernel.db.read(lambda tx: forge.reviews(tx, lock.id, number)) == ()


def test_retry_tests_the_same_commit_again(lock):
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    lock.until_quiet(lambda files: False)
    assert lock.line(number).state == "refused"
    lock.say(number, "/retry")
    lock.until_quiet()
    assert lock.line(number).state == "landed"


def test_several_commands_get_one_answer(lock):
    number = lock.request("oar", {"oar": "x\n"})
    (answer,) = lock.say(number, "/status\n\n/wait\n\n/launch", by="bob")
    assert answer.startswith("**not approved**: Waits for an approval")
    assert "Held by bob" in answer
    assert "There is no command `launch`" in answer


def test_a_request_nobody_looked_at_yet_can_be_explained(lock):
    number = lock.request("oar", {"oar": "x\n"})
    assert lock.line(number).word == "not approved"
    with pytest.raises(NotFound):
        lock.line(99)


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


def test_a_repository_that_is_gone_is_no_trouble(kernel, lock):
    gone = Place("repo_" + "0" * 26, "main")
    assert service.observe(kernel, gone) is None
    loops.reconcile(kernel, gone)


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

"""What people say in comments, and what it does."""

from towpath.forge import service as forge
from towpath.gate import service


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

"""Comments, reviews and statuses."""

import pytest

from towpath.forge import service
from towpath.kernel.errors import InvalidInput


def test_a_comment_with_a_key_is_said_once(hosted, listener):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    listener.listen()

    def say(body):
        return hosted.kernel.db.write(
            lambda tx: service.comment(tx, hosted.id, 1, "towpath-gate", body, once="refused")
        )

    assert say("Refused.") == say("Refused again.")
    said = hosted.kernel.db.read(lambda tx: service.comments(tx, hosted.id, 1))
    assert [comment.body for comment in said] == ["Refused."]
    assert [fact.body for fact in listener.listen()] == ["Refused."]


def test_a_review_speaks_about_the_commit_that_was_seen(hosted, listener):
    seen = hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    hosted.branch("topic", a="2")
    hosted.sync()
    made = hosted.kernel.db.write(
        lambda tx: service.review(tx, hosted.id, 1, "bob", "approve", head=seen)
    )
    assert made.head == seen != hosted.request().head
    assert listener.happened()[-1] == ("reviewed", 1)


def test_nobody_approves_their_own(hosted):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    with pytest.raises(InvalidInput, match="Nobody approves their own"):
        hosted.kernel.db.write(lambda tx: service.review(tx, hosted.id, 1, "alice", "approve"))


def test_a_later_status_replaces_the_earlier_of_its_context(hosted):
    sha = hosted.copy.sha()

    def say(context, state):
        hosted.kernel.db.write(lambda tx: service.set_status(tx, hosted.id, sha, context, state))

    say("build", "pending")
    say("lint", "success")
    say("build", "failure")
    said = hosted.kernel.db.read(lambda tx: service.statuses(tx, hosted.id, sha))
    assert [(status.context, status.state) for status in said] == [
        ("build", "failure"),
        ("lint", "success"),
    ]


def test_a_status_cannot_carry_a_script(hosted):
    with pytest.raises(InvalidInput, match="not a web address"):
        hosted.kernel.db.write(
            lambda tx: service.set_status(
                tx, hosted.id, "a" * 40, "x", "success", "", "javascript:alert(1)"
            )
        )

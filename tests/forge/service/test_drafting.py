"""Reviews that are begun and given later."""

import pytest

from towpath.forge import service
from towpath.forge.model.threads import require_anchor
from towpath.kernel.errors import Conflict, InvalidInput


@pytest.fixture
def begin(hosted):
    hosted.branch("topic", a="1\n")
    hosted.sync()
    request = hosted.open()
    anchor = require_anchor("a", "new", 1, request.head)

    def draft(author="bob", body=""):
        thread = service.draft_thread(author, "Why?", (anchor, None))
        whole = {"body": body, "head": None, "threads": [thread]}
        return hosted.kernel.db.write(
            lambda tx: service.draft_review(tx, hosted.id, 1, author, **whole)
        )

    return draft


def give(hosted, begun, verdict):
    return hosted.kernel.db.write(
        lambda tx: service.give_draft(tx, hosted.id, begun, verdict, None)
    )


def test_what_was_begun_is_given_about_the_commit_that_was_looked_at(hosted, begin):
    begun = begin()
    hosted.branch("topic", a="2\n")
    hosted.sync()
    given = give(hosted, begun, "request_changes")
    assert (given.id, given.head) == (begun.id, begun.head)
    (thread,) = hosted.kernel.db.read(lambda tx: service.threads(tx, hosted.id, 1))
    assert (thread.remarks[0].body, thread.remarks[0].review) == ("Why?", begun.id)
    assert hosted.kernel.db.read(lambda tx: service.draft_of(tx, hosted.id, 1, "bob")) is None


def test_each_begins_one_at_a_time_and_a_refused_one_stays_begun(hosted, begin):
    begun = begin("alice")
    with pytest.raises(Conflict, match="have begun a review"):
        begin("alice")
    begin("bob")
    with pytest.raises(InvalidInput, match="Nobody approves their own"):
        give(hosted, begun, "approve")
    assert hosted.kernel.db.read(lambda tx: service.draft_of(tx, hosted.id, 1, "alice")) == begun

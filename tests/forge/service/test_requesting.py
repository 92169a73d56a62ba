"""The life of a merge request, with real git and a real database."""

import pytest

from towpath.forge import service
from towpath.kernel.errors import Conflict, InvalidInput


def test_a_merge_request_is_opened_and_numbered(hosted, listener):
    head = hosted.branch("topic", a="1")
    hosted.sync()
    opened = hosted.open()
    assert (opened.number, opened.state, opened.head) == (1, "open", head)
    assert opened.base == hosted.copy.sha("main")
    assert hosted.request() == opened
    assert listener.happened() == [("opened", 1)]


def test_the_same_request_cannot_be_open_twice(hosted):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    with pytest.raises(Conflict, match="Merge request 1 already"):
        hosted.open()


def test_a_branch_without_commits_of_its_own_has_nothing_to_merge(hosted):
    hosted.put("same")
    hosted.sync()
    with pytest.raises(InvalidInput, match="nothing to merge"):
        hosted.open("same")
    with pytest.raises(InvalidInput, match="no branch missing"):
        hosted.open("missing")


@pytest.mark.parametrize(
    "bad", ["--upload-pack=x", "a..b", "a\nb", "a.lock", "\ud800", "/a", "@{"]
)
def test_a_hostile_branch_name_is_refused(hosted, bad):
    with pytest.raises(InvalidInput):
        hosted.open(bad)


def test_a_closed_request_reopens_at_where_its_source_is_now(hosted, listener):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    hosted.kernel.db.write(lambda tx: service.close(tx, hosted.id, 1))
    head = hosted.branch("topic", a="2")
    hosted.sync()
    assert service.reopen(hosted.kernel, hosted.id, 1).head == head
    assert listener.happened() == [("opened", 1), ("closed", 1), ("reopened", 1)]


def test_a_merged_request_neither_closes_nor_reopens(hosted):
    head = hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    hosted.land(head)
    with pytest.raises(Conflict, match="is merged"):
        hosted.kernel.db.write(lambda tx: service.close(tx, hosted.id, 1))
    with pytest.raises(Conflict, match="is merged"):
        service.reopen(hosted.kernel, hosted.id, 1)


def test_words_can_be_edited(hosted, listener):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    edited = hosted.kernel.db.write(
        lambda tx: service.edit(tx, hosted.id, 1, title=" New\n title ", body="why")
    )
    assert (edited.title, edited.body) == ("New title", "why")
    assert listener.happened() == [("opened", 1), ("edited", 1)]


def test_a_diff_is_rows(hosted):
    base = hosted.copy.sha()
    head = hosted.branch("topic", a="1\n")
    found = service.diff(hosted.kernel, hosted.id, base, head)
    assert [(file.path, file.status, file.additions) for file in found.files] == [
        ("a", "added", 1)
    ]
    assert found.files[0].hunks[0].rows[0].text == "1"

"""Rows of merge requests and of what is said, on both stores."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from towpath.forge.model.names import handle_of
from towpath.forge.model.requests import Comment, Review, Status, asked, new_repository
from towpath.forge.store import repositories, requests
from towpath.forge.store.tables import COMMENT
from towpath.kernel.errors import Conflict, NotFound, Stale

A, B = "a" * 40, "b" * 40


@pytest.fixture
def made(db):
    def make(number=1, **changes):
        request = asked(
            "repo_1", title="A", body="", author="alice", source=f"topic{number}", target="main",
            head=A, base=B, now=1_000 + number,
        )  # fmt: skip
        request = replace(request, number=number, **changes)
        db.write(lambda tx: requests.add_merge_request(tx, request))
        return request

    return make


def test_a_request_comes_back_as_it_was(db, made):
    request = made(body="ü\n")
    assert db.read(lambda tx: requests.merge_request(tx, "repo_1", 1)) == request
    with pytest.raises(NotFound):
        db.read(lambda tx: requests.merge_request(tx, "repo_1", 2))


def test_lists_go_by_state_and_from_a_number_down(db, made):
    for number in range(1, 6):
        made(number, state="open" if number % 2 else "merged")

    def listed(*options, **more):
        found = db.read(lambda tx: requests.merge_requests(tx, "repo_1", *options, **more))
        return [one.number for one in found]

    assert listed() == [5, 4, 3, 2, 1]
    assert listed("open") == [5, 3, 1]
    assert listed("open", after=5, limit=1) == [3]
    assert listed("closed") == []
    counts = db.read(lambda tx: requests.count_merge_requests(tx, "repo_1"))
    assert counts == {"open": 3, "merged": 2}


def test_a_search_narrows_and_pages(db, made):
    for number in range(1, 5):
        made(number)

    def found(ends, page):
        listed = db.read(
            lambda tx: requests.search_merge_requests(tx, "repo_1", ("open",), ends, page)
        )
        return [one.number for one in listed]

    assert found({}, (0, 2)) == [4, 3]
    assert found({}, (2, 5)) == [2, 1]
    assert found({"source": "topic2"}, (0, 5)) == [2]
    assert found({"target": "other"}, (0, 5)) == []


def test_open_ones_of_several_repositories_come_oldest_first(db, made):
    made(2)
    made(1)
    made(3, state="closed")
    made(4, repository="repo_2")
    found = db.read(lambda tx: requests.open_merge_requests(tx, ["repo_1", "repo_2"]))
    assert [one.number for one in found] == [1, 2, 4]
    assert db.read(lambda tx: requests.open_merge_requests(tx, [])) == []


def test_a_change_needs_the_state_and_the_head_that_were_seen(db, made):
    before = made()
    after = replace(before, title="B")
    db.write(lambda tx: requests.change_merge_request(tx, before, after))
    db.write(lambda tx: requests.change_merge_request(tx, after, replace(after, head=B)))
    with pytest.raises(Stale):
        db.write(lambda tx: requests.change_merge_request(tx, after, replace(after, title="C")))
    assert db.read(lambda tx: requests.merge_request(tx, "repo_1", 1)).title == "B"


def test_two_that_ask_for_the_same_are_rivals(db, made):
    request = made()
    with pytest.raises(Conflict, match="Merge request 1 already"):
        db.read(lambda tx: requests.require_no_rival(tx, request))
    db.read(lambda tx: requests.require_no_rival(tx, replace(request, target="release")))


def test_tips_must_be_where_they_were_seen(db, made):
    boat = new_repository("repo_1", "alice", "boat", "main", 1)
    moved = {"refs/heads/topic1": A, "refs/heads/main": B}
    db.write(lambda tx: repositories.add_repository(tx, boat))
    db.write(lambda tx: repositories.advance_snapshot(tx, "repo_1", 0, moved))
    request = made()
    db.read(lambda tx: requests.require_tips(tx, request, B))
    with pytest.raises(Stale, match="main has just moved"):
        db.read(lambda tx: requests.require_tips(tx, request, A))
    known = db.read(lambda tx: requests.known(tx, "repo_1"))
    assert (known.refs, known.open, known.repository.snapshot) == (moved, (request,), 1)


def test_comments_come_in_the_order_of_their_times(db, made):
    made()
    for at in (3, 1, 2):
        said = Comment(id=f"comment_{at}", author="bob", body=str(at), at=at)
        db.write(lambda tx, said=said: requests.add_comment(tx, "repo_1", 1, said, None))
    comments = db.read(lambda tx: requests.comments(tx, "repo_1", 1))
    assert [one.at for one in comments] == [1, 2, 3]


def test_reviews_come_in_the_order_they_were_given_also_when_the_clock_is_set_back(db, made):
    made()
    for at in (3, 1, 5):
        judged = Review(id=f"review_{at}", author="bob", verdict="approve", head=A, body="", at=at)
        db.write(lambda tx, judged=judged: requests.add_review(tx, "repo_1", 1, judged))
    reviews = db.read(lambda tx: requests.reviews(tx, "repo_1", 1))
    assert [(one.id, one.at) for one in reviews] == [
        ("review_3", 3), ("review_1", 4), ("review_5", 5),
    ]  # fmt: skip


def test_a_key_is_used_once_for_each_request(db, made):
    said = Comment(id="comment_1", author="bob", body="x", at=1)
    db.write(lambda tx: requests.add_comment(tx, "repo_1", 1, said, "key"))
    assert db.read(lambda tx: requests.comment_once(tx, "repo_1", 1, "key")) == said
    assert db.read(lambda tx: requests.comment_once(tx, "repo_1", 2, "key")) is None
    again = replace(said, id="comment_2")
    with pytest.raises(IntegrityError):
        db.write(lambda tx: requests.add_comment(tx, "repo_1", 1, again, "key"))


def test_a_status_replaces_the_one_before(db, made):
    request = made()
    for state in ("pending", "success"):
        said = Status(context="b", state=state, description="", url="", author="x", at=1)
        db.write(lambda tx, said=said: requests.put_status(tx, "repo_1", A, said))
    assert [one.state for one in db.read(lambda tx: requests.statuses(tx, "repo_1", A))] == [
        "success"
    ]
    assert db.read(lambda tx: requests.open_at(tx, "repo_1", A)) == [request]
    assert db.read(lambda tx: requests.open_at(tx, "repo_1", B)) == []


def test_what_an_older_process_wrote_is_found_by_its_number(db, made):
    made()
    said = Comment(id="comment_1", author="bob", body="x", at=1)
    db.write(lambda tx: requests.add_comment(tx, "repo_1", 1, said, None))
    db.write(lambda tx: tx.execute(COMMENT.update().values(handle=None)))
    found = db.read(lambda tx: requests.find_comment(tx, "repo_1", handle_of("comment_1")))
    assert found == (1, said)
    with pytest.raises(NotFound):
        db.read(lambda tx: requests.find_comment(tx, "repo_1", 7))

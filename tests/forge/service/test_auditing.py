from dataclasses import replace

import pytest

from tests.forge.model.test_builds import BUILD
from towpath.facts.forge import RefChange
from towpath.forge.model.checks import Check
from towpath.forge.model.requests import Comment, Review, asked, new_repository
from towpath.forge.model.threads import Anchor, Remark, Thread
from towpath.forge.service import auditing, checking, saying
from towpath.forge.store import repositories
from towpath.kernel.audit import service as audit
from towpath.kernel.audit.service import Search
from towpath.kernel.origin import Origin, acting

A, B = "a" * 40, "b" * 40


@pytest.fixture
def place(db):
    made = new_repository("repo_1", "canal", "boats", "main", 1)
    db.write(lambda tx: repositories.add_repository(tx, made))
    return made


@pytest.fixture
def request_(place):
    return replace(
        asked(
            "repo_1", title="Draw", body="", author="alice", source="topic", target="main",
            head=A, base=B, now=1,
        ),
        number=7,
    )  # fmt: skip


def only(db):
    (entry,) = db.read(lambda tx: audit.search(tx, Search()))
    return entry


def test_a_repository_is_told_by_its_name(db, place):
    db.write(lambda tx: auditing.repository_added(tx, place))
    assert only(db).subject == "repository:canal/boats"
    assert only(db).after["default_branch"] == "main"


def test_a_push_is_one_entry_with_every_ref_before_and_after(db, place):
    moved = [RefChange("refs/heads/main", A, B), RefChange("refs/heads/new", None, A)]
    db.write(lambda tx: auditing.refs_moved(tx, place, moved))
    assert only(db).before == {"refs": [f"refs/heads/main {A}"]}
    assert only(db).after == {
        "refs": [f"refs/heads/main {B}", f"refs/heads/new {A}"],
        "count": 2,
    }


def test_a_merge_request_is_told_with_what_changed(db, request_):
    after = replace(request_, title="Draw faster")
    db.write(lambda tx: auditing.request_changed(tx, request_, after, "edited"))
    assert only(db).subject == "merge_request:canal/boats#7"
    assert (only(db).before["title"], only(db).after["title"]) == ("Draw", "Draw faster")


def test_a_head_that_moved_is_told_by_its_push_alone(db, request_):
    db.write(lambda tx: auditing.request_changed(tx, request_, request_, "head_moved"))
    assert db.read(lambda tx: audit.search(tx, Search())) == []


def test_a_review_is_told_with_its_verdict_and_the_commit_that_was_seen(db, request_):
    made = Review(id="review_1", author="bob", verdict="approved", head=A, body="", at=1)
    db.write(lambda tx: auditing.reviewed(tx, request_, made))
    assert only(db).after == {"verdict": "approved", "head": A, "author": "bob", "body": ""}


BOB = Origin(login="bob", proof="token", proof_id="token_1", address="10.0.0.1")
RUNNER = Origin(login="runner", proof="token")


@pytest.fixture
def spoken(db, request_):
    """Say something as its author would, or in a request of somebody else: spoken(fn, origin)."""

    def say(fn, origin=BOB):
        with acting(origin):
            return db.write(fn)

    return say


def test_a_comment_of_a_person_is_told_and_one_of_our_own_parts_is_not(db, spoken, request_):
    theirs = Comment(id="comment_1", author="bob", body="Why?", at=1)
    spoken(lambda tx: auditing.said(tx, request_, theirs, None))
    for origin, author in ((Origin(), "towpath"), (RUNNER, "towpath"), (Origin(), "bob")):
        ours = replace(theirs, author=author)
        spoken(lambda tx: auditing.said(tx, request_, ours, None), origin)  # noqa: B023
    assert (only(db).subject, only(db).action) == ("merge_request:canal/boats#7", "comment.add")
    assert only(db).after == {"author": "bob", "body": "Why?"}
    assert (only(db).who, only(db).address) == ("bob", "10.0.0.1")


def test_a_remark_is_told_with_the_line_it_stands_on(db, spoken, request_):
    first = Remark(id="remark_1", author="bob", body="Why?", at=1)
    anchor = Anchor(path="a.py", side="new", line=3, commit=A)
    thread = Thread(id="thread_1", anchor=anchor, remarks=(first,), resolved_by=None)
    spoken(lambda tx: auditing.said(tx, request_, first, thread))
    about = {"author": "bob", "body": "Why?", "thread": "thread_1", "on": "a.py:3"}
    assert only(db).after == about


def test_a_status_is_told_with_the_one_it_replaces(db, spoken, place):
    def status(state, author="bob"):
        return lambda tx: saying.set_status(tx, place.id, A, "lint", state, author=author)

    spoken(status("pending"))
    spoken(status("success"))
    spoken(status("failure", "towpath"), RUNNER)
    second, first = db.read(lambda tx: audit.search(tx, Search()))
    assert first.subject == second.subject == f"commit:canal/boats@{A}"
    assert (first.before, first.after["state"]) == (None, "pending")
    assert (second.before["state"], second.after["state"]) == ("pending", "success")


def test_a_check_is_told_as_it_was_and_is_but_not_that_of_our_own_run(db, spoken, place):
    asked = Check(
        id="check_1", sha=A, name="lint", author="bob", status="queued", conclusion=None,
        at=1, started=1, completed=None,
    )  # fmt: skip
    made = spoken(lambda tx: checking.add_check(tx, place.id, asked))
    done = replace(made, status="completed", conclusion="success")
    spoken(lambda tx: checking.change_check(tx, place.id, made.handle, lambda _: done))
    build = replace(BUILD, sha=A)
    spoken(lambda tx: checking.report_run(tx, place.id, build, "Running", "/runs/1"), RUNNER)
    second, first = db.read(lambda tx: audit.search(tx, Search()))
    assert (first.before, first.after["status"]) == (None, "queued")
    assert (second.before["status"], second.after["conclusion"]) == ("queued", "success")

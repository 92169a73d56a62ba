from dataclasses import replace

import pytest

from towpath.facts.forge import RefChange
from towpath.forge.model.requests import Review, asked, new_repository
from towpath.forge.service import auditing
from towpath.forge.store import repositories
from towpath.kernel.audit import service as audit
from towpath.kernel.audit.service import Search

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
    assert only(db).after == {"verdict": "approved", "head": A, "author": "bob"}

"""Rows of reviews that were begun, on both stores."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from tests.forge.store.test_threads import begun
from towpath.forge.model.threads import Draft
from towpath.forge.store import drafts


@pytest.fixture
def made():
    return Draft(
        id="review_1",
        number=1,
        author="bob",
        head="a" * 40,
        body="ü",
        at=7,
        threads=(begun("1", 1),),
    )


def test_a_draft_comes_back_as_it_was_to_its_author_alone(db, made):
    db.write(lambda tx: drafts.add(tx, "repo_1", made))
    assert db.read(lambda tx: drafts.draft_of(tx, "repo_1", 1, "bob")) == made
    for other in (("repo_2", 1, "bob"), ("repo_1", 2, "bob"), ("repo_1", 1, "alice")):
        assert db.read(lambda tx: drafts.draft_of(tx, *other)) is None  # noqa: B023


def test_a_draft_changes_its_words_and_goes(db, made):
    db.write(lambda tx: drafts.add(tx, "repo_1", made))
    db.write(lambda tx: drafts.reword(tx, replace(made, body="other")))
    assert db.read(lambda tx: drafts.draft_of(tx, "repo_1", 1, "bob")).body == "other"
    db.write(lambda tx: drafts.remove(tx, made))
    assert db.read(lambda tx: drafts.draft_of(tx, "repo_1", 1, "bob")) is None


def test_nobody_begins_two_at_once(db, made):
    db.write(lambda tx: drafts.add(tx, "repo_1", made))
    with pytest.raises(IntegrityError):
        db.write(lambda tx: drafts.add(tx, "repo_1", replace(made, id="review_2")))

"""Rows of repositories, refs and wishes, on both stores."""

import pytest

from towpath.forge.model.refs import Intent, Pending
from towpath.forge.model.requests import new_repository
from towpath.forge.store import repositories
from towpath.kernel.errors import Conflict, NotFound, Stale

A, B = "a" * 40, "b" * 40


@pytest.fixture
def boat(db):
    made = new_repository("repo_1", "alice", "Boat", "main", 5)
    db.write(lambda tx: repositories.add_repository(tx, made))
    return made


def test_a_repository_comes_back_as_it_was(db, boat):
    assert db.read(lambda tx: repositories.repository(tx, "repo_1")) == boat
    assert db.read(lambda tx: repositories.find_repository(tx, "ALICE", "boat")) == boat
    assert db.read(repositories.repositories) == [boat]
    with pytest.raises(NotFound):
        db.read(lambda tx: repositories.repository(tx, "repo_2"))


def test_a_name_is_taken_in_any_case(db, boat):
    with pytest.raises(Conflict, match="exists already"):
        db.read(lambda tx: repositories.require_free(tx, "alice", "BOAT"))
    db.read(lambda tx: repositories.require_free(tx, "alice", "other"))


def test_the_snapshot_moves_once_for_each_version(db, boat):
    def advance(version, moved):
        db.write(lambda tx: repositories.advance_snapshot(tx, "repo_1", version, moved))

    advance(0, {"refs/heads/a": A, "refs/heads/b": A})
    advance(1, {"refs/heads/a": B, "refs/heads/b": None})
    with pytest.raises(Stale):
        advance(1, {"refs/heads/a": A})
    assert db.read(lambda tx: repositories.snapshot(tx, "repo_1")) == {"refs/heads/a": B}
    assert db.read(lambda tx: repositories.snapshot_ref(tx, "repo_1", "refs/heads/a")) == B
    assert db.read(lambda tx: repositories.snapshot_ref(tx, "repo_1", "refs/heads/b")) is None


def test_names_that_differ_in_case_alone_are_two_refs(db, boat):
    moved = {"refs/heads/a": A, "refs/heads/A": B}
    db.write(lambda tx: repositories.advance_snapshot(tx, "repo_1", 0, moved))
    assert db.read(lambda tx: repositories.snapshot(tx, "repo_1")) == moved


def test_numbers_are_taken_one_by_one(db, boat):
    taken = [db.write(lambda tx: repositories.next_number(tx, "repo_1")) for _ in range(3)]
    assert taken == [1, 2, 3]


def test_a_wish_is_kept_until_it_is_settled(db, boat):
    wish = Intent("topic", A, "main", None, "why\n")
    pending = Pending("intent_1", "push_1", "alice", wish, 7)
    db.write(lambda tx: repositories.add_intent(tx, "repo_1", pending))
    assert db.read(lambda tx: repositories.intents(tx, "repo_1")) == (pending,)
    db.write(lambda tx: repositories.fulfil_intent(tx, "intent_1", 3))
    assert db.read(lambda tx: repositories.intents(tx, "repo_1"))[0].number == 3
    db.write(lambda tx: repositories.delete_intents(tx, {"intent_1"}))
    assert db.read(lambda tx: repositories.intents(tx, "repo_1")) == ()

"""Rows of check runs, on both stores."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.forge.model.test_checks import CHECK
from towpath.forge.model.checks import suite_name
from towpath.forge.model.names import handle_of
from towpath.forge.store import checks
from towpath.forge.store.tables import CHECK as CHECKS
from towpath.kernel.errors import NotFound


def test_a_check_comes_back_as_it_was(db):
    made = replace(CHECK, summary="ü", annotations=({"path": "a", "start_line": 1},))
    db.write(lambda tx: checks.add_check(tx, "repo_1", made))
    assert db.read(lambda tx: checks.check(tx, "repo_1", made.handle)) == made
    with pytest.raises(NotFound):
        db.read(lambda tx: checks.check(tx, "repo_2", made.handle))


def test_a_check_changes(db):
    db.write(lambda tx: checks.add_check(tx, "repo_1", CHECK))
    after = replace(CHECK, status="completed", conclusion="failure", completed=7)
    db.write(lambda tx: checks.change_check(tx, after))
    assert db.read(lambda tx: checks.check(tx, "repo_1", CHECK.handle)) == after


def test_the_newest_of_a_commit_come_first(db):
    made = [replace(CHECK, id=f"check_{n}", at=n, external=str(n % 2)) for n in range(3)]
    for one in made:
        db.write(lambda tx, one=one: checks.add_check(tx, "repo_1", one))
    assert db.read(lambda tx: checks.checks(tx, "repo_1", CHECK.sha)) == made[::-1]
    assert db.read(lambda tx: checks.count_checks(tx, "repo_1", CHECK.sha)) == 3
    assert db.read(lambda tx: checks.checks(tx, "repo_1", "b" * 40)) == []
    newest = db.read(lambda tx: checks.latest_by(tx, "repo_1", CHECK.sha, "alice", "0"))
    assert newest == made[2]


def test_a_check_written_by_an_earlier_version_is_found_in_its_suite(db):
    db.write(lambda tx: checks.add_check(tx, "repo_1", CHECK))
    db.write(lambda tx: tx.execute(update(CHECKS).values(suite=None)))
    number = handle_of(suite_name("repo_1", CHECK.sha, CHECK.author))
    assert db.read(lambda tx: checks.checks_of_suite(tx, "repo_1", number)) == [CHECK]
    with pytest.raises(NotFound):
        db.read(lambda tx: checks.checks_of_suite(tx, "repo_2", number))

"""Which rows of a repository go when it is deleted, on both stores."""

import pytest
from sqlalchemy import select

from towpath.forge.model.requests import new_repository
from towpath.forge.store import removing, repositories
from towpath.forge.store.tables import METADATA, REPOSITORY
from towpath.kernel.errors import NotFound


@pytest.fixture
def made(db):
    made = new_repository("repo_1", "alice", "boat", "main", 1)
    db.write(lambda tx: repositories.add_repository(tx, made))
    return made


def test_a_buried_repository_is_found_by_its_id_alone(db, made):
    assert db.write(lambda tx: removing.bury(tx, made.id))
    assert not db.write(lambda tx: removing.bury(tx, made.id))
    assert db.read(repositories.repositories) == []
    for name in ("boat", "gone:repo_1"):
        with pytest.raises(NotFound):
            db.read(lambda tx: repositories.find_repository(tx, "alice", name))  # noqa: B023
    assert db.read(lambda tx: repositories.repository(tx, made.id)).gone
    assert db.read(lambda tx: removing.buried(tx, 0)) == [made.id]
    assert db.read(lambda tx: removing.buried(tx, 2**60)) == []


def test_every_table_that_names_a_repository_is_cleared(db, made):
    cleared = {one.table.name for one in removing.remains(made.id)}
    naming = {one.name for one in METADATA.sorted_tables if "repository" in one.c}
    assert cleared - naming == {"forge_delivery", "forge_remark"}
    assert naming <= cleared
    for statement in removing.remains(made.id):
        db.write(lambda tx, one=statement: tx.execute(one))
    assert len(db.read(lambda tx: tx.rows(select(REPOSITORY)))) == 1

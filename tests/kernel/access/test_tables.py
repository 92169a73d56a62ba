from sqlalchemy import inspect

from towpath.kernel.access import tables


def test_each_table_is_there_on_either_store(db):
    there = db.read(lambda tx: set(inspect(tx.connection).get_table_names()))
    assert set(tables.METADATA.tables) <= there


def test_a_row_of_the_release_before_can_still_be_added(db):
    """Old and new processes overlap during an upgrade: every later column has a default."""
    old = {"id", "login", "name", "role", "password", "system", "created"}
    later = [column for column in tables.USER.c if column.name not in old]
    assert later
    assert all(column.nullable or column.server_default is not None for column in later)

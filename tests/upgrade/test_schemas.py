"""From every earlier schema to this one, with rows in it, on both stores."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.upgrade import schemas
from towpath.kernel.clock import SystemClock
from towpath.kernel.db.migrate import upgrade
from towpath.kernel.db.opening import open_database
from towpath.kernel.work import service as work

GONE: dict[str, set[str]] = {}
"""Columns, or with "*" whole tables, that a later migration took away on purpose."""


@pytest.fixture
def new_url(stores, store, tmp_path):
    url = f"sqlite:///{tmp_path}/old.db" if store == "sqlite" else stores.empty()
    yield url
    stores.drop(url)


def survived(before, after):
    """Say what was there and is not any more."""
    lost = []
    for table, rows in before.items():
        gone = GONE.get(table, set())
        if "*" in gone:
            continue
        now = after.get(table, [])
        for row in rows:
            kept = {name: value for name, value in row.items() if name not in gone}
            if not any(kept.items() <= each.items() for each in now):
                lost.append((table, kept))
    return lost


def differences(url):
    engine = schemas.connect(url)
    with engine.connect() as connection:
        found = []
        for history in schemas.HISTORIES:
            names = set(history.metadata.tables)
            options = {
                "include_name": lambda name, kind, _, names=names: kind != "table" or name in names
            }
            context = MigrationContext.configure(connection, opts=options)
            found += compare_metadata(context, history.metadata)
    engine.dispose()
    return found


def check(url, revisions):
    schemas.build(url, revisions)
    before = schemas.fill(url)
    assert all(len(rows) == schemas.ROWS for rows in before.values())
    upgrade(url, schemas.HISTORIES, finish=True)
    assert survived(before, schemas.look(url)) == []
    assert differences(url) == []


@pytest.mark.parametrize(("part", "revision"), schemas.earlier())
def test_rows_of_an_earlier_schema_survive_the_upgrade(new_url, part, revision):
    check(new_url, {part: revision})


def test_rows_of_the_very_first_schemas_survive_the_upgrade(new_url):
    check(new_url, schemas.firsts())


def test_a_lost_row_or_value_would_be_seen():
    before = {"pet": [{"id": 1, "name": "rex"}]}
    assert survived(before, {"pet": [{"id": 1, "name": "rex", "legs": 4}]}) == []
    assert survived(before, {"pet": [{"id": 1, "name": ""}]})
    assert survived(before, {"pet": []})
    assert survived(before, {})


def test_work_of_an_earlier_schema_is_still_read(new_url):
    schemas.build(new_url, schemas.firsts())
    schemas.fill(new_url)
    upgrade(new_url, schemas.HISTORIES)
    db = open_database(new_url, SystemClock())
    assert len(db.read(work.parked)) == schemas.ROWS
    db.close()

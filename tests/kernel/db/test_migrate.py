import sys
import textwrap
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, inspect

from tests.conftest import histories
from towpath.kernel.db.migrate import History, unfinished, upgrade
from towpath.kernel.db.opening import open_database
from towpath.kernel.errors import Unavailable


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """A part with two revisions; the second can be told to fail half-way."""
    folder = tmp_path / "pets" / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / "pets" / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("")
    revision = textwrap.dedent("""
        import sqlalchemy as sa
        from alembic import op
        revision, down_revision, branch_labels, depends_on = {revision!r}, {down!r}, None, None

        def upgrade():
            op.create_table({table!r}, sa.Column("id", sa.Integer, primary_key=True))
            {more}
    """)
    first = revision.format(revision="0001", down=None, table="pets_cat", more="pass")
    (folder / "0001_first.py").write_text(first)

    def write_second(more="pass"):
        second = revision.format(revision="0002", down="0001", table="pets_dog", more=more)
        (folder / "0002_second.py").write_text(second)
        return History(name="pets", package="pets", revision="0002", metadata=MetaData())

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield History(name="pets", package="pets", revision="0001", metadata=MetaData()), write_second
    for name in [each for each in sys.modules if each.split(".")[0] == "pets"]:
        del sys.modules[name]


def tables(url):
    driver_url = url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(driver_url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def test_a_history_is_brought_to_its_newest_revision_step_by_step(db_url, pets):
    first, write_second = pets
    upgrade(db_url, [first])
    assert {"pets_cat", "alembic_version_pets"} <= tables(db_url)
    upgrade(db_url, [write_second()])
    assert {"pets_cat", "pets_dog"} <= tables(db_url)


def test_a_second_upgrade_changes_nothing_and_does_not_import_alembic(db_url, pets, monkeypatch):
    first, _ = pets
    upgrade(db_url, [first])
    monkeypatch.setitem(sys.modules, "alembic.script", None)
    upgrade(db_url, [first])


def test_a_migration_that_fails_half_way_leaves_nothing_behind(db_url, pets):
    first, write_second = pets
    upgrade(db_url, [first])
    with pytest.raises(ZeroDivisionError):
        upgrade(db_url, [write_second("1 / 0")])
    assert "pets_dog" not in tables(db_url)
    upgrade(db_url, [write_second()])
    assert "pets_dog" in tables(db_url)


def test_a_database_of_a_newer_release_is_refused(db_url, pets, tmp_path):
    first, write_second = pets
    upgrade(db_url, [write_second()])
    (tmp_path / "pets/migrations/0002_second.py").unlink()
    with pytest.raises(Unavailable, match="does not know"):
        upgrade(db_url, [first])


def test_an_open_sqlite_file_is_not_migrated_under_its_user(stores, tmp_path, clock, pets):
    url = stores.url("sqlite", tmp_path)
    db = open_database(url, clock)
    with pytest.raises(Unavailable, match="Another process"):
        upgrade(url, [pets[0]])
    db.close()
    upgrade(url, [pets[0]])


@pytest.mark.parametrize("history", histories(), ids=lambda history: history.name)
def test_the_migrations_make_exactly_the_tables_that_the_code_declares(history, db_url):
    engine = create_engine(db_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        names = set(history.metadata.tables)
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, parents: (
                    kind != "table" or name in names or name.startswith(f"{history.name}_")
                ),
            },
        )
        assert compare_metadata(context, history.metadata) == []
    engine.dispose()


def test_each_history_names_its_own_tables_only():
    prefixes = {
        "kernel": ("work_", "outbox_", "access_", "http_", "presence_", "audit_", "secret_")
    }
    for history in histories():
        expected = prefixes.get(history.name, (f"{history.name}_",))
        assert all(name.startswith(expected) for name in history.metadata.tables), history.name


def test_an_unknown_revision_is_not_passed_over(db_url, pets):
    first, _ = pets
    with pytest.raises(Unavailable):
        upgrade(db_url, [replace(first, revision="0009")])


def post(folder, number, statement):
    """A migration that takes away what only the release before uses."""
    text = (folder / "0001_first.py").read_text()
    text = text.replace("'0001', None", f"'{number:04}', '{number - 1:04}'")
    head = text.split("def upgrade")[0]
    body = f'phase = "post"\n\n\ndef upgrade():\n    op.execute({statement!r})\n'
    (folder / f"{number:04}_post.py").write_text(head + body)


def test_what_the_older_release_needs_stays_until_the_upgrade_is_finished(db_url, pets, tmp_path):
    first, write_second = pets
    upgrade(db_url, [first])
    second = write_second()
    post(tmp_path / "pets/migrations", 3, "DROP TABLE pets_cat")
    newest = replace(second, revision="0003")
    upgrade(db_url, [newest])
    overlapping = db_url.startswith("postgresql")  # SQLite has one process, so nobody to wait for
    assert ("pets_cat" in tables(db_url)) is overlapping
    assert "pets_dog" in tables(db_url)
    assert unfinished(newest, "0002") == ["0003"]
    upgrade(db_url, [newest])
    assert ("pets_cat" in tables(db_url)) is overlapping
    upgrade(db_url, [newest], finish=True)
    assert "pets_cat" not in tables(db_url)
    upgrade(db_url, [newest])
    assert unfinished(newest, "0003") == []


def test_a_new_database_has_no_older_process_to_wait_for(stores, store, pets, tmp_path):
    second = pets[1]()
    post(tmp_path / "pets/migrations", 3, "DROP TABLE pets_cat")
    url = f"sqlite:///{tmp_path}/new.db" if store == "sqlite" else stores.empty()
    upgrade(url, [replace(second, revision="0003")])
    assert "pets_cat" not in tables(url)
    stores.drop(url)


def test_a_later_migration_does_not_wait_for_the_removal_before_it(db_url, pets, tmp_path):
    first, _ = pets
    upgrade(db_url, [first])
    folder = tmp_path / "pets/migrations"
    post(folder, 2, "DROP TABLE pets_cat")
    text = (folder / "0001_first.py").read_text().replace("'0001', None", "'0003', '0002'")
    (folder / "0003_third.py").write_text(text.replace("pets_cat", "pets_cow"))
    upgrade(db_url, [replace(first, revision="0003")])
    assert "pets_cow" in tables(db_url)
    assert "pets_cat" not in tables(db_url)

import os

import pytest
from click.testing import CliRunner
from sqlalchemy import text

import towpath
from tests.upgrade import schemas
from towpath.app import cli
from towpath.kernel import presence
from towpath.kernel.clock import SystemClock
from towpath.kernel.db.opening import open_database


@pytest.fixture(autouse=True)
def _umask_for_this_test_alone():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def url(stores, store, tmp_path):
    (tmp_path / "data").mkdir()
    made = f"sqlite:///{tmp_path}/data/towpath.db" if store == "sqlite" else stores.empty()
    yield made
    stores.drop(made)


@pytest.fixture
def upgrade(url, tmp_path):
    where = ["--database", url] if url.startswith("postgresql") else []

    def run(*words):
        command = ["upgrade", "--data", str(tmp_path / "data"), *where, *words]
        return CliRunner().invoke(cli.main, command)

    return run


def note(url, **row):
    db = open_database(url, SystemClock())
    about = {"id": "proc_1", "role": "worker", "name": "", "host": "barge", "pid": 7, **row}
    db.write(lambda tx: presence.note(tx, about))
    db.close()


def test_an_empty_place_and_an_older_one_are_brought_up_to_date(upgrade, url):
    first = upgrade()
    assert first.exit_code == 0, first.output
    assert "kernel:" in first.output
    again = upgrade("--finish")
    assert again.exit_code == 0, again.output
    assert "from" not in again.output


def test_what_it_came_from_is_told(upgrade, url):
    schemas.build(url, {"kernel": "0001"})
    assert "from 0001" in upgrade().output


def test_an_upgrade_is_not_finished_while_another_release_shows_signs_of_life(upgrade, url):
    upgrade()
    note(url, version="0.0.1")
    refused = upgrade("--finish")
    assert refused.exit_code == 1
    assert "worker 7 on barge (0.0.1)" in refused.output
    note(url, version=towpath.__version__)
    assert upgrade("--finish").exit_code == 0


def test_a_newer_schema_is_refused_in_words(upgrade, url):
    upgrade()
    db = open_database(url, SystemClock())
    newer = text("UPDATE alembic_version_forge SET version_num = '9999'")
    db.write(lambda tx: tx.execute(newer))
    db.close()
    refused = upgrade()
    assert refused.exit_code == 1
    assert "forge are at revision 9999" in refused.output
    assert "Run the release that wrote them, or a newer one." in refused.output

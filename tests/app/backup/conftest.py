"""Servers and databases for backups of living installations."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.kill.harness import Server


@pytest.fixture
def new_server():
    """Servers in folders of their own."""
    made = []

    def make(*, database=None):
        folder = Path(tempfile.mkdtemp(prefix="backup-"))
        made.append(Server(folder, database=database))
        return made[-1]

    yield make
    for server in made:
        server.stop()
        shutil.rmtree(server.data.parent, ignore_errors=True)


@pytest.fixture
def new_database(stores, store, tmp_path):
    made = []

    def make():
        if store == "sqlite":
            return None
        made.append(stores.url(store, tmp_path))
        return made[-1]

    yield make
    for url in made:
        stores.drop(url)


@pytest.fixture
def empty_database(stores, store):
    """As one makes before a restore: nothing on SQLite, a database without tables elsewhere."""
    made = []

    def make():
        if store == "sqlite":
            return None
        made.append(stores.empty())
        return made[-1]

    yield make
    for url in made:
        stores.drop(url)

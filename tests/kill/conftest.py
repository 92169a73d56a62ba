"""A database for each world, the data directory's own or a new one on PostgreSQL; servers."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.kill.harness import PROGRAM, Server


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
def new_server():
    """Servers in folders of their own, which are short enough for the path of a unix socket."""
    made = []

    def make(program=PROGRAM, *, database=None):
        folder = Path(tempfile.mkdtemp(prefix="kill-"))
        made.append(Server(folder, database=database, program=program))
        return made[-1]

    yield make
    for server in made:
        server.stop()
        shutil.rmtree(server.data.parent, ignore_errors=True)

"""Installations on either store, and single servers, that are gone when the test is over."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.kill.harness import PROGRAM, Server
from tests.kill.town import Town


@pytest.fixture
def new_town(store):
    made = []

    def make():
        made.append(Town(store))
        return made[-1]

    yield make
    for town in made:
        town.stop()


@pytest.fixture
def new_server():
    """Servers in folders of their own."""
    made = []

    def make(program=PROGRAM):
        folder = Path(tempfile.mkdtemp(prefix="kill-"))
        made.append(Server(folder, program=program))
        return made[-1]

    yield make
    for server in made:
        server.stop()
        shutil.rmtree(server.data.parent, ignore_errors=True)

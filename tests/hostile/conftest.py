"""One real server for the whole corpus, which it must survive."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.hostile.wire import Harbour
from tests.kill.harness import Server
from tests.kill.people import World


@pytest.fixture(scope="session")
def harbour():
    """A server with a repository and an open merge request, without a runner."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    server = Server(folder, options=("--no-runner",)).start()
    try:
        world = World(server, folder / "clone")
        number = world.open("deepen", {"depth": "1.6 m\n"}, "Deepen the summit pound")
        yield Harbour(server, world, number)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

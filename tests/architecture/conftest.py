"""The parts as they are composed, without a server."""

import pytest

from towpath.kernel.clock import ManualClock
from towpath.kernel.context import Kernel
from towpath.kernel.settings import Settings


@pytest.fixture
def reactions(tmp_path):
    from towpath.app.parts import PARTS
    from towpath.kernel.db.opening import open_database

    clock = ManualClock()
    db = open_database(f"sqlite:///{tmp_path}/house.db", clock)
    kernel = Kernel(db, clock, Settings(), tmp_path, "http://127.0.0.1")
    yield [each for part in PARTS for each in part.reactions(kernel)]
    db.close()

"""Start-up programs that break durability on purpose, to show that the trace test sees it.

    python tests/e2e/plants.py PLANT serve --data DIR --port N

The product has no switch for any of this: the pieces are replaced before the server starts.
"""

import os
import sys
from types import SimpleNamespace

from towpath.app.cli import main
from towpath.forge.clients.embedded import git
from towpath.kernel.db import sqlite
from towpath.pipelines.clients.logs import writing


def synchronous_off():
    """The database says that it has written before the disk has."""
    sqlite.DURABLE = tuple(line.replace("FULL", "OFF") for line in sqlite.DURABLE)


def fsync_none():
    """git says that it has written before the disk has."""
    git._CONFIG["core.fsync"] = "none"


def landing_in_memory():
    """Neither git nor the log of a job waits for the disk."""
    fsync_none()
    writing.os = SimpleNamespace(**{**vars(os), "fdatasync": lambda _: None})


PLANTS = {
    "synchronous-off": synchronous_off,
    "fsync-none": fsync_none,
    "landing-in-memory": landing_in_memory,
}

if __name__ == "__main__":
    PLANTS[sys.argv.pop(1)]()
    main()

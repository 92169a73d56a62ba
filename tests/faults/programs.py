"""Start-up programs for what a test cannot do from outside, and for planted bugs.

    python tests/faults/programs.py NAME serve --data DIR --port N

Nothing of this is in the product: pieces are replaced before the server starts. `clock` adds the
seconds in DATA.clock to the machine's time, so that a test can set it; `no-reserve` lets a push
run into a full disk where the product would have refused it in time. The others are bugs, each of
which a test here must find.
"""

import sqlite3
import sys
import time
from pathlib import Path

from towpath.app.cli import main
from towpath.forge.clients.embedded import upkeep
from towpath.kernel.clock import Micros, SystemClock
from towpath.kernel.db import postgres
from towpath.kernel.db.sqlite import SqliteDatabase
from towpath.kernel.errors import Unavailable
from towpath.kernel.work import jumps


def clock():
    offset = Path(sys.argv[sys.argv.index("--data") + 1] + ".clock")

    def now(_):
        seconds = int(offset.read_text() or 0) if offset.exists() else 0
        return Micros(time.time_ns() // 1000 + seconds * 1_000_000)

    SystemClock.now = now


def clock_not_followed():
    """Work waits until the old time comes round again."""
    clock()
    jumps.follow_clock = lambda _: 0.0


def no_reserve():
    upkeep.LEAST_FREE_BYTES = 0


def swallowed_full_disk():
    """A commit that the disk had no room for is taken for done."""
    no_reserve()
    run = SqliteDatabase._transaction

    def swallowing(self, jobs):
        try:
            run(self, jobs)
        except sqlite3.OperationalError:
            self._roll_back()

    SqliteDatabase._transaction = swallowing


def blind_repeat():
    """A commit whose answer was lost is done again, without a look whether it was done."""
    write = postgres.PostgresDatabase.write

    def repeating(self, fn, **options):
        try:
            return write(self, fn, **options)
        except Unavailable:
            return write(self, fn, **options)

    postgres.PostgresDatabase.write = repeating


PROGRAMS = {
    "blind-repeat": blind_repeat,
    "clock": clock,
    "clock-not-followed": clock_not_followed,
    "no-reserve": no_reserve,
    "swallowed-full-disk": swallowed_full_disk,
}

if __name__ == "__main__":
    PROGRAMS[sys.argv.pop(1)]()
    main()

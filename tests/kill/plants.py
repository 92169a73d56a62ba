"""Start-up programs with a planted bug each: proof that the kill suite would see it.

    python tests/kill/plants.py PLANT serve --data DIR --port N

The product has no switch for any of this: pieces are replaced before the server starts. Where a
kill must hit one moment, the planted code waits there once DATA/<moment>.armed exists, and says
so by making DATA/<moment>.here; it goes on when the first file is gone.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

from towpath.app.cli import main
from towpath.forge import service as forge
from towpath.forge.clients.embedded import refs
from towpath.kernel.db.sqlite import SqliteDatabase
from towpath.kernel.db.sqlite_queue import wake_in_turn
from towpath.kernel.work import worker

MAIN = "refs/heads/main"


def pause(moment):
    data = Path(sys.argv[sys.argv.index("--data") + 1])
    armed = data / f"{moment}.armed"
    if armed.exists():
        (data / f"{moment}.here").touch()
    while armed.exists():
        time.sleep(0.01)


def acknowledge_before_commit():
    """Whoever waits for a write is told before it is committed; the moment is a comment's."""

    def comments(db):
        return db._driver.execute("SELECT count(*) FROM forge_comment").fetchone()

    def run(self, jobs):
        before = comments(self)
        self._driver.execute("BEGIN IMMEDIATE")
        for job in jobs:
            self._apply_alone(job)
        told = [job.tell(job.result, job.error) for job in jobs]
        wake_in_turn([waiter for waiter in told if waiter is not None])
        if comments(self) != before:
            pause("commit")
        self._driver.execute("COMMIT")
        self._listeners.tell([channel for job in jobs for channel in job.wakes])

    SqliteDatabase._run = run


def pause_before_landing(*, lease=True):
    """No bug, only the moment at which a missing lease does its harm."""
    move = refs.move

    def moved(kernel, repository, updates):
        if any(update.ref == MAIN and update.old for update in updates):
            pause("landing")
        if not lease:
            now = refs.refs(kernel, repository, "refs/")
            updates = [replace(update, old=now.get(update.ref)) for update in updates]
        move(kernel, repository, updates)

    refs.move = moved


def push_without_lease():
    """The gate moves main from wherever it is, not from where it was tested."""
    pause_before_landing(lease=False)


def send_before_row():
    """The gate speaks first and writes down afterwards, apart, that it has spoken."""
    comment, start = forge.comment, worker.Worker.__init__

    def forgetful(*said, once=None):
        del once
        return comment(*said)

    forge.comment = forgetful

    def early(db, handler):
        def run(item):
            then = handler.run(item)
            if then is not None:
                db.write(then)
            pause("sent")

        return replace(handler, run=run) if handler.kind == "fact:gate.commented" else handler

    def started(self, db, handlers, *rest, **named):
        start(self, db, [early(db, handler) for handler in handlers], *rest, **named)

    worker.Worker.__init__ = started


PLANTS = {
    "acknowledge-before-commit": acknowledge_before_commit,
    "pause-before-landing": pause_before_landing,
    "push-without-lease": push_without_lease,
    "send-before-row": send_before_row,
}

if __name__ == "__main__":
    PLANTS[sys.argv.pop(1)]()
    main()

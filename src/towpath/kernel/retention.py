"""Everything ages: a handler that forgets what is older than the retention."""

from collections.abc import Callable, Sequence
from typing import Any

from towpath.kernel.clock import Micros, after
from towpath.kernel.db.interface import Database, Tx
from towpath.kernel.work.model import Handler, Item

Prune = Callable[[Tx, Micros, Any], Any]
"""Deletes a bounded number of rows older than a moment, from a place on; where to go on, or None.
"""
_DAY_SECONDS = 86_400


def handler(kind: str, db: Database, days: int, prunes: Sequence[Prune]) -> Handler:
    """Runs each prune to its end, a transaction at a time, so that writers never wait for long."""

    def run(_: Item) -> None:
        before = db.read(lambda tx: after(tx.now, -days * _DAY_SECONDS))
        for prune in prunes:
            _run_to_end(db, prune, before)

    return Handler(kind=kind, run=run)


def _run_to_end(db: Database, prune: Prune, before: Micros) -> None:
    place = None
    while True:
        start = place
        place = db.write(lambda tx: prune(tx, before, start))  # noqa: B023 - called before the next
        if place is None:
            return

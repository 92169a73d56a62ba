"""Work that nobody here knows: of a part that is gone, or in a layout of a newer release.

A worker claims only what it knows, so such rows would wait unseen for ever. Amid an upgrade that
is right: a newer process beside us takes them at once. Where none does they are parked, so that
a person sees them, and are taken up again by themselves when a process that knows them starts.
"""

from collections.abc import Iterable, Mapping
from functools import partial

from sqlalchemy import text

from towpath.kernel.clock import after
from towpath.kernel.db.interface import Tx
from towpath.kernel.work import store
from towpath.kernel.work.model import Handler, Item

KIND = "work.strangers"
PATIENCE_SECONDS = 600.0
_MARK = "No process knows "
_DUE = text("""
SELECT kind, version, count(*) AS items FROM work_item
WHERE state IN ('waiting', 'running') AND ready < :before GROUP BY kind, version
""")
_PARK = text("""
UPDATE work_item SET state = 'parked', error = :error, finished = :now, fence = fence + 1
WHERE state IN ('waiting', 'running') AND ready < :before AND kind = :kind AND version = :version
""")
_PARKED = text("""
SELECT id, kind, version FROM work_item WHERE state = 'parked' AND error LIKE :mark ORDER BY id
""")


def handler(handlers: Iterable[Handler]) -> Handler:
    """Every worker has it; it knows what that worker knows."""
    known = {each.kind: each.version for each in handlers} | {KIND: 1}
    return Handler.transactional(KIND, partial(_look, known))


def _look(known: Mapping[str, int], tx: Tx, _: Item) -> None:
    """Park what is overdue and unknown; let go on what was parked for that and is known now."""
    alone = tx.dialect == "sqlite"  # one process has the file: nobody else will come
    before = tx.now if alone else after(tx.now, -PATIENCE_SECONDS)
    for row in tx.rows(_DUE, {"before": before}):
        if not _is_known(known, row["kind"], row["version"]):
            what = {"kind": row["kind"], "version": row["version"]}
            tx.execute(_PARK, {**what, "before": before, "now": tx.now, "error": _words(**what)})
    for row in tx.rows(_PARKED, {"mark": f"{_MARK}%"}):
        if _is_known(known, row["kind"], row["version"]):
            store.retry(tx, row["id"])
    tx.wake(store.CHANNEL)


def _is_known(known: Mapping[str, int], kind: str, version: int) -> bool:
    return known.get(kind, 0) >= version


def _words(kind: str, version: int) -> str:
    return (
        f"{_MARK}work of the kind {kind} in layout {version}."
        " Run the release that wrote it, or a newer one: it goes on by itself then."
    )

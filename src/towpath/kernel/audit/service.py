"""Record a change in its own transaction; search and export what was recorded.

Call `record` from the verb that changes, not from the route: then no way in goes around it. An
entry exists exactly if the change does. The actions of who is not logged in are told by address.
"""

import csv
import io
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import chain
from typing import Any

import msgspec

from towpath.kernel.audit import store
from towpath.kernel.audit.model import FIELDS, kept, plain
from towpath.kernel.audit.model import Action as Action
from towpath.kernel.audit.model import Entry as Entry
from towpath.kernel.audit.model import Search as Search
from towpath.kernel.audit.model import Values as Values
from towpath.kernel.audit.model import action as action
from towpath.kernel.audit.model import actions as actions
from towpath.kernel.audit.model import moment as moment
from towpath.kernel.clock import Micros, to_datetime
from towpath.kernel.db.interface import Database, Tx
from towpath.kernel.errors import Unavailable
from towpath.kernel.origin import Origin

_LONGEST_SUBJECT = 300
_LONGEST_AGENT = 300
_LONGEST_NAME = 100
_AT_ONCE = 500
_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.01
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def record(
    tx: Tx,
    what: Action,
    subject: str,
    *,
    before: Values | None = None,
    after: Values | None = None,
    by: Origin | None = None,
) -> None:
    """Write down a change to `subject` (KIND:NAME) that this transaction makes.

    `before` and `after` hold what changed, as plain values; fields named like secrets are left
    out. Who and from where come with the transaction; `by` replaces them for a log-in, whose
    caller becomes known by it.
    """
    origin = by or tx.origin
    cleaned = replace(
        origin,
        proof_id=plain(origin.proof_id, _LONGEST_NAME),
        address=plain(origin.address, _LONGEST_NAME),
        agent=plain(origin.agent, _LONGEST_AGENT),
    )
    store.add(
        tx, what.name, plain(subject, _LONGEST_SUBJECT), cleaned, (kept(before), kept(after))
    )


def search(tx: Tx, wanted: Search, *, below: int | None = None, limit: int = 50) -> list[Entry]:
    """Entries newest first; go on with the id of the last one as `below`."""
    return store.search(tx, wanted, below, limit)


def onwards(db: Database, wanted: Search, above: int, limit: int) -> list[Entry]:
    """Entries with ids above `above`, oldest first: the way to copy the log piece by piece.

    Go on with the id of the last one. No entry comes later with an id that was passed.
    """
    last = settled(db)
    return db.read(lambda tx: store.onwards(tx, wanted, above, last, limit))


def settled(db: Database, patience: float = _PATIENCE_SECONDS) -> int:
    """Find an id up to which each entry can be read by now or never will be.

    On PostgreSQL ids are given out before their transactions end, and these end in any order. So
    take the newest id, then wait for every transaction that might have one below it; they are
    short, and new ones, whose ids are higher, are not waited for.
    """
    last, unfinished = db.read(lambda tx: (store.newest(tx), store.adding(tx)))
    deadline = time.monotonic() + patience
    while unfinished:
        if time.monotonic() >= deadline:
            raise Unavailable(
                "A change has been under way for long, and the log is not copied past it.",
                next_step="Try again in a minute; what was copied so far is complete.",
            )
        threading.Event().wait(_PAUSE_SECONDS)
        unfinished &= db.read(store.adding)
    return last


def forget(tx: Tx, before: Micros, after: int | None = None) -> int | None:
    """Delete what is older than the retention, a bounded number at a time."""
    return store.forget(tx, before, after or 0)


def told(entry: Entry) -> dict[str, Any]:
    """One entry for machines, with its time in ISO 8601."""
    values = asdict(entry)
    values["at"] = to_datetime(entry.at).isoformat()
    return {name: values[name] for name in FIELDS}


def export_lines(db: Database, wanted: Search, above: int | None = None) -> Iterator[bytes]:
    """Everything that matches, one JSON object a line; newest first, or oldest from `above`."""
    return (msgspec.json.encode(told(entry)) + b"\n" for entry in _all(db, wanted, above))


def export_table(db: Database, wanted: Search, above: int | None = None) -> Iterator[bytes]:
    """The same as CSV with a heading."""
    rows = (table_row(list(told(entry).values())) for entry in _all(db, wanted, above))
    return chain([table_row(FIELDS)], rows)


def table_row(values: Sequence[Any]) -> bytes:
    """One line of CSV; no cell can be taken for a formula."""
    out = io.StringIO()
    csv.writer(out).writerow([_cell(value) for value in values])
    return out.getvalue().encode()


def _all(db: Database, wanted: Search, above: int | None) -> Iterator[Entry]:
    """Read in pieces, so that a slow reader holds no snapshot open."""
    if above is None:
        return _newest_first(db, wanted)
    return _oldest_first(db, wanted, above, settled(db))


def _oldest_first(db: Database, wanted: Search, above: int, last: int) -> Iterator[Entry]:
    while True:
        start = above
        found = db.read(lambda tx: store.onwards(tx, wanted, start, last, _AT_ONCE))  # noqa: B023
        yield from found
        if len(found) < _AT_ONCE:
            return
        above = found[-1].id


def _newest_first(db: Database, wanted: Search) -> Iterator[Entry]:
    below: int | None = None
    while True:
        start = below
        found = db.read(lambda tx: search(tx, wanted, below=start, limit=_AT_ONCE))  # noqa: B023
        yield from found
        if len(found) < _AT_ONCE:
            return
        below = found[-1].id


def _cell(value: Any) -> str:
    if value is None:
        return ""
    shown = msgspec.json.encode(value).decode() if isinstance(value, Mapping) else str(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown

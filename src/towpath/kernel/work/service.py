"""Add due work in the transaction of the state it serves; see what is stuck."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from towpath.kernel.audit import service as audit
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound
from towpath.kernel.work import store
from towpath.kernel.work.model import WorkId
from towpath.kernel.work.schedules import sync_schedules as sync_schedules

_RETRIED = audit.action("work.retry", "let parked work run again")


@dataclass(frozen=True, kw_only=True)
class New:
    """One item to add; the fields are those of `add`."""

    kind: str
    payload: Mapping[str, Any]
    key: str | None = None
    order: str | None = None
    due: Micros | None = None
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class Parked:
    """An item that waits for a person: what failed, how often, since when."""

    id: WorkId
    kind: str
    key: str | None
    order: str | None
    payload: Mapping[str, Any]
    version: int
    attempt: int
    error: str
    created: Micros
    since: Micros


@dataclass(frozen=True, kw_only=True)
class Lag:
    """How far behind one kind is. `oldest_seconds` is the age of the longest overdue item."""

    kind: str
    waiting: int
    running: int
    parked: int
    oldest_seconds: float


def add(
    tx: Tx,
    kind: str,
    payload: Mapping[str, Any],
    *,
    key: str | None = None,
    order: str | None = None,
    due: Micros | None = None,
    version: int = 1,
) -> WorkId | None:
    """Add an item that becomes due at `due` (now), once this transaction commits.

    None means that one of this kind and `key` waits already and serves: it is due no later than
    asked for. Items of one `order` run strictly one after another, as added; a parked one holds
    the rest back.
    """
    new = New(kind=kind, payload=payload, key=key, order=order, due=due, version=version)
    added = store.add(tx, _row(new))
    tx.wake(store.CHANNEL)
    return None if added is None else WorkId(added)


def add_many(tx: Tx, items: Sequence[New]) -> None:
    """Add items by one statement; of those with the same kind and key, the first serves."""
    rows: dict[Any, dict[str, Any]] = {}
    for position, new in enumerate(items):
        name = position if new.key is None else (new.kind, new.key)
        rows.setdefault(name, _row(new))
    if rows:
        store.add_many(tx, list(rows.values()))
        tx.wake(store.CHANNEL)


def cancel(tx: Tx, kind: str, key: str) -> bool:
    """Take back what waits under this key; False if nothing does (it may be running)."""
    cancelled = store.cancel(tx, kind, key)
    tx.wake(store.CHANNEL)
    return cancelled


def parked(tx: Tx, *, after: int = 0, limit: int = 100) -> list[Parked]:
    """What waits for a person, in the order it was added."""
    return [
        Parked(
            id=WorkId(row["id"]),
            kind=row["kind"],
            key=row["key"],
            order=row["order_key"],
            payload=msgspec.json.decode(row["payload"]),
            version=row["version"],
            attempt=row["attempt"],
            error=row["error"],
            created=Micros(row["created"]),
            since=Micros(row["finished"]),
        )
        for row in store.parked(tx, after, limit)
    ]


def retry(tx: Tx, item: WorkId) -> None:
    """Let a parked item run again, with a fresh count of attempts; NotFound if none is parked."""
    if not store.retry(tx, item):
        raise NotFound(
            f"No parked work has the id {item}.",
            next_step="Look at the list again: it may have been retried already.",
        )
    audit.record(tx, _RETRIED, f"work:{item}", before={"state": "parked"})
    tx.wake(store.CHANNEL)


def take_over(tx: Tx) -> None:
    """At the start of the only process that works on this store: who held a lease is dead."""
    if store.take_over(tx):
        tx.wake(store.CHANNEL)


def lag(tx: Tx) -> list[Lag]:
    """One entry for each kind that has open or parked items."""
    kinds: dict[str, dict[str, RowMapping]] = {}
    for row in store.lag(tx):
        kinds.setdefault(row["kind"], {})[row["state"]] = row
    return [_lag(tx.now, kind, states) for kind, states in sorted(kinds.items())]


def prune(tx: Tx, before: Micros, after: int | None = None) -> int | None:
    """Delete items done before `before` among the next thousand ids.

    Returns where to go on, in a transaction of its own; None when all the old ones were seen.
    """
    return store.prune(tx, before, after or 0)


def _row(new: New) -> dict[str, Any]:
    return {
        "kind": new.kind,
        "key": new.key,
        "order": new.order,
        "payload": store.encoded(new.payload),
        "version": new.version,
        "due": new.due,
    }


def _lag(now: Micros, kind: str, states: Mapping[str, RowMapping]) -> Lag:
    counts = {state: row["items"] for state, row in states.items()}
    oldest = states["waiting"]["oldest"] if "waiting" in states else now
    return Lag(
        kind=kind,
        waiting=counts.get("waiting", 0),
        running=counts.get("running", 0),
        parked=counts.get("parked", 0),
        oldest_seconds=max(0, now - oldest) / 1_000_000,
    )

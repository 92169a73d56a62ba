"""Every SQL statement about the audit log. There is none that changes an entry."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    delete,
    func,
    select,
    text,
)

from towpath.kernel.audit.model import Entry, Search, Values
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Sql, Tx
from towpath.kernel.origin import Origin

METADATA = MetaData()
ENTRY = Table(
    "audit_entry",
    METADATA,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    Column("at", BigInteger, nullable=False, index=True),
    Column("action", String(100), nullable=False),
    Column("subject", Text, nullable=False),
    Column("who_id", String(40), nullable=False),
    Column("who", String(100), nullable=False),
    Column("proof", String(20), nullable=False),
    Column("proof_id", String(100), nullable=False),
    Column("address", String(100), nullable=False),
    Column("agent", Text, nullable=False),
    Column("request", String(100), nullable=False),
    Column("before", Text),
    Column("after", Text),
    Index("ix_audit_entry_subject", "subject", "id"),
    Index("ix_audit_entry_who", "who", "id"),
    sqlite_autoincrement=True,
)
_COLUMNS = (
    "at", "action", "subject", "who_id", "who", "proof", "proof_id", "address", "agent",
    "request", "before", "after",
)  # fmt: skip
_ADD = Sql(
    f"INSERT INTO audit_entry ({', '.join(_COLUMNS)}) "  # noqa: S608 - our own names
    f"VALUES (:now, {', '.join(f':{name}' for name in _COLUMNS[1:])})"
)
_ALLOW_FORGETTING = text("SELECT set_config('towpath.audit', 'forget', true)")
_GIVEN_OUT = text("SELECT last_value FROM audit_entry_id_seq")
_ADDING = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation'"
    " AND relation = 'audit_entry'::regclass AND mode = 'RowExclusiveLock' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_STRIDE = 1000


def add(
    tx: Tx, action: str, subject: str, origin: Origin, values: tuple[Values | None, Values | None]
) -> None:
    before, after = map(_encoded, values)
    tx.direct(
        _ADD,
        {
            "action": action,
            "subject": subject,
            "who_id": origin.id,
            "who": origin.login,
            "proof": origin.proof,
            "proof_id": origin.proof_id,
            "address": origin.address,
            "agent": origin.agent,
            "request": origin.request,
            "before": before,
            "after": after,
        },
    )


def search(tx: Tx, wanted: Search, below: int | None, limit: int) -> list[Entry]:
    """Newest first, those with ids below `below`."""
    chosen = _matching(wanted).order_by(ENTRY.c.id.desc()).limit(limit)
    if below is not None:
        chosen = chosen.where(ENTRY.c.id < below)
    return [_entry(row) for row in tx.rows(chosen)]


def onwards(tx: Tx, wanted: Search, above: int, last: int, limit: int) -> list[Entry]:
    """Oldest first, those with ids above `above`, up to `last`."""
    chosen = _matching(wanted).where(ENTRY.c.id > above, ENTRY.c.id <= last)
    return [_entry(row) for row in tx.rows(chosen.order_by(ENTRY.c.id).limit(limit))]


def newest(tx: Tx) -> int:
    """The highest id that was given out, on PostgreSQL perhaps to an entry nobody sees yet."""
    found = tx.scalar(_GIVEN_OUT if tx.dialect == "postgresql" else select(func.max(ENTRY.c.id)))
    return int(found or 0)


def adding(tx: Tx) -> frozenset[str]:
    """The transactions of PostgreSQL that have added entries and may still commit them.

    An insert locks the table like this before it takes its id, and until its transaction ends.
    SQLite writes one transaction after the other, so none is ever seen there in the middle.
    """
    if tx.dialect == "sqlite":
        return frozenset()
    return frozenset(row["virtualtransaction"] for row in tx.rows(_ADDING))


def _matching(wanted: Search) -> Select[Any]:
    column, chosen = ENTRY.c, select(ENTRY)
    if wanted.who is not None:
        chosen = chosen.where(column.who == wanted.who)
    if wanted.what is not None:
        chosen = chosen.where(column.action.startswith(wanted.what, autoescape=True))
    if wanted.subject is not None:
        chosen = chosen.where(column.subject.startswith(wanted.subject, autoescape=True))
    if wanted.since is not None:
        chosen = chosen.where(column.at >= wanted.since)
    if wanted.until is not None:
        chosen = chosen.where(column.at < wanted.until)
    return chosen


def forget(tx: Tx, before: Micros, after: int) -> int | None:
    """Delete old entries among the next thousand; where to go on, or None at the end."""
    ids: Sequence[Any] = tx.execute(
        select(ENTRY.c.id).where(ENTRY.c.id > after).order_by(ENTRY.c.id).limit(_STRIDE)
    ).scalars().all()  # fmt: skip
    if not ids:
        return None
    if tx.dialect == "postgresql":
        tx.execute(_ALLOW_FORGETTING)
    gone = tx.execute(
        delete(ENTRY).where(ENTRY.c.id > after, ENTRY.c.id <= ids[-1], ENTRY.c.at < before)
    )
    # Ids follow time but for moments: where nothing was old, what comes after is not either.
    return int(ids[-1]) if gone.rowcount and len(ids) == _STRIDE else None


def _encoded(values: Values | None) -> str | None:
    return None if values is None else msgspec.json.encode(values).decode()


def _decoded(stored: str | None) -> Values | None:
    read: Values | None = None if stored is None else msgspec.json.decode(stored)
    return read


def _entry(row: RowMapping) -> Entry:
    whole = dict(row)
    return Entry(
        **whole | {"before": _decoded(row["before"]), "after": _decoded(row["after"])},
    )

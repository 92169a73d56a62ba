"""Every SQL statement of work.

A row is `waiting`, `running`, `parked` or `done`. `ready` is the moment from which a worker may
take it: the due time while it waits, the end of the lease while it runs. So one index and one
statement serve what is due and what a dead worker left behind. `fence` grows with each claim;
who finishes must show the one it got.

A claim looks at each due row that its order holds back: 2 µs on SQLite, 20 µs on PostgreSQL. So
a parked row with 10,000 behind it is felt; retry it or cancel them.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    TextClause,
    text,
)

from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Sql, Tx
from towpath.kernel.errors import InvalidInput

METADATA = MetaData()
CHANNEL = "work"
"""What is woken when there may be something to take."""
Kinds = tuple[tuple[str, int, int], ...]
"""What a worker can do: kind, newest version of payloads it reads, lease in microseconds."""
BIG = BigInteger().with_variant(Integer, "sqlite")

ITEM = Table(
    "work_item",
    METADATA,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("key", Text),
    Column("order_key", Text),
    Column("payload", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("ready", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Column("error", Text),
    Column("trace", Text),
    sqlite_autoincrement=True,  # a freed id must not come back: an old worker may still hold it
)
_OPEN = text("state IN ('waiting', 'running')")
_WAITING_KEY = text("state = 'waiting' AND key IS NOT NULL")
_ORDERED = text("state <> 'done' AND order_key IS NOT NULL")
_PARKED = text("state = 'parked'")


def _partial(name: str, *columns: str, where: TextClause, unique: bool = False) -> Index:
    on = [ITEM.c[column] for column in columns]
    return Index(name, *on, unique=unique, sqlite_where=where, postgresql_where=where)


_partial("work_item_ready", "ready", "id", where=_OPEN)
_partial("work_item_key", "kind", "key", where=_WAITING_KEY, unique=True)
_partial("work_item_order", "order_key", "id", where=_ORDERED)
_partial("work_item_parked", "id", where=_PARKED)


def encoded(payload: Mapping[str, Any]) -> str:
    """A payload as it is stored; InvalidInput for the one character that no store keeps."""
    text = msgspec.json.encode(payload)
    if b"\\u0000" in text:
        raise InvalidInput("A payload must not hold the character NUL: PostgreSQL cannot keep it.")
    return text.decode()


class Claimed(NamedTuple):
    """A row as its claim returns it."""

    id: int
    kind: str
    key: str | None
    order: str | None
    payload: str
    version: int
    attempt: int
    fence: int
    due: int
    created: int
    trace: str | None = None


_INSERT = """
INSERT INTO work_item
    (kind, key, order_key, payload, version, state, due, ready, attempt, fence, asked, created,
     trace)
"""
_VALUES = """
VALUES (:kind, :key, :order, :payload, :version, 'waiting',
    COALESCE(:due, :now), COALESCE(:due, :now), 0, 0, 1, :now, :trace)
"""
_MANY_VALUES = """
SELECT kind, key, order_key, payload, version, 'waiting',
    COALESCE(due, :now), COALESCE(due, :now), 0, 0, 1, :now, trace
FROM unnest(
    CAST(:kind AS text[]), CAST(:key AS text[]), CAST(:order AS text[]), CAST(:payload AS text[]),
    CAST(:version AS int[]), CAST(:due AS bigint[]), CAST(:trace AS text[])
) WITH ORDINALITY AS asked (kind, key, order_key, payload, version, due, trace, position)
ORDER BY position
"""
# A row that waits already serves the new asker too, no later than asked. Writing to it is what
# makes a claim of that row and this transaction exclude each other: no nudge falls between.
_SERVES = """
ON CONFLICT (kind, key) WHERE state = 'waiting' AND key IS NOT NULL DO UPDATE SET
    asked = work_item.asked + 1,
    trace = COALESCE(excluded.trace, work_item.trace),
    due = CASE WHEN excluded.due < work_item.ready THEN excluded.due ELSE work_item.due END,
    ready = CASE WHEN excluded.due < work_item.ready THEN excluded.due ELSE work_item.ready END
"""
_ADD = Sql(_INSERT + _VALUES + _SERVES + "RETURNING id, asked")
_ADD_MANY = Sql(_INSERT + _VALUES + _SERVES, postgresql=_INSERT + _MANY_VALUES + _SERVES)
# Ids of one order must be given out in commit order, or a later row could run before an earlier
# one is seen. SQLite has one writer; on PostgreSQL adders to the same order take turns.
_TAKE_TURNS = Sql("""
SELECT count(pg_advisory_xact_lock(hashtextextended(name, 0)))
FROM (SELECT unnest(CAST(:orders AS text[])) AS name ORDER BY name) AS orders
""")


def add(tx: Tx, row: dict[str, Any]) -> int | None:
    """Insert a row; None when one with its key waits already, which then is due no later."""
    _take_turns(tx, [row])
    item, asked = tx.direct(_ADD, {**row, "trace": tx.trace or None}).fetchone()
    return item if asked == 1 else None


def add_many(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows whose keys differ from each other."""
    rows = [{**row, "trace": tx.trace or None} for row in rows]
    _take_turns(tx, rows)
    if tx.dialect == "sqlite":
        tx.direct_many(_ADD_MANY, rows)
    else:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        tx.direct(_ADD_MANY, columns)


def _take_turns(tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
    orders = {row["order"] for row in rows if row["order"] is not None}
    if orders and tx.dialect == "postgresql":
        tx.direct(_TAKE_TURNS, {"orders": list(orders)})


_CANCEL = text("DELETE FROM work_item WHERE state = 'waiting' AND kind = :kind AND key = :key")


def cancel(tx: Tx, kind: str, key: str) -> bool:
    return tx.execute(_CANCEL, {"kind": kind, "key": key}).rowcount > 0


_BEFORE = "before.order_key = work_item.order_key AND before.id < work_item.id"
# The same in words that only the index on both columns can answer. Given the plain ones, the
# planner may walk the primary key, past every row of every other order.
_BEFORE_BY_INDEX = """
before.order_key >= work_item.order_key
AND (before.order_key, before.id) < (work_item.order_key, work_item.id)
"""


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _takeable(kinds: Kinds, before: str) -> str:
    """Open rows that a worker can do and that no earlier one of their order holds back.

    Kinds are names in our code; they are quoted all the same.
    """
    names = ", ".join(_quoted(kind) for kind, _, _ in kinds)
    versions = "".join(f" WHEN {_quoted(kind)} THEN {newest}" for kind, newest, _ in kinds)
    return f"""
state IN ('waiting', 'running') AND kind IN ({names}) AND version <= CASE kind{versions} END
AND (order_key IS NULL OR NOT EXISTS (
    SELECT 1 FROM work_item AS before
    WHERE {before} AND before.state <> 'done' AND before.order_key IS NOT NULL))
"""  # noqa: S608 - only quoted names and integers


@cache
def _claim(kinds: Kinds) -> Sql:
    """On PostgreSQL it also tells, in each row, when the first row that it left can be taken."""
    ahead = ", (SELECT min(ready) - :now FROM seen WHERE id NOT IN (SELECT id FROM taken))"
    theirs = _claim_text(kinds, _BEFORE_BY_INDEX, lock="FOR UPDATE SKIP LOCKED", ahead=ahead)
    return Sql(_claim_text(kinds, _BEFORE), postgresql=theirs)


def _claim_text(kinds: Kinds, before: str, lock: str = "", ahead: str = "") -> str:
    leases = "".join(f" WHEN {_quoted(kind)} THEN {lease}" for kind, _, lease in kinds)
    return f"""
WITH seen AS MATERIALIZED (
    SELECT id, ready FROM work_item
    WHERE ready <= :now + :within AND {_takeable(kinds, before)}
    ORDER BY ready, id LIMIT :most + 1 {lock}
), taken AS MATERIALIZED (
    SELECT id FROM seen WHERE ready <= :now ORDER BY ready, id LIMIT :most
)
UPDATE work_item SET state = 'running', attempt = attempt + 1, fence = fence + 1,
    ready = :now + CASE kind{leases} END
WHERE id IN (SELECT id FROM taken)
RETURNING id, kind, key, order_key, payload, version, attempt, fence, due, created,
    trace{ahead}
"""  # noqa: S608 - only quoted names and integers


def claim(tx: Tx, kinds: Kinds, most: int, within: int) -> tuple[list[Claimed], int | None]:
    """Take up to `most` rows that are due, or whose lease ended, the longest due first.

    Also says in how many µs the next row can be taken, if that is `within` so many.
    """
    found = tx.direct(_claim(kinds), {"most": most, "within": within}).fetchall()
    rows = sorted((Claimed(*row[:11]) for row in found), key=lambda row: (row.due, row.id))
    if found and tx.dialect == "postgresql":
        return rows, found[0][11]
    return rows, _ahead(tx, kinds, within)


def _ahead(tx: Tx, kinds: Kinds, within: int) -> int | None:
    row = tx.direct(_next_ready(kinds), {"within": within}).fetchone()
    return None if row is None else int(row[0])


@cache
def _next_ready(kinds: Kinds) -> Sql:
    statement = """
SELECT ready - :now FROM work_item WHERE ready <= :now + :within AND {}
ORDER BY ready, id LIMIT 1
"""
    return Sql(
        statement.format(_takeable(kinds, _BEFORE)),
        postgresql=statement.format(_takeable(kinds, _BEFORE_BY_INDEX)),
    )


_MINE = "id = :id AND fence = :fence AND state = 'running'"
_FINISH = Sql(f"UPDATE work_item SET state = 'done', finished = :now WHERE {_MINE}")  # noqa: S608
_FINISH_MANY = Sql(
    _FINISH.text["sqlite"],
    postgresql="""
UPDATE work_item SET state = 'done', finished = :now
FROM unnest(CAST(:ids AS bigint[]), CAST(:fences AS int[])) AS mine (id, fence)
WHERE work_item.id = mine.id AND work_item.fence = mine.fence AND state = 'running'
""",
)
_RENEW = Sql(f"UPDATE work_item SET ready = :now + :lease WHERE {_MINE}")  # noqa: S608
_RELEASE = text(f"""
UPDATE work_item SET ready = due, attempt = attempt - 1, fence = fence + 1 WHERE {_MINE}
""")  # noqa: S608
_TAKE_OVER = text("UPDATE work_item SET ready = :now WHERE state = 'running' AND ready > :now")
_PARK = text(f"""
UPDATE work_item SET state = 'parked', error = :error, finished = :now WHERE {_MINE}
""")  # noqa: S608
# What waits under the same key serves this row too, and takes over its count of attempts.
_HAND_OVER = text(f"""
UPDATE work_item SET attempt = (SELECT attempt FROM work_item WHERE {_MINE})
WHERE state = 'waiting' AND kind = :kind AND key = :key
  AND EXISTS (SELECT 1 FROM work_item WHERE {_MINE})
""")  # noqa: S608
_HANDED_OVER = text(f"""
UPDATE work_item SET state = 'done', finished = :now, error = :error WHERE {_MINE}
""")  # noqa: S608
_AGAIN = text(f"""
UPDATE work_item SET state = 'waiting', ready = :ready, error = :error WHERE {_MINE}
""")  # noqa: S608


def finish(tx: Tx, item: int, fence: int) -> bool:
    """False: the lease was lost, and with it the right to finish."""
    finished = tx.direct(_FINISH, {"id": item, "fence": fence})
    return bool(finished.rowcount == 1)


def finish_many(tx: Tx, claims: Sequence[tuple[int, int]]) -> None:
    """Finish those of (id, fence) whose lease still stands."""
    if len(claims) == 1:
        finish(tx, *claims[0])
    elif tx.dialect == "sqlite":
        tx.direct_many(_FINISH_MANY, [{"id": item, "fence": fence} for item, fence in claims])
    else:
        ids, fences = zip(*claims, strict=True)
        tx.direct(_FINISH_MANY, {"ids": list(ids), "fences": list(fences)})


def renew(tx: Tx, item: int, fence: int, lease: int) -> None:
    tx.direct(_RENEW, {"id": item, "fence": fence, "lease": lease})


def release(tx: Tx, item: int, fence: int) -> None:
    """Give a claim back unused, as if it had not been taken."""
    tx.execute(_RELEASE, {"id": item, "fence": fence})


def take_over(tx: Tx) -> int:
    """Let whatever is claimed be claimed anew, now; how many rows that were."""
    return int(tx.execute(_TAKE_OVER, {"now": tx.now}).rowcount)


def park(tx: Tx, item: int, fence: int, error: str) -> None:
    tx.execute(_PARK, {"id": item, "fence": fence, "error": error, "now": tx.now})


def again(tx: Tx, claim: Mapping[str, Any], ready: Micros, error: str) -> None:
    """Let the row wait until `ready`, or end it when another waits under its key."""
    mine = {"id": claim["id"], "fence": claim["fence"], "error": error}
    waiting = {"kind": claim["kind"], "key": claim["key"]}
    if claim["key"] and tx.execute(_HAND_OVER, {**mine, **waiting}).rowcount:
        tx.execute(_HANDED_OVER, {**mine, "now": tx.now})
    else:
        tx.execute(_AGAIN, {**mine, "ready": ready})


_PARKED_ROWS = text("""
SELECT id, kind, key, order_key, payload, version, attempt, error, created, finished
FROM work_item WHERE state = 'parked' AND id > :after ORDER BY id LIMIT :most
""")
_PARKED_ROW = text("SELECT kind, key FROM work_item WHERE state = 'parked' AND id = :id")
_IS_WAITING = text("""
SELECT 1 FROM work_item WHERE state = 'waiting' AND kind = :kind AND key = :key
""")
_RETRY = text("""
UPDATE work_item SET state = :state, ready = :now, due = :now, attempt = 0, fence = fence + 1,
    finished = CASE WHEN :state = 'done' THEN finished END
WHERE state = 'parked' AND id = :id
""")
_LAG = text("""
SELECT kind, state, count(*) AS items, min(due) AS oldest FROM work_item
WHERE state IN ('waiting', 'running') GROUP BY kind, state
UNION ALL
SELECT kind, state, count(*) AS items, min(due) AS oldest FROM work_item
WHERE state = 'parked' GROUP BY kind, state
""")


def parked(tx: Tx, after: int, most: int) -> Sequence[RowMapping]:
    return tx.rows(_PARKED_ROWS, {"after": after, "most": most})


def retry(tx: Tx, item: int) -> bool:
    """Let a parked row wait again, or end it when another waits under its key."""
    row = tx.row(_PARKED_ROW, {"id": item})
    if row is None:
        return False
    served = tx.scalar(_IS_WAITING, {"kind": row["kind"], "key": row["key"]})
    state = "done" if served else "waiting"
    return tx.execute(_RETRY, {"id": item, "now": tx.now, "state": state}).rowcount == 1


def lag(tx: Tx) -> Sequence[RowMapping]:
    return tx.rows(_LAG)


_OLDEST = text("""
SELECT id, state, finished, created FROM work_item WHERE id > :after ORDER BY id LIMIT 1000
""")
_DELETE = text("DELETE FROM work_item WHERE id = :id AND state = 'done'")


def prune(tx: Tx, before: Micros, after: int) -> int | None:
    """Delete rows done before `before` among the next thousand ids; where to go on, or None.

    Ids grow with time, so the walk ends at the first row created since: no index is needed on
    the time of finishing, which every single finish would pay for.
    """
    rows = [row for row in tx.rows(_OLDEST, {"after": after}) if row["created"] < before]
    old = [
        {"id": row["id"]} for row in rows if row["state"] == "done" and row["finished"] < before
    ]
    if old:
        tx.execute(_DELETE, old)
    return rows[-1]["id"] if rows else None

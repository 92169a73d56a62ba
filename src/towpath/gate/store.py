"""Rows of the gate: one a merge request, and one a decision about it.

A change is kept whole as JSON, beside the columns that are asked for; what is asked of the
columns is derived from it in one place, `_row`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    delete,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from towpath.gate.model.queue import IN_QUEUE, Action, Change, Queue, Sha
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx

METADATA = MetaData()
CHANGE = Table(
    "gate_change",
    METADATA,
    Column("repository", String(40), primary_key=True),
    Column("branch", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", String(10), nullable=False),
    Column("suite", String(40), index=True),
    Column("ended", BigInteger, index=True),
    Column("changed", BigInteger, nullable=False, index=True),
    Column("body", Text, nullable=False),
    Index("gate_change_by_request", "repository", "number"),
    Index("gate_change_by_state", "state"),
)
DECISION = Table(
    "gate_decision",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("repository", String(40), nullable=False),
    Column("branch", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("tip", String(40)),
    Column("at", BigInteger, nullable=False, index=True),
    Column("action", Text, nullable=False),
    Index("gate_decision_by_request", "repository", "number", "id"),
)
Key = tuple[str, str, int]
"""Repository, branch and number: the key of a row."""
_REMEMBERED = 50
_AT_ONCE = 1000
_decoder = msgspec.json.Decoder(Change)


@dataclass(frozen=True)
class Place:
    """Where a queue is: a target branch of a repository."""

    repository: str
    branch: str


def load(tx: Tx, place: Place) -> Queue:
    """Every change that is not over, and the last fifty that landed."""
    here = _at(place)
    open_ones = select(CHANGE.c.body).where(here, CHANGE.c.state != "landed")
    landed = select(CHANGE.c.body).where(here, CHANGE.c.state == "landed")
    recent = landed.order_by(CHANGE.c.ended.desc(), CHANGE.c.number.desc()).limit(_REMEMBERED)
    bodies = [row["body"] for each in (open_ones, recent) for row in tx.rows(each)]
    changes = sorted((_decoder.decode(body) for body in bodies), key=lambda change: change.number)
    return Queue(branch=place.branch, changes=tuple(changes))


def save(tx: Tx, place: Place, before: Queue, after: Queue) -> bool:
    """Write the changes that differ; say whether there were any."""
    known = {change.number: change for change in before.changes}
    rows = [_row(place, c, tx.now) for c in after.changes if known.get(c.number) != c]
    for row in rows:
        put = (sqlite_insert if tx.dialect == "sqlite" else postgres_insert)(CHANGE).values(row)
        keys = [CHANGE.c.repository, CHANGE.c.branch, CHANGE.c.number]
        tx.execute(put.on_conflict_do_update(index_elements=keys, set_=row))
    return bool(rows)


def _row(place: Place, change: Change, now: Micros) -> dict[str, Any]:
    return {
        "repository": place.repository,
        "branch": place.branch,
        "number": change.number,
        "state": change.state,
        "suite": change.candidate.suite if change.candidate and change.in_queue else None,
        "ended": change.ended,
        "changed": now,
        "body": msgspec.json.encode(change).decode(),
    }


def branches(tx: Tx, repository: str) -> list[str]:
    """The target branches of a repository that have a queue."""
    chosen = select(CHANGE.c.branch).where(CHANGE.c.repository == repository).distinct()
    return [row["branch"] for row in tx.rows(chosen.order_by(CHANGE.c.branch))]


def judged_last(tx: Tx, most: int, but: Collection[str] = ()) -> list[tuple[str, int]]:
    """The requests that landed or were refused last, by repository and number, newest first.

    None of the repositories in `but`.
    """
    chosen = select(CHANGE.c.repository, CHANGE.c.number, CHANGE.c.state)
    chosen = chosen.where(CHANGE.c.repository.not_in(but)) if but else chosen
    rows = tx.rows(
        chosen.where(CHANGE.c.ended.is_not(None)).order_by(CHANGE.c.ended.desc()).limit(2 * most)
    )
    judged = [row for row in rows if row["state"] in {"landed", "refused"}]
    return [(row["repository"], row["number"]) for row in judged[:most]]


def busy(tx: Tx) -> list[Place]:
    """Every queue with somebody in it."""
    chosen = select(CHANGE.c.repository, CHANGE.c.branch).where(CHANGE.c.state.in_(IN_QUEUE))
    return [Place(**row) for row in tx.rows(chosen.distinct())]


def waiting_for(tx: Tx, suite: str) -> list[Place]:
    """The queues that a suite is tested for."""
    chosen = select(CHANGE.c.repository, CHANGE.c.branch).where(CHANGE.c.suite == suite)
    return [Place(**row) for row in tx.rows(chosen)]


def add_decisions(tx: Tx, place: Place, tip: Sha | None, actions: Iterable[Action]) -> None:
    """Write down what was decided while the branch stood at `tip`."""
    rows = [
        {
            "repository": place.repository,
            "branch": place.branch,
            "number": action.number,
            "tip": tip,
            "at": tx.now,
            "action": _told(action),
        }
        for action in actions
    ]
    if rows:
        tx.execute(DECISION.insert(), rows)


def _told(action: Action) -> str:
    fields = msgspec.to_builtins(action)
    fields.pop("number")
    return msgspec.json.encode({"do": type(action).__name__, **fields}).decode()


def decisions(tx: Tx, repository: str, number: int, limit: int) -> Sequence[dict[str, Any]]:
    """The last decisions about a request, oldest first."""
    chosen = select(DECISION.c.at, DECISION.c.tip, DECISION.c.action).where(
        DECISION.c.repository == repository, DECISION.c.number == number
    )
    rows = tx.rows(chosen.order_by(DECISION.c.id.desc()).limit(limit))
    return [
        {"at": row["at"], "tip": row["tip"], **msgspec.json.decode(row["action"])}
        for row in reversed(rows)
    ]


def old(tx: Tx, before: Micros, after: Key) -> list[tuple[Place, int, str]]:
    """The next changes that nobody touched since `before`, with their states, in key order."""
    keys = (CHANGE.c.repository, CHANGE.c.branch, CHANGE.c.number)
    repository, branch, number = after
    beyond = or_(
        keys[0] > repository,
        and_(keys[0] == repository, keys[1] > branch),
        and_(keys[0] == repository, keys[1] == branch, keys[2] > number),
    )
    idle = and_(CHANGE.c.changed < before, CHANGE.c.state.not_in(IN_QUEUE))
    chosen = select(*keys, CHANGE.c.state).where(beyond, idle).order_by(*keys).limit(_AT_ONCE)
    return [
        (Place(row["repository"], row["branch"]), row["number"], row["state"])
        for row in tx.rows(chosen)
    ]


def drop_all(tx: Tx, repository: str) -> None:
    """Forget every queue of a repository, and what was decided in them."""
    tx.execute(delete(CHANGE).where(CHANGE.c.repository == repository))
    tx.execute(delete(DECISION).where(DECISION.c.repository == repository))


def drop(tx: Tx, place: Place, number: int) -> None:
    tx.execute(delete(CHANGE).where(_at(place), CHANGE.c.number == number))


def forget_decisions(tx: Tx, before: Micros, after: int | None) -> int | None:
    """Delete decisions made before a moment among the next thousand; where to go on, or None."""
    chosen = select(DECISION.c.id, DECISION.c.at).where(DECISION.c.id > (after or 0))
    seen = [r for r in tx.rows(chosen.order_by(DECISION.c.id).limit(_AT_ONCE)) if r["at"] < before]
    if seen:
        tx.execute(delete(DECISION).where(DECISION.c.id.in_([row["id"] for row in seen])))
    return seen[-1]["id"] if seen else None


def _at(place: Place) -> Any:
    return and_(CHANGE.c.repository == place.repository, CHANGE.c.branch == place.branch)

"""Facts: announced in the transaction that makes them true, delivered once per consumer.

A delivery is a row of work: kind "fact:<consumer>", order "<consumer>/<subject>". The reaction
runs in the transaction that finishes that row, so its effect on the database happens exactly
once; one that needs the outside world adds work of its own. A fact that cannot be handled is
parked and holds back its subject, for that consumer alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NewType, TypeVar

import msgspec
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, text

from towpath.kernel import ids, tracing
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import PermanentError
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler, Item

FactId = NewType("FactId", str)
F = TypeVar("F")

METADATA = MetaData()
FACT = Table(
    "outbox_fact",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("trace", Text),
)
SUBSCRIPTION = Table(
    "outbox_subscription",
    METADATA,
    Column("consumer", Text, primary_key=True),
    Column("fact", Text, nullable=False),
)


@dataclass(frozen=True)
class FactType:
    """What a class of facts is called, the layout of its body, and the field it is about."""

    name: str
    version: int
    subject: str


@dataclass(frozen=True)
class Delivered:
    """A fact as its consumer gets it; `at` is when it became true."""

    id: FactId
    fact: Any
    at: Micros


@dataclass(frozen=True)
class Reaction:
    """What `consumer` ("part.verb", unique for ever) does about facts of one class."""

    consumer: str
    fact: type
    handle: Callable[[Tx, Delivered], None]


def fact(name: str, *, version: int, subject: str) -> Callable[[type[F]], type[F]]:
    """Mark a frozen dataclass as a fact; `subject` names the field that order is kept for."""

    def mark(cls: type[F]) -> type[F]:
        cls.__fact__ = FactType(name, version, subject)  # type: ignore[attr-defined]
        return cls

    return mark


def fact_type(cls: type) -> FactType:
    found: FactType = cls.__fact__  # type: ignore[attr-defined]
    return found


_ANNOUNCE = text("""
INSERT INTO outbox_fact (id, name, version, subject, body, at, trace)
VALUES (:id, :name, :version, :subject, :body, :at, :trace)
""")
_CONSUMERS = text("SELECT consumer FROM outbox_subscription WHERE fact = :fact ORDER BY consumer")
_FACT = text("SELECT id, body, at FROM outbox_fact WHERE id = :id")
_SUBSCRIPTIONS = text("SELECT consumer, fact FROM outbox_subscription")
_SUBSCRIBE = text("""
INSERT INTO outbox_subscription (consumer, fact) VALUES (:consumer, :fact)
ON CONFLICT (consumer) DO UPDATE SET fact = excluded.fact
""")
_UNSUBSCRIBE = text("DELETE FROM outbox_subscription WHERE consumer = :consumer")


def announce(tx: Tx, fact: Any) -> FactId:
    """Write the fact and one delivery for each consumer that is subscribed now."""
    kind = fact_type(type(fact))
    fact_id = FactId(ids.new("fact"))
    subject = str(getattr(fact, kind.subject))
    body = msgspec.json.encode(fact).decode()
    row = {"id": fact_id, "name": kind.name, "version": kind.version, "subject": subject}
    trace = tracing.point(f"announce {kind.name}", tx.trace, {"towpath.fact": fact_id})
    tx.execute(_ANNOUNCE, {**row, "body": body, "at": tx.now, "trace": trace or None})
    consumers = tx.execute(_CONSUMERS, {"fact": kind.name}).scalars().all()
    with tx.traced(trace):
        work.add_many(
            tx, [_delivery(consumer, subject, fact_id, kind.version) for consumer in consumers]
        )
    return fact_id


def subscribe(tx: Tx, reactions: Sequence[Reaction]) -> None:
    """Make the stored consumers these; called at start with the reactions of all parts."""
    known = {row["consumer"]: row["fact"] for row in tx.rows(_SUBSCRIPTIONS)}
    wanted = {each.consumer: fact_type(each.fact).name for each in reactions}
    if len(wanted) != len(reactions):
        raise ValueError("two reactions have the same consumer name")
    for consumer in known.keys() - wanted.keys():
        tx.execute(_UNSUBSCRIBE, {"consumer": consumer})
    for consumer, name in wanted.items():
        if known.get(consumer) != name:
            tx.execute(_SUBSCRIBE, {"consumer": consumer, "fact": name})


def handlers(reactions: Sequence[Reaction]) -> list[Handler]:
    """One handler of work for each reaction; a fact newer than its class waits for its reader."""
    return [
        Handler.transactional(
            _kind(each.consumer),
            partial(_deliver, each),
            version=fact_type(each.fact).version,
        )
        for each in reactions
    ]


def _delivery(consumer: str, subject: str, fact_id: FactId, version: int) -> work.New:
    return work.New(
        kind=_kind(consumer),
        payload={"fact": fact_id},
        order=f"{consumer}/{subject}",
        version=version,
    )


def _kind(consumer: str) -> str:
    return f"fact:{consumer}"


def _deliver(reaction: Reaction, tx: Tx, item: Item) -> None:
    row = tx.row(_FACT, {"id": item.payload["fact"]})
    if row is None:
        raise PermanentError(f"The fact {item.payload['fact']} is gone.")
    reaction.handle(tx, Delivered(row["id"], _decode(reaction.fact, row["body"]), row["at"]))


def _decode(cls: type, body: str) -> Any:
    try:
        return msgspec.json.decode(body, type=cls)
    except msgspec.MsgspecError as error:
        raise PermanentError(f"The fact does not read as a {cls.__name__}: {error}") from error


_NOT_HANDLED = text("""
SELECT payload FROM work_item
WHERE state IN ('waiting', 'running') AND kind LIKE 'fact:%' AND created < :before
UNION ALL
SELECT payload FROM work_item
WHERE state = 'parked' AND kind LIKE 'fact:%' AND created < :before
""")
_OLDEST = text("SELECT id, at FROM outbox_fact WHERE id > :after ORDER BY id LIMIT 1000")
_DELETE = text("DELETE FROM outbox_fact WHERE id = :id")


def prune(tx: Tx, before: Micros, after: str | None = None) -> str | None:
    """Delete facts older than `before` that every consumer has handled, among the next thousand.

    Returns where to go on, in a transaction of its own; None when all the old ones were seen.
    """
    payloads = tx.execute(_NOT_HANDLED, {"before": before}).scalars()
    needed = {msgspec.json.decode(payload)["fact"] for payload in payloads}
    seen = [row["id"] for row in tx.rows(_OLDEST, {"after": after or ""}) if row["at"] < before]
    old = [{"id": each} for each in seen if each not in needed]
    if old:
        tx.execute(_DELETE, old)
    return seen[-1] if seen else None

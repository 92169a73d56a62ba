"""Webhooks and what was sent to them."""

from collections.abc import Sequence
from dataclasses import asdict

import msgspec
from sqlalchemy import RowMapping, delete, func, insert, select, update

from towpath.forge.model.webhooks import Answer, Delivery, State, Traffic, Webhook
from towpath.forge.store.tables import DELIVERY, REPOSITORY, WEBHOOK
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound

_ANSWER = ("status", "headers", "body", "error", "seconds", "at")


def add(tx: Tx, made: Webhook) -> None:
    tx.execute(insert(WEBHOOK).values(asdict(made) | {"events": _packed(made.events)}))


def change(tx: Tx, made: Webhook) -> None:
    values = asdict(made) | {"events": _packed(made.events), "updated": tx.now}
    tx.execute(update(WEBHOOK).where(WEBHOOK.c.id == made.id).values(values))


def remove(tx: Tx, webhook: str) -> None:
    tx.execute(delete(DELIVERY).where(DELIVERY.c.webhook == webhook))
    tx.execute(delete(WEBHOOK).where(WEBHOOK.c.id == webhook))


def webhooks(tx: Tx, repository: str) -> list[Webhook]:
    chosen = select(WEBHOOK).where(WEBHOOK.c.repository == repository).order_by(WEBHOOK.c.id)
    return [_webhook(row) for row in tx.rows(chosen)]


def webhook(tx: Tx, repository: str, handle: int) -> Webhook:
    """Find a repository's webhook by its number; NotFound otherwise."""
    for found in webhooks(tx, repository):
        if found.handle == handle:
            return found
    raise NotFound("There is no such webhook here.", next_step="Look at the list of webhooks.")


def by_id(tx: Tx, webhook_id: str) -> Webhook | None:
    row = tx.row(select(WEBHOOK).where(WEBHOOK.c.id == webhook_id))
    return _webhook(row) if row else None


def add_delivery(tx: Tx, made: Delivery) -> None:
    known = {name: value for name, value in asdict(made).items() if name != "answer"}
    tx.execute(insert(DELIVERY).values(known))


def has_guid(tx: Tx, webhook_id: str, guid: str) -> bool:
    mine = (DELIVERY.c.webhook == webhook_id, DELIVERY.c.guid == guid)
    return tx.scalar(select(DELIVERY.c.id).where(*mine).limit(1)) is not None


def deliveries(tx: Tx, webhook_id: str, before: str | None, limit: int) -> list[Delivery]:
    """Messages to a webhook, newest first, from before the one with that id."""
    chosen = select(DELIVERY).where(DELIVERY.c.webhook == webhook_id)
    if before:
        chosen = chosen.where(DELIVERY.c.id < before)
    return [_delivery(row) for row in tx.rows(chosen.order_by(DELIVERY.c.id.desc()).limit(limit))]


def delivery(tx: Tx, webhook_id: str, handle: int) -> Delivery:
    """Find one message by its number; NotFound otherwise."""
    mine = (DELIVERY.c.webhook == webhook_id, DELIVERY.c.handle == handle)
    row = tx.row(select(DELIVERY).where(*mine))
    if row is None:
        raise NotFound("There is no such delivery.", next_step="It may be too old to be kept.")
    return _delivery(row)


def delivery_by_id(tx: Tx, delivery_id: str) -> Delivery | None:
    row = tx.row(select(DELIVERY).where(DELIVERY.c.id == delivery_id))
    return _delivery(row) if row else None


def answered(tx: Tx, delivery_id: str, answer: Answer, attempts: int, state: State) -> None:
    values = {f"answer_{name}": getattr(answer, name) for name in _ANSWER}
    tx.execute(
        update(DELIVERY)
        .where(DELIVERY.c.id == delivery_id)
        .values(values | {"attempts": attempts, "state": state})
    )


def count(tx: Tx) -> int:
    """How many webhooks there are, of all repositories."""
    return int(tx.scalar(select(func.count()).select_from(WEBHOOK)))


def traffic(tx: Tx, since: Micros) -> Traffic:
    """Count messages by what became of them: those made since then, and all that wait."""
    chosen = select(func.count().label("count"), func.min(DELIVERY.c.at).label("oldest"))
    ended = {
        state: tx.scalar(
            select(func.count()).where(DELIVERY.c.state == state, DELIVERY.c.at >= since)
        )
        for state in ("delivered", "failed")
    }
    waiting = tx.rows(chosen.where(DELIVERY.c.state == "waiting"))[0]
    of = select(REPOSITORY.c.owner, REPOSITORY.c.name, REPOSITORY.c.private).join_from(
        WEBHOOK, REPOSITORY, WEBHOOK.c.repository == REPOSITORY.c.id
    )
    stopped = tx.rows(of.where(WEBHOOK.c.stopped != "", WEBHOOK.c.active).order_by(WEBHOOK.c.id))
    return Traffic(
        **ended,
        waiting=waiting["count"],
        oldest=waiting["oldest"],
        stopped=len(stopped),
        named=next((f"{r['owner']}/{r['name']}" for r in stopped if not r["private"]), ""),
    )


def forget(tx: Tx, before: Micros) -> None:
    tx.execute(delete(DELIVERY).where(DELIVERY.c.at < before, DELIVERY.c.state != "waiting"))


def _packed(events: Sequence[str]) -> str:
    return msgspec.json.encode(events).decode()


def _webhook(row: RowMapping) -> Webhook:
    known = dict(row) | {"events": tuple(msgspec.json.decode(row["events"]))}
    return Webhook(**known)


def _delivery(row: RowMapping) -> Delivery:
    known = {name: value for name, value in row.items() if not name.startswith("answer_")}
    answer = None
    if row["answer_at"] is not None:
        answer = Answer(**{name: row[f"answer_{name}"] for name in _ANSWER})
    return Delivery(**known, answer=answer)

"""Schedules: one waiting tick per schedule, which adds the item and the next tick at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, RowMapping, Table, Text, text

from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.db.interface import Tx
from towpath.kernel.work import cron, store
from towpath.kernel.work.model import Handler, Item, Schedule

TICK = "work.tick"
SCHEDULE = Table(
    "work_schedule",
    store.METADATA,
    Column("name", Text, primary_key=True),
    Column("cron", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("jitter", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
)
_ALL = text("SELECT name, cron, zone, jitter, kind, payload FROM work_schedule")
_ONE = text("SELECT cron, zone, jitter, kind, payload FROM work_schedule WHERE name = :name")
_SAVE = text("""
INSERT INTO work_schedule (name, cron, zone, jitter, kind, payload)
VALUES (:name, :cron, :zone, :jitter, :kind, :payload)
ON CONFLICT (name) DO UPDATE SET cron = excluded.cron, zone = excluded.zone,
    jitter = excluded.jitter, kind = excluded.kind, payload = excluded.payload
""")
_DROP = text("DELETE FROM work_schedule WHERE name = :name")


def sync_schedules(tx: Tx, schedules: Sequence[Schedule]) -> None:
    """Make the stored schedules these: new ones start, changed ones move, others end."""
    known = {row["name"]: dict(row) for row in tx.rows(_ALL)}
    wanted = {schedule.name: _row(schedule) for schedule in schedules}
    for name in known.keys() - wanted.keys():
        tx.execute(_DROP, {"name": name})
        store.cancel(tx, TICK, name)
    for name, row in wanted.items():
        if known.get(name) != row:
            tx.execute(_SAVE, row)
            store.cancel(tx, TICK, name)
        _add_tick(tx, name, row, tx.now)


def tick_anew(tx: Tx) -> None:
    """Let every schedule tick next by the clock as it is now, if that is sooner."""
    for row in tx.rows(_ALL):
        _add_tick(tx, row["name"], row, tx.now)


def tick_handler() -> Handler:
    """Every worker has it: adds a schedule's item and its next tick in one transaction."""
    return Handler.transactional(TICK, _tick)


def _tick(tx: Tx, item: Item) -> None:
    """Times missed while nobody worked become one: the next tick is the next one from now."""
    name = item.payload["name"]
    row = tx.row(_ONE, {"name": name})
    if row is None:
        return
    _add(tx, row["kind"], row["payload"], f"schedule:{name}", None)
    _add_tick(tx, name, row, max(tx.now, item.due))


def _add_tick(tx: Tx, name: str, row: Mapping[str, Any] | RowMapping, after: Micros) -> None:
    due = cron.next_time(row["cron"], row["zone"], row["jitter"], name, after)
    _add(tx, TICK, msgspec.json.encode({"name": name}).decode(), name, due)


def _add(tx: Tx, kind: str, payload: str, key: str, due: Micros | None) -> None:
    row = {"kind": kind, "payload": payload, "key": key, "order": None, "due": due}
    store.add(tx, {**row, "version": 1})
    tx.wake(store.CHANNEL)


def _row(schedule: Schedule) -> dict[str, Any]:
    cron.check(schedule.cron, schedule.zone)
    return {
        "name": schedule.name,
        "cron": schedule.cron,
        "zone": schedule.zone,
        "jitter": round(schedule.jitter * SECOND),
        "kind": schedule.kind,
        "payload": store.encoded(schedule.payload),
    }

"""Entries of the caches of repositories."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update

from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx
from towpath.pipelines.model.results import Entry
from towpath.pipelines.store import uploads
from towpath.pipelines.store.tables import CACHE

_MOST = 1000


def add(tx: Tx, made: Entry) -> None:
    tx.execute(insert(CACHE).values(asdict(made)))


def at(tx: Tx, repository: str, scope: str, key: str, version: str) -> Entry | None:
    """Find an entry by all that tells it from others, also while it still arrives."""
    same = (CACHE.c.repository == repository, CACHE.c.scope == scope)
    row = tx.row(select(CACHE).where(*same, CACHE.c.key == key, CACHE.c.version == version))
    return Entry(**row) if row else None


def answering(
    tx: Tx, repository: str, scopes: Sequence[str], version: str, keys: Sequence[str]
) -> list[Entry]:
    """List the newest entries that one of some keys could mean."""
    begun = or_(*(_begins(key) for key in keys))
    chosen = select(CACHE).where(
        CACHE.c.repository == repository,
        CACHE.c.scope.in_(scopes),
        CACHE.c.version == version,
        CACHE.c.whole.is_(True),
        begun,
    )
    rows = tx.rows(chosen.order_by(CACHE.c.number.desc()).limit(_MOST))
    return [Entry(**row) for row in rows]


def of_repository(
    tx: Tx, repository: str, scope: str | None = None, beginning: str = ""
) -> list[Entry]:
    """List what a repository keeps, newest first."""
    wanted = [CACHE.c.repository == repository, CACHE.c.whole.is_(True)]
    wanted += [CACHE.c.scope == scope] if scope is not None else []
    wanted += [_begins(beginning)] if beginning else []
    rows = tx.rows(select(CACHE).where(*wanted).order_by(CACHE.c.number.desc()))
    return [Entry(**row) for row in rows]


def make_whole(tx: Tx, number: int, **arrived: Any) -> None:
    tx.execute(update(CACHE).where(CACHE.c.number == number).values(whole=True, **arrived))


def use(tx: Tx, used: Entry) -> None:
    """Remember that an entry was of use just now."""
    tx.execute(update(CACHE).where(CACHE.c.number == used.number).values(used=tx.now))


def remove(tx: Tx, gone: Sequence[Entry]) -> None:
    """Delete entries and their uploads."""
    uploads.forget(tx, [each.upload for each in gone])
    tx.execute(delete(CACHE).where(CACHE.c.number.in_([each.number for each in gone])))


def unfinished(tx: Tx, before: Micros, limit: int) -> list[Entry]:
    """List entries that were begun before a moment and never became whole."""
    chosen = select(CACHE).where(CACHE.c.whole.is_(False), CACHE.c.created < before)
    rows = tx.rows(chosen.limit(limit))
    return [Entry(**row) for row in rows]


def _begins(text: str) -> ColumnElement[bool]:
    return func.substr(CACHE.c.key, 1, len(text)) == text

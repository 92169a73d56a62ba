"""Reviews that were begun: at most one of each person on each merge request."""

from dataclasses import asdict

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update

from towpath.forge.model.threads import Draft, Thread
from towpath.forge.store.tables import DRAFT
from towpath.kernel.db.interface import Tx


def add(tx: Tx, repository: str, made: Draft) -> None:
    threads = msgspec.json.encode(made.threads).decode()
    tx.execute(insert(DRAFT).values(repository=repository, **asdict(made) | {"threads": threads}))


def draft_of(tx: Tx, repository: str, number: int, author: str) -> Draft | None:
    mine = (DRAFT.c.repository == repository, DRAFT.c.number == number, DRAFT.c.author == author)
    row = tx.row(select(DRAFT).where(*mine))
    return _draft(row) if row else None


def reword(tx: Tx, draft: Draft) -> None:
    tx.execute(update(DRAFT).where(DRAFT.c.id == draft.id).values(body=draft.body))


def remove(tx: Tx, draft: Draft) -> None:
    tx.execute(delete(DRAFT).where(DRAFT.c.id == draft.id))


def _draft(row: RowMapping) -> Draft:
    values = {name: value for name, value in row.items() if name != "repository"}
    threads = msgspec.json.decode(row["threads"], type=tuple[Thread, ...])
    return Draft(**values | {"threads": threads})

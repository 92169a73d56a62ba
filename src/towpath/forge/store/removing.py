"""Repositories that are deleted: first out of everybody's sight, then row by row."""

from sqlalchemy import Delete, delete, select, update

from towpath.forge.store.tables import (
    CHECK,
    COMMENT,
    DELIVERY,
    DRAFT,
    FORMER,
    INTENT,
    LABEL,
    MERGE_REQUEST,
    MOVER,
    REACTION,
    REF,
    REMARK,
    REPOSITORY,
    REQUEST_LABEL,
    REVIEW,
    STATUS,
    THREAD,
    WEBHOOK,
)
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx

_HOLD = (
    CHECK, COMMENT, DRAFT, FORMER, INTENT, LABEL, MERGE_REQUEST, MOVER, REACTION, REF,
    REQUEST_LABEL, REVIEW, STATUS, THREAD, WEBHOOK,
)  # fmt: skip
"""What names its repository itself."""


def bury(tx: Tx, repository: str) -> bool:
    """Let nobody find a repository any more, by any name; False if that is so already."""
    there = update(REPOSITORY).where(REPOSITORY.c.id == repository, REPOSITORY.c.gone.is_(None))
    # No name holds a colon, so this address is found by none, and the old one is free.
    if tx.execute(there.values(gone=tx.now, address=f"gone:{repository}")).rowcount != 1:
        return False
    tx.execute(delete(FORMER).where(FORMER.c.repository == repository))
    waiting = (MERGE_REQUEST.c.repository == repository, MERGE_REQUEST.c.state == "open")
    tx.execute(update(MERGE_REQUEST).where(*waiting).values(state="closed", ended=tx.now))
    return True


def buried(tx: Tx, since: Micros) -> list[str]:
    """Name those that were deleted since a moment."""
    chosen = select(REPOSITORY.c.id).where(REPOSITORY.c.gone >= since)
    return list(tx.execute(chosen.order_by(REPOSITORY.c.gone)).scalars())


def remains(repository: str) -> list[Delete]:
    """What to delete, one statement after the other; each may be done again."""
    webhooks = select(WEBHOOK.c.id).where(WEBHOOK.c.repository == repository)
    threads = select(THREAD.c.id).where(THREAD.c.repository == repository)
    return [
        delete(DELIVERY).where(DELIVERY.c.webhook.in_(webhooks)),
        delete(REMARK).where(REMARK.c.thread.in_(threads)),
        *(delete(table).where(table.c.repository == repository) for table in _HOLD),
    ]

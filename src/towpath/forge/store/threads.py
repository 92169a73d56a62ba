"""Discussions on lines of a diff."""

from collections import defaultdict

from sqlalchemy import RowMapping, insert, select, update

from towpath.forge.model.threads import Anchor, Remark, Thread
from towpath.forge.store.tables import REMARK, THREAD
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound


def add_thread(tx: Tx, repository: str, number: int, made: Thread) -> None:
    """Write down a thread with its first remark."""
    anchor = made.anchor
    tx.execute(
        insert(THREAD).values(
            id=made.id,
            repository=repository,
            number=number,
            path=anchor.path,
            side=anchor.side,
            line=anchor.line,
            commit=anchor.commit,
            resolved_by=None,
        )
    )
    add_remark(tx, made.id, made.remarks[0])


def add_remark(tx: Tx, thread: str, made: Remark) -> None:
    tx.execute(
        insert(REMARK).values(
            id=made.id, thread=thread, author=made.author, body=made.body, at=made.at
        )
    )


def threads(tx: Tx, repository: str, number: int) -> tuple[Thread, ...]:
    """All threads of a merge request with their remarks, in the order they began."""
    mine = (THREAD.c.repository == repository, THREAD.c.number == number)
    rows = tx.rows(select(THREAD).where(*mine).order_by(THREAD.c.id))
    said = tx.rows(
        select(REMARK).join(THREAD, THREAD.c.id == REMARK.c.thread).where(*mine)
        .order_by(REMARK.c.id)
    )  # fmt: skip
    remarks: dict[str, list[Remark]] = defaultdict(list)
    for row in said:
        remarks[row["thread"]].append(_remark(row))
    return tuple(_thread(row, remarks[row["id"]]) for row in rows)


def thread(tx: Tx, repository: str, number: int, thread_id: str) -> Thread:
    """Find one thread of a merge request; NotFound otherwise."""
    for found in threads(tx, repository, number):
        if found.id == thread_id:
            return found
    raise NotFound(
        "There is no such discussion on this merge request.", next_step="Load the page again."
    )


def resolve(tx: Tx, thread_id: str, login: str | None) -> None:
    tx.execute(update(THREAD).where(THREAD.c.id == thread_id).values(resolved_by=login))


def _thread(row: RowMapping, remarks: list[Remark]) -> Thread:
    anchor = Anchor(path=row["path"], side=row["side"], line=row["line"], commit=row["commit"])
    return Thread(
        id=row["id"], anchor=anchor, remarks=tuple(remarks), resolved_by=row["resolved_by"]
    )


def _remark(row: RowMapping) -> Remark:
    return Remark(id=row["id"], author=row["author"], body=row["body"], at=row["at"])

"""Discussions on lines of a diff."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, delete, func, insert, select, update

from towpath.forge.model.names import handle_of
from towpath.forge.model.threads import Anchor, Remark, Seen, Thread
from towpath.forge.store.tables import REMARK, THREAD
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound

_SEEN = ("head", "position", "start", "hunk")


@dataclass(frozen=True, kw_only=True)
class Order:
    """Which remarks are listed, and which come first."""

    by_change: bool = False
    newest_first: bool = False
    since: int = 0


def add_thread(tx: Tx, repository: str, number: int, made: Thread) -> None:
    """Write down a thread with its first remark."""
    values = {"id": made.id, "repository": repository, "number": number, **asdict(made.anchor)}
    seen = asdict(made.seen) if made.seen else {}
    tx.execute(insert(THREAD).values(values | seen | {"resolved_by": None}))
    add_remark(tx, made.id, made.remarks[0])


def add_remark(tx: Tx, thread: str, made: Remark) -> None:
    tx.execute(insert(REMARK).values(thread=thread, handle=made.handle, **asdict(made)))


def threads(tx: Tx, repository: str, number: int) -> tuple[Thread, ...]:
    """All threads of a merge request with their remarks, in the order they began."""
    return tuple(threads_of(tx, repository, [number])[number])


def threads_of(tx: Tx, repository: str, numbers: Sequence[int]) -> dict[int, list[Thread]]:
    """The threads of several merge requests at once."""
    mine = (THREAD.c.repository == repository, THREAD.c.number.in_(list(numbers)))
    said: dict[str, list[Remark]] = defaultdict(list)
    for row in tx.rows(_remarks().where(*mine).order_by(REMARK.c.id)):
        said[row["thread"]].append(_remark(row))
    found: dict[int, list[Thread]] = {number: [] for number in numbers}
    for row in tx.rows(select(THREAD).where(*mine).order_by(THREAD.c.id)):
        found[row["number"]].append(_thread(row, said[row["id"]]))
    return found


def _remarks() -> Select[Any]:
    return select(REMARK, THREAD.c.number).join(THREAD, THREAD.c.id == REMARK.c.thread)


def thread(tx: Tx, repository: str, number: int, thread_id: str) -> Thread:
    """Find one thread of a merge request; NotFound otherwise."""
    for found in threads(tx, repository, number):
        if found.id == thread_id:
            return found
    raise NotFound(
        "There is no such discussion on this merge request.", next_step="Load the page again."
    )


def find_remark(tx: Tx, repository: str, handle: int) -> tuple[int, Thread, Remark]:
    """Find a remark by its number, with its thread and the number of the merge request."""
    mine = _remarks().where(THREAD.c.repository == repository)
    row = tx.row(mine.where(REMARK.c.handle == handle))
    # One that an older process wrote beside us has no number yet.
    unnumbered = [] if row else tx.rows(mine.where(REMARK.c.handle.is_(None)))
    row = row or next((one for one in unnumbered if handle_of(one["id"]) == handle), None)
    if row is None:
        raise NotFound("There is no such comment.", next_step="List those that there are.")
    number = int(row["number"])
    return number, thread(tx, repository, number, row["thread"]), _remark(row)


def remarks(
    tx: Tx, repository: str, number: int | None, page: tuple[int, int], order: Order
) -> list[tuple[int, str]]:
    """The id of each remark and which merge request it is on, of all or of one."""
    changed = func.coalesce(REMARK.c.edited, REMARK.c.at)
    keys = (changed if order.by_change else REMARK.c.at, REMARK.c.id)
    chosen = _remarks().where(THREAD.c.repository == repository, changed >= order.since)
    if number is not None:
        chosen = chosen.where(THREAD.c.number == number)
    sorted_by = [key.desc() for key in keys] if order.newest_first else keys
    rows = tx.rows(chosen.order_by(*sorted_by).offset(page[0]).limit(page[1]))
    return [(row["number"], row["id"]) for row in rows]


def change_remark(tx: Tx, after: Remark) -> None:
    values = {"body": after.body, "edited": after.edited}
    tx.execute(update(REMARK).where(REMARK.c.id == after.id).values(values))


def delete_remark(tx: Tx, thread: Thread, gone: Remark) -> None:
    """Forget a remark, and its thread with the last one."""
    tx.execute(delete(REMARK).where(REMARK.c.id == gone.id))
    if thread.remarks == (gone,):
        tx.execute(delete(THREAD).where(THREAD.c.id == thread.id))


def resolve(tx: Tx, thread_id: str, login: str | None) -> None:
    tx.execute(update(THREAD).where(THREAD.c.id == thread_id).values(resolved_by=login))


def _thread(row: RowMapping, remarks: list[Remark]) -> Thread:
    return Thread(
        id=row["id"],
        anchor=Anchor(path=row["path"], side=row["side"], line=row["line"], commit=row["commit"]),
        remarks=tuple(remarks),
        resolved_by=row["resolved_by"],
        seen=Seen(**{name: row[name] for name in _SEEN}) if row["head"] else None,
    )


def _remark(row: RowMapping) -> Remark:
    kept = ("id", "author", "body", "at", "edited", "review")
    return Remark(**{name: row[name] for name in kept})

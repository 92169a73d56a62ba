"""Who is in a concurrency group: one row each, in the order in which they came."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from towpath.kernel.db.interface import Tx
from towpath.kernel.work import service as work
from towpath.pipelines.model.turns import Ticket
from towpath.pipelines.model.workflow import Concurrency
from towpath.pipelines.store.tables import TICKET

TURN = "pipelines.turn"
"""The kind of work that looks whose turn it is in a group."""


@dataclass(frozen=True)
class Place:
    """A group, and the repository that it is one of: groups of others are others."""

    repository: str
    group: str


def ask(
    tx: Tx, repository: str, holder: str, wanted: Concurrency, within: Sequence[str] = ()
) -> None:
    """Stand behind all that are in a group, whose name is the same in any case."""
    place = Place(repository, wanted.group.lower())
    last = tx.scalar(select(func.max(TICKET.c.number)).where(*_in(place)))
    tx.execute(
        insert(TICKET).values(
            holder=holder, repository=place.repository, group=place.group,
            number=(last or 0) + 1, queue=wanted.queue, cancels=wanted.cancel_in_progress is True,
            holding=False, within=" ".join(within),
        )
    )  # fmt: skip
    _look(tx, place)


def leave(tx: Tx, holder: str) -> None:
    """Go out of the group that somebody is in, if any; the next may have its turn."""
    row = tx.row(select(TICKET).where(TICKET.c.holder == holder))
    if row is not None:
        tx.execute(delete(TICKET).where(TICKET.c.holder == holder))
        _look(tx, Place(row["repository"], row["group"]))


def tickets(tx: Tx, place: Place) -> list[Ticket]:
    """List who is in a group, the first to come first."""
    rows = tx.rows(select(TICKET).where(*_in(place)).order_by(TICKET.c.number))
    return [
        Ticket(
            holder=row["holder"],
            queue=row["queue"],
            cancels=row["cancels"],
            holding=row["holding"],
            within=frozenset(row["within"].split()),
        )
        for row in rows
    ]


def hold(tx: Tx, holder: str) -> None:
    """Write that it is somebody's turn."""
    tx.execute(update(TICKET).where(TICKET.c.holder == holder).values(holding=True))


def _look(tx: Tx, place: Place) -> None:
    work.add(tx, TURN, {"repository": place.repository, "group": place.group})


def _in(place: Place) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return TICKET.c.repository == place.repository, TICKET.c.group == place.group

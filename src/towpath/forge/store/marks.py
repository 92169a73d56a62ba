"""Labels of repositories and merge requests; reactions to what was said."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import ColumnElement, RowMapping, and_, delete, func, insert, select, update

from towpath.forge.model.marks import Label, Reaction, label_key
from towpath.forge.store.tables import LABEL, REACTION, REQUEST_LABEL
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, NotFound


def labels(tx: Tx, repository: str, page: tuple[int, int]) -> list[Label]:
    """List the labels of a repository by name; `page` is how many to pass over and to return."""
    chosen = select(LABEL).where(LABEL.c.repository == repository).order_by(LABEL.c.key)
    return [_label(row) for row in tx.rows(chosen.offset(page[0]).limit(page[1]))]


def seek_labels(tx: Tx, repository: str, names: Collection[str]) -> list[Label]:
    """Find those of these labels that there are."""
    keys = {label_key(name) for name in names}
    chosen = select(LABEL).where(LABEL.c.repository == repository, LABEL.c.key.in_(keys))
    return [_label(row) for row in tx.rows(chosen.order_by(LABEL.c.key))]


def label(tx: Tx, repository: str, name: str) -> Label:
    found = seek_labels(tx, repository, [name])
    if not found:
        raise NotFound(f"There is no label {name[:50]!r}.", next_step="List them at /labels.")
    return found[0]


def count_labels(tx: Tx, repository: str) -> int:
    chosen = select(func.count()).select_from(LABEL).where(LABEL.c.repository == repository)
    return int(tx.scalar(chosen))


def add_label(tx: Tx, repository: str, made: Label) -> None:
    if seek_labels(tx, repository, [made.name]):
        raise Conflict(
            f"The label {made.name} exists already.", next_step="Use it, or change it by PATCH."
        )
    tx.execute(insert(LABEL).values(repository=repository, key=made.key, **asdict(made)))


def change_label(tx: Tx, repository: str, before: Label, after: Label) -> None:
    if after.key != before.key and seek_labels(tx, repository, [after.name]):
        raise Conflict(f"The label {after.name} exists already.", next_step="Choose another name.")
    tx.execute(update(LABEL).where(LABEL.c.id == after.id).values(key=after.key, **asdict(after)))


def delete_label(tx: Tx, repository: str, gone: Label) -> None:
    mine = (REQUEST_LABEL.c.repository == repository, REQUEST_LABEL.c.label == gone.id)
    tx.execute(delete(REQUEST_LABEL).where(*mine))
    tx.execute(delete(LABEL).where(LABEL.c.id == gone.id))


def labels_of(tx: Tx, repository: str, numbers: Sequence[int]) -> dict[int, list[Label]]:
    """The labels of several merge requests at once, by name."""
    found: dict[int, list[Label]] = {number: [] for number in numbers}
    carries = and_(
        REQUEST_LABEL.c.repository == repository, REQUEST_LABEL.c.number.in_(list(numbers))
    )
    joined = select(REQUEST_LABEL.c.number, LABEL).join(LABEL, LABEL.c.id == REQUEST_LABEL.c.label)
    for row in tx.rows(joined.where(carries).order_by(LABEL.c.key)):
        found[row["number"]].append(_label(row))
    return found


def put_labels(tx: Tx, repository: str, number: int, wanted: Collection[Label]) -> None:
    """Let a merge request carry these labels and no others."""
    mine = (REQUEST_LABEL.c.repository == repository, REQUEST_LABEL.c.number == number)
    tx.execute(delete(REQUEST_LABEL).where(*mine))
    values = {"repository": repository, "number": number}
    rows = [values | {"label": one} for one in sorted({one.id for one in wanted})]
    if rows:
        tx.execute(insert(REQUEST_LABEL), rows)


def reactions(tx: Tx, repository: str, subject: str) -> list[Reaction]:
    """List the reactions to one thing, oldest first."""
    chosen = select(REACTION).where(*_about(repository, subject))
    return [_reaction(row) for row in tx.rows(chosen.order_by(REACTION.c.at, REACTION.c.id))]


def add_reaction(tx: Tx, repository: str, subject: str, made: Reaction) -> None:
    tx.execute(insert(REACTION).values(repository=repository, subject=subject, **asdict(made)))


def delete_reaction(tx: Tx, reaction: str) -> None:
    tx.execute(delete(REACTION).where(REACTION.c.id == reaction))


def delete_reactions(tx: Tx, repository: str, subject: str) -> None:
    tx.execute(delete(REACTION).where(*_about(repository, subject)))


def _about(repository: str, subject: str) -> tuple[ColumnElement[bool], ...]:
    return REACTION.c.repository == repository, REACTION.c.subject == subject


def _label(row: RowMapping) -> Label:
    return Label(
        id=row["id"], name=row["name"], color=row["color"], description=row["description"]
    )


def _reaction(row: RowMapping) -> Reaction:
    return Reaction(id=row["id"], author=row["author"], content=row["content"], at=row["at"])

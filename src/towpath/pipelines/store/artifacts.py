"""Artifacts of runs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, update

from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound
from towpath.pipelines.model.results import Artifact
from towpath.pipelines.store import uploads
from towpath.pipelines.store.tables import ARTIFACT

_MOST = 1000


def next_number(tx: Tx, table: Table) -> int:
    """Number a row so that later ones have larger numbers; GitHub's clients want numbers."""
    last = tx.execute(select(func.max(table.c.number))).scalar()
    return max(tx.now, (last or 0) + 1)


def add(tx: Tx, made: Artifact) -> None:
    tx.execute(insert(ARTIFACT).values(asdict(made)))


def named(tx: Tx, run: str, name: str) -> Artifact | None:
    """Find what a run calls by a name, also while it still arrives."""
    row = tx.row(select(ARTIFACT).where(ARTIFACT.c.run == run, ARTIFACT.c.name == name))
    return Artifact(**row) if row else None


def by_upload(tx: Tx, upload: str) -> Artifact | None:
    """Find the artifact that some bytes are."""
    row = tx.row(select(ARTIFACT).where(ARTIFACT.c.upload == upload))
    return Artifact(**row) if row else None


def numbered(tx: Tx, number: int) -> Artifact:
    """Find an artifact that has arrived whole; NotFound otherwise."""
    row = tx.row(select(ARTIFACT).where(ARTIFACT.c.number == number, ARTIFACT.c.whole.is_(True)))
    if row is None:
        raise NotFound(
            "There is no such artifact.", next_step="It may have been deleted with its run."
        )
    return Artifact(**row)


def of_run(
    tx: Tx, run: str, name: str | None = None, number: int | None = None
) -> Sequence[Artifact]:
    """List what a run left, newest first, perhaps by name or number alone."""
    wanted = [ARTIFACT.c.run == run]
    wanted += [ARTIFACT.c.name == name] if name is not None else []
    wanted += [ARTIFACT.c.number == number] if number is not None else []
    chosen = select(ARTIFACT).where(*wanted, ARTIFACT.c.whole.is_(True))
    rows = tx.rows(chosen.order_by(ARTIFACT.c.number.desc()).limit(_MOST))
    return [Artifact(**row) for row in rows]


def make_whole(tx: Tx, number: int, **arrived: Any) -> None:
    tx.execute(update(ARTIFACT).where(ARTIFACT.c.number == number).values(whole=True, **arrived))


def remove(tx: Tx, gone: Artifact) -> None:
    """Delete an artifact and its upload."""
    tx.execute(delete(ARTIFACT).where(ARTIFACT.c.number == gone.number))
    uploads.forget(tx, [gone.upload])


def forget_runs(tx: Tx, runs: Sequence[str]) -> None:
    """Delete all that some runs left."""
    chosen = select(ARTIFACT.c.upload).where(ARTIFACT.c.run.in_(runs))
    uploads.forget(tx, tx.execute(chosen).scalars().all())
    tx.execute(delete(ARTIFACT).where(ARTIFACT.c.run.in_(runs)))


def expire(tx: Tx, now: Micros, limit: int) -> int:
    """Let go of bytes whose time has come; their rows stay to say so. How many that were."""
    chosen = select(ARTIFACT.c.number, ARTIFACT.c.upload).where(
        ARTIFACT.c.expired.is_(False), ARTIFACT.c.expires <= now
    )
    rows = tx.rows(chosen.order_by(ARTIFACT.c.number).limit(limit))
    uploads.forget(tx, [row["upload"] for row in rows])
    ended = update(ARTIFACT).where(ARTIFACT.c.number.in_([row["number"] for row in rows]))
    tx.execute(ended.values(expired=True))
    return len(rows)

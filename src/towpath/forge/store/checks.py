"""Check runs of commits."""

from dataclasses import asdict
from typing import Any

import msgspec
from sqlalchemy import RowMapping, func, insert, or_, select, update

from towpath.forge.model.checks import Check, suite_name
from towpath.forge.model.names import handle_of
from towpath.forge.store.tables import CHECK
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound

_BESIDE = {"repository", "handle", "suite"}


def add_check(tx: Tx, repository: str, made: Check) -> None:
    values = {"repository": repository, "handle": made.handle, "suite": _suite(repository, made)}
    tx.execute(insert(CHECK).values(values | _values(made)))


def change_check(tx: Tx, after: Check) -> None:
    tx.execute(update(CHECK).where(CHECK.c.id == after.id).values(_values(after)))


def check(tx: Tx, repository: str, handle: int) -> Check:
    row = tx.row(select(CHECK).where(CHECK.c.repository == repository, CHECK.c.handle == handle))
    if row is None:
        raise NotFound("There is no such check run.", next_step="List those of its commit.")
    return _check(row)


def count_checks(tx: Tx, repository: str, sha: str) -> int:
    chosen = select(func.count()).where(CHECK.c.repository == repository, CHECK.c.sha == sha)
    return int(tx.scalar(chosen))


def checks(tx: Tx, repository: str, sha: str) -> list[Check]:
    """List what checks a commit, the newest first."""
    chosen = select(CHECK).where(CHECK.c.repository == repository, CHECK.c.sha == sha)
    return [_check(row) for row in tx.rows(chosen.order_by(CHECK.c.at.desc(), CHECK.c.id.desc()))]


def checks_of_suite(tx: Tx, repository: str, suite: int) -> list[Check]:
    """List the checks of a suite, the newest first; NotFound when there are none.

    One that a process of an earlier version wrote beside us bears no number yet.
    """
    numbered = or_(CHECK.c.suite == suite, CHECK.c.suite.is_(None))
    chosen = select(CHECK).where(CHECK.c.repository == repository, numbered)
    rows = tx.rows(chosen.order_by(CHECK.c.at.desc(), CHECK.c.id.desc()))
    found = [one for one in map(_check, rows) if _suite(repository, one) == suite]
    if not found:
        raise NotFound("There is no such check suite.", next_step="List those of its commit.")
    return found


def _suite(repository: str, of: Check) -> int:
    return handle_of(suite_name(repository, of.sha, of.author))


def latest_by(tx: Tx, repository: str, sha: str, author: str, external: str) -> Check | None:
    """Find the newest check of a commit that its author knows by this name of their own."""
    found = checks(tx, repository, sha)
    return next((one for one in found if (one.author, one.external) == (author, external)), None)


def _values(made: Check) -> dict[str, Any]:
    return asdict(made) | {"annotations": msgspec.json.encode(made.annotations).decode()}


def _check(row: RowMapping) -> Check:
    values = {name: value for name, value in row.items() if name not in _BESIDE}
    values["annotations"] = tuple(msgspec.json.decode(row["annotations"]))
    return Check(**values)

"""Alembic, one history per part, each with its own version table.

Every history runs in one transaction, on both stores, so a crash leaves it whole or not begun.
Alembic itself is imported only when something is to be done: that import takes over a second.
"""

import importlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path

from sqlalchemy import Connection, MetaData, create_engine, inspect, text
from sqlalchemy.engine import URL

import towpath
from towpath.kernel.db.connecting import parameters
from towpath.kernel.db.opening import parse, sqlite_path
from towpath.kernel.errors import Unavailable

_POST = re.compile(r'^phase = "post"$', re.MULTILINE)
_LOCK = 7_308_324_466  # any number that only we use as an advisory lock


@dataclass(frozen=True, kw_only=True)
class History:
    """One part's migrations: `package`.migrations holds them, `revision` names the newest."""

    name: str
    package: str
    revision: str
    metadata: MetaData

    @property
    def table(self) -> str:
        """Where the database says which revision it is at."""
        return f"alembic_version_{self.name}"

    @property
    def folder(self) -> Path:
        module = importlib.import_module(f"{self.package}.migrations")
        return Path(module.__file__ or "").parent


def upgrade(db_url: str, histories: Sequence[History], *, finish: bool = False) -> None:
    """Bring each history, in the order given, to its newest revision.

    A migration with `phase = "post"` takes away what the release before still uses. On
    PostgreSQL, where processes of both may run side by side, it waits at the end of its history
    until `finish` is asked for, or until a later migration needs its place.

    Raises Unavailable when another process holds the SQLite file, or when the database was
    written by a newer release.
    """
    url = parse(db_url)
    with _connection(url) as connection:
        for history in histories:
            current = _current(connection, history)
            _require_known(history, current)
            alone = finish or url.drivername == "sqlite"
            goal = history.revision if alone else _goal(history, current)
            if current != goal:
                _upgrade(connection, history, goal)


def revisions(connection: Connection, histories: Sequence[History]) -> dict[str, str]:
    """At which revision each history is that has begun here."""
    found = ((each.name, _current(connection, each)) for each in histories)
    return {name: revision for name, revision in found if revision}


def known_revisions(history: History) -> list[str]:
    """Those that this release brings, oldest first; files are named 0001_words.py."""
    return sorted(path.name[:4] for path in history.folder.glob("[0-9][0-9][0-9][0-9]_*.py"))


def unfinished(history: History, current: str | None) -> list[str]:
    """Revisions at the end of a history that only wait for the older processes to be gone."""
    known = known_revisions(history)
    ahead = known[known.index(current) + 1 :] if current in known else []
    return list(takewhile(partial(_is_post, history), reversed(ahead)))[::-1]


def _is_post(history: History, revision: str) -> bool:
    (path,) = history.folder.glob(f"{revision}_*.py")
    return _POST.search(path.read_text()) is not None


def _goal(history: History, current: str | None) -> str:
    """How far to go while older processes may run; a new database has none."""
    waiting = unfinished(history, current)
    known = known_revisions(history)
    return known[known.index(waiting[0]) - 1] if waiting else history.revision


def _require_known(history: History, current: str | None) -> None:
    known = known_revisions(history)
    if current is not None and current not in known:
        raise Unavailable(
            f"The tables of {history.name} are at revision {current}, which this release"
            f" (Towpath {towpath.__version__}, up to {history.revision}) does not know.",
            next_step="Run the release that wrote them, or a newer one.",
        )


@contextmanager
def _connection(url: URL) -> Iterator[Connection]:
    """One transaction that no other process shares; committed if nothing raises."""
    if url.drivername == "sqlite":
        from towpath.kernel.db.sqlite_file import DURABLE, engine, lock_file

        path = sqlite_path(url)
        lock = lock_file(path)
        connecting, begin = engine(path, *DURABLE), "BEGIN IMMEDIATE"
    else:
        lock = None
        engine_url = url.set(drivername="postgresql+psycopg")
        connecting = create_engine(
            engine_url, isolation_level="AUTOCOMMIT", connect_args=parameters(url)
        )
        begin = f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK})"
    try:
        with connecting.connect() as connection:
            connection.exec_driver_sql(begin).close()
            yield connection
            connection.exec_driver_sql("COMMIT")
    finally:
        connecting.dispose()
        if lock is not None:
            os.close(lock)


def _current(connection: Connection, history: History) -> str | None:
    if not inspect(connection).has_table(history.table):
        return None
    wanted = text(f"SELECT version_num FROM {history.table}")  # noqa: S608 - a name of ours
    revision: str | None = connection.execute(wanted).scalar()
    return revision


def _upgrade(connection: Connection, history: History, goal: str) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    scripts = ScriptDirectory(history.folder, version_locations=[history.folder])
    environment = EnvironmentContext(
        Config(),
        scripts,
        fn=lambda revision, _: scripts._upgrade_revs(goal, revision),  # noqa: SLF001
    )
    environment.configure(connection=connection, version_table=history.table)
    try:
        with environment:
            environment.run_migrations()
    except CommandError as error:
        raise Unavailable(
            f"The migrations of {history.name} do not lead to {goal}: {error}",
            next_step="Install this release again: files of it are missing.",
        ) from error

"""Alembic, one history per part, each with its own version table.

Every history runs in one transaction, on both stores, so a crash leaves it whole or not begun.
Alembic itself is imported only when something is to be done: that import takes over a second.
"""

import importlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, MetaData, create_engine, inspect, text
from sqlalchemy.engine import URL

from towpath.kernel.db.connecting import parameters
from towpath.kernel.db.opening import parse, sqlite_path
from towpath.kernel.errors import Unavailable

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


def upgrade(db_url: str, histories: Sequence[History]) -> None:
    """Bring each history, in the order given, to its newest revision.

    Raises Unavailable when another process holds the SQLite file, or when the database was
    written by a newer release.
    """
    url = parse(db_url)
    with _connection(url) as connection:
        for history in histories:
            if _current(connection, history) != history.revision:
                _upgrade(connection, history)


def revisions(connection: Connection, histories: Sequence[History]) -> dict[str, str]:
    """At which revision each history is that has begun here."""
    found = ((each.name, _current(connection, each)) for each in histories)
    return {name: revision for name, revision in found if revision}


def known_revisions(history: History) -> list[str]:
    """Those that this release brings, oldest first; files are named 0001_words.py."""
    return sorted(path.name[:4] for path in history.folder.glob("[0-9][0-9][0-9][0-9]_*.py"))


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


def _upgrade(connection: Connection, history: History) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    scripts = ScriptDirectory(history.folder, version_locations=[history.folder])
    environment = EnvironmentContext(
        Config(),
        scripts,
        fn=lambda revision, _: scripts._upgrade_revs(history.revision, revision),  # noqa: SLF001
    )
    environment.configure(connection=connection, version_table=history.table)
    try:
        with environment:
            environment.run_migrations()
    except CommandError as error:
        raise Unavailable(
            f"The tables of {history.name} are at a revision that this release does not know.",
            next_step="Run the release that wrote them, or a newer one.",
        ) from error

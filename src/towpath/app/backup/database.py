"""The database as one file, and back: SQLite page by page, PostgreSQL by its own tools.

Both copies are one snapshot of what was committed when they began, and stop nobody. On SQLite a
reader holds the snapshot: it cannot write or checkpoint, so the server keeps its promise to be
the only one who does.
"""

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from towpath.app.backup.archive import Tell
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Dialect, Tx
from towpath.kernel.db.migrate import History, revisions
from towpath.kernel.db.opening import parse, sqlite_path
from towpath.kernel.db.sqlite_file import engine
from towpath.kernel.errors import InvalidInput, Unavailable

SQLITE, POSTGRESQL = "database/towpath.db", "database/postgresql.dump"
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/bin")
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_NUMBER = re.compile(r"\d+")
_PAGES = 1024
_PAGE_BYTES = 4096


@dataclass(frozen=True)
class Copied:
    """`member` is its name in the archive; `revisions` those of each part with tables."""

    store: str
    member: str
    version: str
    revisions: dict[str, str]


@contextmanager
def copied(
    url: str, histories: Sequence[History], into: Path, tell: Tell
) -> Iterator[tuple[Copied, Tx]]:
    """Copy what is committed now, and yield a transaction that reads exactly that.

    Unavailable when the database cannot be read or is damaged.
    """
    parsed = parse(url)
    into.touch(0o600)
    try:
        if parsed.drivername == "sqlite":
            _copy_sqlite(sqlite_path(parsed), into, tell)
            with engine(into, "PRAGMA query_only=ON").connect() as connection:
                yield _copied("sqlite", connection, histories), _reader(connection, "sqlite")
        else:
            with _postgresql(parsed).connect() as connection:
                connection.exec_driver_sql(_SNAPSHOT).close()
                _dump(parsed, connection, into)
                yield (
                    _copied("postgresql", connection, histories),
                    _reader(connection, "postgresql"),
                )
    except (sqlite3.Error, DBAPIError) as error:
        raise _unreadable(str(error).splitlines()[0]) from error


def _copied(store: Dialect, connection: Connection, histories: Sequence[History]) -> Copied:
    member = SQLITE if store == "sqlite" else POSTGRESQL
    asking = "SELECT sqlite_version()" if store == "sqlite" else "SHOW server_version"
    version = str(connection.exec_driver_sql(asking).scalar())
    return Copied(store, member, version, revisions(connection, histories))


def _reader(connection: Connection, store: Dialect) -> Tx:
    return Tx(connection, Micros(0), store)


def _copy_sqlite(path: Path, into: Path, tell: Tell) -> None:
    with closing(reading(path)) as source, closing(sqlite3.connect(into)) as target:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()

        def progress(_: int, left: int, total: int) -> None:
            tell("the database", min(_PAGES, total - left) * _PAGE_BYTES)

        source.backup(target, pages=_PAGES, progress=progress)
        faults = target.execute("PRAGMA quick_check(1)").fetchone()[0]
        if faults != "ok":
            raise _unreadable(f"{path} is damaged: {faults}")
        target.execute("PRAGMA journal_mode=DELETE")


def reading(path: Path) -> sqlite3.Connection:
    """A connection that can neither write nor checkpoint, beside a server or without one."""
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5)


def _unreadable(detail: str) -> Unavailable:
    return Unavailable(
        f"The database cannot be copied: {detail}.",
        next_step="Run `towpath doctor` on the data directory, and keep your earlier backups.",
    )


def _postgresql(url: URL) -> Engine:
    engine_url = url.set(drivername="postgresql+psycopg")
    return create_engine(engine_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)


def _dump(url: URL, connection: Connection, into: Path) -> None:
    """Dump what `connection` sees: the two share one snapshot."""
    snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar()
    options = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}")
    run_tool("pg_dump", url, *options, f"--file={into}")


def require_empty(url: str) -> None:
    """Refuse a PostgreSQL database that holds tables: nobody's rows are written over."""
    wanted = "SELECT count(*) FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'"
    try:
        with _postgresql(parse(url)).connect() as connection:
            tables = connection.exec_driver_sql(wanted).scalar()
    except DBAPIError as error:
        raise Unavailable(
            f"PostgreSQL cannot be reached: {str(error).splitlines()[0]}.",
            next_step="Check the URL after --database, and that the server is up.",
        ) from error
    if tables:
        raise InvalidInput(
            f"The database after --database is not empty: it has {tables} tables.",
            next_step="Create a new one with createdb, and restore into that.",
        )


def load(url: str, dump: Path) -> None:
    """Fill an empty PostgreSQL database in one transaction."""
    run_tool(
        "pg_restore",
        parse(url),
        *("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"),
        str(dump),
    )


def run_tool(name: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password travels in the environment, seen by none."""
    bare = URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    )
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "10"}
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    command = [tool(name), f"--dbname={bare.render_as_string(hide_password=False)}", *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False
    )
    if done.returncode:
        raise Unavailable(
            f"{name} failed: {done.stderr.decode(errors='replace').strip()[:1000]}.",
            next_step=f"{name} must be as new as the server; see also `towpath doctor`.",
        )


def tool(name: str) -> str:
    """Where it is; Debian keeps one set for each version, of which the newest reads them all."""
    places = [path for place in _PLACES for path in Path("/").glob(f"{place[1:]}/{name}")]
    places.sort(key=lambda path: [int(number) for number in _NUMBER.findall(str(path.parent))])
    found = str(places[-1]) if places else shutil.which(name)
    if found is None:
        raise Unavailable(
            f"{name} is not on this machine, and a PostgreSQL database is copied with it.",
            next_step="Install the client programs (apt install postgresql-client) and try again.",
        )
    return found

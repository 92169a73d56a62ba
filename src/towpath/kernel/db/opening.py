"""From a URL to a Database."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from towpath.kernel.clock import Clock, SystemClock
from towpath.kernel.db.interface import Database
from towpath.kernel.errors import InvalidInput


def open_database(url: str, clock: Clock) -> Database:
    """Open "sqlite:///path/of/file" or "postgresql://user:password@host/database".

    PostgreSQL's own clock gives `tx.now`, unless `clock` is not the system's: then whoever brought
    it owns the database and moves its time. Raises InvalidInput for any other URL.
    """
    parsed = parse(url)
    if parsed.drivername == "sqlite":
        from towpath.kernel.db.sqlite import SqliteDatabase

        return SqliteDatabase(sqlite_path(parsed), clock)
    from towpath.kernel.db.postgres import PostgresDatabase

    return PostgresDatabase(parsed, None if isinstance(clock, SystemClock) else clock)


def parse(url: str) -> URL:
    """Read a database URL, or say which ones are understood."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is not None and (
        parsed.drivername == "postgresql" or (parsed.drivername == "sqlite" and parsed.database)
    ):
        return parsed
    raise InvalidInput(
        "The database URL is neither SQLite nor PostgreSQL.",
        next_step="Use sqlite:///path/of/file or postgresql://user:password@host/database.",
    )


def sqlite_path(url: URL) -> Path:
    return Path(url.database or "").resolve()

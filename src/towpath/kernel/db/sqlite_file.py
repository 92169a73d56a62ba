"""A SQLite file: whose it is, how connections to it are set up, when its log is folded in."""

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from towpath.kernel.errors import Unavailable

# auto_vacuum takes effect on a new file only, and only before anything else is written to it.
DURABLE = (
    "PRAGMA auto_vacuum=INCREMENTAL",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
)
LOG_LIMIT = 16 * 1024 * 1024
_EVERY_CONNECTION = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA mmap_size=0",
    "PRAGMA foreign_keys=ON",
)
_PAGES = ("page_count", "freelist_count")
_READERS = 8
_MORE_READERS = 64
_STORAGE: Final = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
)


def lock_file(path: Path) -> int:
    """Take the lock that makes this process the file's only user; returns its descriptor.

    Raises Unavailable when another process, or another Database in this one, holds it.
    """
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Unavailable(
            f"Another process is using the database {path}.",
            next_step="Stop that process, or use PostgreSQL to run several on one database.",
        ) from None
    return descriptor


def engine(path: Path, *pragmas: str, readers: bool = False) -> Engine:
    """Connections that begin and commit only when told to, each set up by `pragmas`."""

    def connect() -> sqlite3.Connection:
        raw = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        for pragma in (*_EVERY_CONNECTION, *pragmas):
            raw.execute(pragma)
        return raw

    pool: dict[str, Any] = {"poolclass": NullPool}
    if readers:
        pool = {"poolclass": QueuePool, "pool_size": _READERS, "max_overflow": _MORE_READERS}
    return create_engine("sqlite://", creator=connect, isolation_level="AUTOCOMMIT", **pool)


def sync_directory(path: Path) -> None:
    """Make a new file's name durable, which fsync of the file alone does not."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def explained(error: BaseException) -> BaseException:
    """A full or failing disk in words; any other error as it is."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0)
    if isinstance(cause, sqlite3.OperationalError) and code & 0xFF in _STORAGE:
        return Unavailable(
            f"The database could not write: {cause}.",
            next_step="Free or repair the disk, let no other program hold the file; try again.",
        )
    return error


def give_back(raw: sqlite3.Connection, most: int = 256) -> bool:
    """Return up to `most` free pages to the disk when a quarter is free; whether more are left."""
    pages, free = (raw.execute(f"PRAGMA {it}").fetchone()[0] for it in _PAGES)
    if free <= max(pages // 4, most):
        return False
    # It frees a page per step, and only a script is stepped to its end though it has no rows.
    raw.executescript(f"PRAGMA incremental_vacuum({most})")
    return True


class Log:
    """The write-ahead log beside the file: checkpoint it each time it has grown by the limit."""

    def __init__(self, path: Path) -> None:
        self._file = path.with_name(path.name + "-wal")
        self._above = LOG_LIMIT

    def grew(self) -> bool:
        """Whether to checkpoint now; then not again before it has grown by a quarter more.

        SQLite cuts the file back to the limit when it begins the log anew, which it cannot do
        while a reader stays: that must not cost a checkpoint per commit.
        """
        size = self._file.stat().st_size
        if size <= LOG_LIMIT:
            self._above = LOG_LIMIT
        if size <= self._above:
            return False
        self._above = size + LOG_LIMIT // 4
        return True

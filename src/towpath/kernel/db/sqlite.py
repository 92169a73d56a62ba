"""One writing connection with group commit; a pool of readers that cannot write.

All writes queue for one thread. It runs what has queued in one transaction, a savepoint for each
when there are several, and commits them with one fsync; while the disk syncs, the next ones
queue. So 64 callers cost about one fsync, not 64, and nobody ever meets "database is locked".

That thread alone also moves the write-ahead log into the file. Releases of SQLite before 3.51.3
can corrupt a file when two connections write or checkpoint at the same moment
(https://sqlite.org/wal.html#walresetbug); with one writer and one process per file they cannot.
"""

import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from towpath.kernel.clock import Clock
from towpath.kernel.db.interface import Dialect, Isolation, T, Tx
from towpath.kernel.db.listeners import Listeners
from towpath.kernel.errors import TowpathError, Unavailable

_MOST_PER_COMMIT = 512
_LOG_LIMIT = 4 * 1024 * 1024
_IDLE_SECONDS = 1.0
_READERS = 8
_MORE_READERS = 64
DURABLE = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")
_EVERY_CONNECTION = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA mmap_size=0",
    "PRAGMA foreign_keys=ON",
)


class _Tx(Tx):
    def lost(self, error: BaseException) -> bool:
        """A full disk or an I/O error makes SQLite undo everything on its own."""
        del error
        return not _raw(self.connection).in_transaction


@dataclass(frozen=True)
class _Job:
    fn: Callable[[Tx], Any]
    future: Future[Any]


@dataclass(frozen=True)
class _Done:
    """What a job comes to, told only after the commit: even an error rests on what it saw."""

    job: _Job
    result: Any
    wakes: list[str]
    error: BaseException | None = None

    def tell(self) -> None:
        if self.error is None:
            self.job.future.set_result(self.result)
        else:
            self.job.future.set_exception(explained(self.error))


class SqliteDatabase:
    """A SQLite file of which this process is the only user."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open or create the file; a second process gets Unavailable."""
        self._path = path
        self._clock = clock
        self._lock = lock_file(path)
        self._listeners = Listeners()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        limits = ("PRAGMA wal_autocheckpoint=0", f"PRAGMA journal_size_limit={_LOG_LIMIT}")
        self._writer = engine(path, *DURABLE, *limits).connect()
        _sync_directory(path.parent)
        self._readers = engine(path, "PRAGMA query_only=ON", readers=True)
        self._thread = threading.Thread(target=self._write_forever, name="sqlite-writer")
        self._thread.daemon = True
        self._thread.start()

    def write(self, fn: Callable[[Tx], T], *, isolation: Isolation = "serializable") -> T:
        del isolation  # one writer at a time is serializable already
        if threading.current_thread() is self._thread:
            raise RuntimeError("db.write inside db.write would wait for itself: pass the tx on")
        return self.submit(fn).result()

    def submit(self, fn: Callable[[Tx], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise Unavailable("The database is closed.", next_step="Start the server again.")
            self._jobs.put(_Job(fn, future))
        return future

    def read(self, fn: Callable[[Tx], T]) -> T:
        with self._readers.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                return fn(_Tx(connection, self._clock.now(), self.dialect))
            finally:
                connection.exec_driver_sql("ROLLBACK")

    def on_wake(self, listener: Callable[[str], None]) -> Callable[[], None]:
        return self._listeners.add(listener)

    def close(self) -> None:
        """Finish what has queued, fold the log into the file and let go of it."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._readers.dispose()
        self._checkpoint("TRUNCATE")
        self._writer.close()
        os.close(self._lock)

    def _write_forever(self) -> None:
        log = _Log(self._path)
        while True:
            batch = self._next_batch(_IDLE_SECONDS if log.dirty else None)
            if batch is None:
                return
            if batch:
                self._run(batch)
                log.dirty = True
                if log.grew():
                    log.checkpointed(self._checkpoint("PASSIVE"))
            else:
                log.dirty = False
                self._checkpoint("TRUNCATE")

    def _next_batch(self, patience: float | None) -> list[_Job] | None:
        """Everything that waits; empty when nothing came in time, None when closed and done."""
        jobs: list[_Job] = []
        with suppress(queue.Empty):
            job = self._jobs.get(timeout=patience)
            while job is not None:
                jobs.append(job)
                if len(jobs) == _MOST_PER_COMMIT:
                    return jobs
                job = self._jobs.get_nowait()
            self._jobs.put(None)  # nothing follows it: once closed, nobody may submit
            return jobs or None
        return jobs

    def _run(self, jobs: list[_Job]) -> None:
        jobs = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        try:
            done = self._transaction(jobs)
        except BaseException as error:  # noqa: BLE001 - it belongs to those who wait
            self._undo()
            for job in jobs:
                _Done(job, None, [], error).tell()
            return
        for each in done:
            each.tell()
        self._listeners.tell(channel for each in done for channel in each.wakes)

    def _transaction(self, jobs: list[_Job]) -> list[_Done]:
        self._writer.exec_driver_sql("BEGIN IMMEDIATE")
        if len(jobs) == 1:
            done = [self._apply(jobs[0])]
        else:
            done = [self._apply_alone(job) for job in jobs]
        self._writer.exec_driver_sql("COMMIT")
        return done

    def _apply(self, job: _Job) -> _Done:
        tx = _Tx(self._writer, self._clock.now(), self.dialect)
        return _Done(job, job.fn(tx), tx.wakes)

    def _apply_alone(self, job: _Job) -> _Done:
        """One of several: its own error undoes it alone."""
        tx = _Tx(self._writer, self._clock.now(), self.dialect)
        try:
            with tx.savepoint():
                return _Done(job, job.fn(tx), tx.wakes)
        except BaseException as error:
            if tx.lost(error):
                raise
            return _Done(job, None, [], error)

    def _undo(self) -> None:
        if _raw(self._writer).in_transaction:
            self._writer.exec_driver_sql("ROLLBACK")

    def _checkpoint(self, mode: str) -> bool:
        """Move the log into the file without waiting for readers; whether all of it moved."""
        with suppress(DBAPIError):
            self._writer.exec_driver_sql("PRAGMA busy_timeout=0")
            row = self._writer.exec_driver_sql(f"PRAGMA wal_checkpoint({mode})").one()
            self._writer.exec_driver_sql("PRAGMA busy_timeout=5000")
            return bool(row[0] == 0 and row[1] == row[2])
        return False


class _Log:
    """When to checkpoint: each time the log has grown by the limit."""

    def __init__(self, path: Path) -> None:
        self._file = path.with_name(path.name + "-wal")
        self._above = _LOG_LIMIT
        self.dirty = False

    def grew(self) -> bool:
        return self._file.stat().st_size > self._above

    def checkpointed(self, whole: bool) -> None:  # noqa: FBT001
        """A reader that keeps the log from restarting must not cost a checkpoint per commit."""
        self._above = _LOG_LIMIT if whole else self._file.stat().st_size + _LOG_LIMIT


def lock_file(path: Path) -> int:
    """Take the lock that makes this process the file's only user; returns its descriptor."""
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


def explained(error: BaseException) -> BaseException:
    """A full or failing disk in words; any other error as it is."""
    if isinstance(error, TowpathError) or not isinstance(error, DBAPIError):
        return error
    if isinstance(error.orig, sqlite3.OperationalError) and _is_storage(error.orig):
        return Unavailable(
            f"The database could not write: {error.orig}.",
            next_step="Free or repair the disk, let no other program hold the file; try again.",
        )
    return error


_STORAGE: Final = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
)


def _is_storage(error: sqlite3.OperationalError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _STORAGE


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - told to mypy
    return raw


def _sync_directory(path: Path) -> None:
    """Make the file's name durable, which fsync of the file alone does not."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""One writing connection with group commit; a pool of readers that cannot write.

All writes queue for one thread. It runs what has queued in one transaction and commits it with
one fsync; while the disk syncs, the next ones queue. So 64 callers cost a few fsyncs, not 64, and
nobody ever meets "database is locked". Only when one of them raises is the transaction undone
and run again with a savepoint around each, so that the guilty one is undone alone.

That thread alone also moves the write-ahead log into the file. Releases of SQLite before 3.51.3
can corrupt a file when two connections write or checkpoint at the same moment
(https://sqlite.org/wal.html#walresetbug); with one writer and one process per file they cannot.
"""

import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from towpath.kernel.clock import Clock
from towpath.kernel.db.interface import Dialect, Isolation, T, Tx
from towpath.kernel.db.listeners import Listeners
from towpath.kernel.db.sqlite_file import (
    DURABLE,
    LOG_LIMIT,
    Log,
    engine,
    explained,
    give_back,
    lock_file,
    sync_directory,
)
from towpath.kernel.errors import Unavailable

_MOST_PER_COMMIT = 512
_IDLE_SECONDS = 1.0
_LONGEST_PATIENCE = 0.005


class _Tx(Tx):
    def lost(self, error: BaseException) -> bool:
        """A full disk or an I/O error makes SQLite undo everything on its own."""
        del error
        raw: sqlite3.Connection = self.driver
        return not raw.in_transaction


class _Waiter:
    """A future for one thread, at a fifth of the price."""

    __slots__ = ("_error", "_lock", "_result")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self._result: Any = None
        self._error: BaseException | None = None

    def tell(self, result: Any, error: BaseException | None) -> None:
        self._result, self._error = result, error
        self._lock.release()

    def wait(self) -> Any:
        self._lock.acquire()
        if self._error is not None:
            raise self._error
        return self._result


@dataclass(slots=True)
class _Job:
    """A transaction's function, and what it came to: told only after the commit.

    That holds for its error too, which rests on what it saw of others in the same commit.
    """

    fn: Callable[[Tx], Any]
    tell: Callable[[Any, BaseException | None], None]
    result: Any = None
    error: BaseException | None = None
    wakes: Sequence[str] = ()


class _Jobs:
    """Jobs in the order they came, handed out a commit at a time."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._expected = 1
        self._patience = 0.0

    def put(self, job: _Job | None) -> None:
        """None is the last: it ends what `take` hands out."""
        self._queue.put(job)

    def take(self, idle: float | None) -> list[_Job] | None:
        """What waits; empty when nothing came in `idle` seconds, None when all is done.

        As many as were about at the last commit are probably coming back: waiting for them, for
        no longer than a commit takes, spares a commit of its own for the few who are quick.
        """
        jobs: list[_Job] = []
        with suppress(queue.Empty):
            job = self._queue.get(timeout=idle)
            until = time.monotonic() + self._patience
            while job is not None:
                jobs.append(job)
                if len(jobs) == _MOST_PER_COMMIT:
                    return jobs
                is_all = len(jobs) >= self._expected
                job = self._queue.get(timeout=0 if is_all else max(0, until - time.monotonic()))
            self._queue.put(None)
            return jobs or None
        return jobs

    def committed(self, count: int, seconds: float) -> None:
        """Learn how many callers there are now and how long a commit takes."""
        self._expected = count + self._queue.qsize()
        self._patience = min((3 * self._patience + seconds) / 4, _LONGEST_PATIENCE)


class SqliteDatabase:
    """A SQLite file of which this process is the only user."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open or create the file; a second process gets Unavailable."""
        self._clock = clock
        self._lock = lock_file(path)
        self._listeners = Listeners()
        self._jobs = _Jobs()
        self._closed = False
        self._closing = threading.Lock()
        limits = ("PRAGMA wal_autocheckpoint=0", f"PRAGMA journal_size_limit={LOG_LIMIT}")
        self._writer = engine(path, *DURABLE, *limits).connect()
        self._driver = _Tx(self._writer, clock.now(), self.dialect).driver
        sync_directory(path.parent)
        self._readers = engine(path, "PRAGMA query_only=ON", readers=True)
        self._log = Log(path)
        self._thread = threading.Thread(target=self._write_forever, name="sqlite-writer")
        self._thread.daemon = True
        self._thread.start()

    def write(self, fn: Callable[[Tx], T], *, isolation: Isolation = "serializable") -> T:
        del isolation  # one writer at a time is serializable already
        if threading.current_thread() is self._thread:
            raise RuntimeError("db.write inside db.write would wait for itself: pass the tx on")
        waiter = _Waiter()
        self._put(_Job(fn, waiter.tell))
        result: T = waiter.wait()
        return result

    def submit(self, fn: Callable[[Tx], T]) -> Future[T]:
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def tell(result: T, error: BaseException | None) -> None:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self._put(_Job(fn, tell))
        return future

    def read(self, fn: Callable[[Tx], T]) -> T:
        with self._readers.connect() as connection:
            tx = _Tx(connection, self._clock.now(), self.dialect)
            tx.driver.execute("BEGIN")
            try:
                return fn(tx)
            finally:
                tx.driver.execute("ROLLBACK")

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

    def _put(self, job: _Job) -> None:
        with self._closing:
            if self._closed:
                raise Unavailable("The database is closed.", next_step="Start the server again.")
            self._jobs.put(job)

    def _write_forever(self) -> None:
        is_dirty = True
        while (batch := self._jobs.take(_IDLE_SECONDS if is_dirty else None)) is not None:
            if batch:
                is_dirty = True
                self._run(batch)
                if self._log.grew():
                    self._checkpoint("PASSIVE")
            else:
                is_dirty = self._tidy()

    def _run(self, jobs: list[_Job]) -> None:
        try:
            self._transaction(jobs)
        except BaseException as error:  # noqa: BLE001 - it belongs to those who wait
            for job in jobs:
                job.result, job.error, job.wakes = None, error, ()
            self._roll_back()
        self._listeners.tell(channel for job in jobs for channel in job.wakes)
        for job in jobs:
            job.tell(job.result, explained(job.error) if job.error else None)

    def _transaction(self, jobs: list[_Job]) -> None:
        """Run and commit all jobs; raises when none of them may be told that it succeeded."""
        self._driver.execute("BEGIN IMMEDIATE")
        try:
            for job in jobs:
                self._apply(job)
        except BaseException:
            if len(jobs) == 1:
                raise
            self._roll_back()
            self._driver.execute("BEGIN IMMEDIATE")
            for job in jobs:
                self._apply_alone(job)
        began = time.monotonic()
        self._driver.execute("COMMIT")
        self._jobs.committed(len(jobs), time.monotonic() - began)

    def _apply(self, job: _Job) -> None:
        tx = _Tx(self._writer, self._clock.now(), self.dialect)
        job.result, job.error, job.wakes = job.fn(tx), None, tx.wakes

    def _apply_alone(self, job: _Job) -> None:
        tx = _Tx(self._writer, self._clock.now(), self.dialect)
        try:
            with tx.savepoint():
                job.result, job.error, job.wakes = job.fn(tx), None, tx.wakes
        except BaseException as error:
            if tx.lost(error):
                raise
            job.result, job.error, job.wakes = None, error, ()

    def _roll_back(self) -> None:
        if self._driver.in_transaction:
            self._driver.execute("ROLLBACK")

    def _tidy(self) -> bool:
        """Idle: shrink the file and empty the log; whether there is more to do."""
        is_unfinished = False
        with suppress(sqlite3.Error):
            is_unfinished = give_back(self._driver)
        self._checkpoint("TRUNCATE")
        return is_unfinished

    def _checkpoint(self, mode: str) -> None:
        """Move the log into the file, as much of it as readers and the disk allow."""
        with suppress(sqlite3.Error):
            self._driver.execute("PRAGMA busy_timeout=0")
            self._driver.execute(f"PRAGMA wal_checkpoint({mode})")
            self._driver.execute("PRAGMA busy_timeout=5000")

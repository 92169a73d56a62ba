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
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from towpath.kernel.clock import Clock
from towpath.kernel.db.interface import Dialect, Isolation, T, Tx
from towpath.kernel.db.listeners import Listeners
from towpath.kernel.db.meter import Meter
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
from towpath.kernel.db.sqlite_queue import Job, Queue, Waiter, wake_in_turn
from towpath.kernel.errors import Unavailable

_IDLE_SECONDS = 1.0


class _Tx(Tx):
    def lost(self, error: BaseException) -> bool:
        """A full disk or an I/O error makes SQLite undo everything on its own."""
        del error
        raw: sqlite3.Connection = self.driver
        return not raw.in_transaction


class SqliteDatabase:
    """A SQLite file of which this process is the only user."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open or create the file; a second process gets Unavailable."""
        self._clock = clock
        self._lock = lock_file(path)
        self._listeners = Listeners()
        self._jobs = Queue()
        self.meter = Meter(self._jobs.waiting)
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
        waiter = Waiter()
        self._put(Job(fn, waiter.tell))
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

        self._put(Job(fn, tell))
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

    def _put(self, job: Job) -> None:
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

    def _run(self, jobs: list[Job]) -> None:
        began = time.monotonic()
        self.meter.waited(began - jobs[0].asked)
        try:
            self._transaction(jobs)
        except BaseException as error:  # noqa: BLE001 - it belongs to those who wait
            for job in jobs:
                job.result, job.error, job.wakes = None, error, ()
            self._roll_back()
        seconds = time.monotonic() - began
        self._jobs.committed(len(jobs), seconds)
        self.meter.committed(len(jobs), seconds)
        self._listeners.tell(channel for job in jobs for channel in job.wakes)
        for job in jobs:
            if job.span:
                job.span.end(job.error)
        told = [job.tell(job.result, job.error and explained(job.error)) for job in jobs]
        wake_in_turn([waiter for waiter in told if waiter is not None])

    def _transaction(self, jobs: list[Job]) -> None:
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
        self._driver.execute("COMMIT")

    def _tx(self, job: Job) -> Tx:
        tx = _Tx(self._writer, self._clock.now(), self.dialect)
        tx.origin = job.origin  # this thread knows of nobody
        tx.trace = job.span.trace if job.span else ""
        return tx

    def _apply(self, job: Job) -> None:
        tx = self._tx(job)
        job.result, job.error, job.wakes = job.fn(tx), None, tx.wakes

    def _apply_alone(self, job: Job) -> None:
        tx = self._tx(job)
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

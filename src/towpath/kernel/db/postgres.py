"""Serializable transactions on PostgreSQL, run again when they collide; NOTIFY as the wake.

NOTIFY and COMMIT travel in one message, so a transaction of one statement is three round trips.
"""

import contextvars
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from towpath.kernel import ids, tracing
from towpath.kernel.clock import Clock, Micros
from towpath.kernel.db.connecting import parameters
from towpath.kernel.db.interface import SERVER_NOW, Dialect, Isolation, Sql, T, Tx
from towpath.kernel.db.listeners import Listeners
from towpath.kernel.db.meter import Meter
from towpath.kernel.db.notifications import CHANNEL, Notifications
from towpath.kernel.errors import Unavailable

_COLLISIONS = frozenset({"40001", "40P01"})
_SHUTDOWN = frozenset({"57P01", "57P02", "57P03"})
_PATIENCE_SECONDS = 20.0
_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.25
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE = "BEGIN ISOLATION LEVEL SERIALIZABLE"
# For claims, which walk their indexes in order. A table of work changes faster than its
# statistics, by which the planner may sort it whole or scan it once for each of its rows.
_IN_INDEX_ORDER = (
    "-c enable_seqscan=off -c enable_bitmapscan=off -c plan_cache_mode=force_generic_plan"
)


class _Tx(Tx):
    def __init__(self, connection: Connection, clock: Clock | None) -> None:
        super().__init__(connection, clock.now() if clock else Micros(0), "postgresql")
        self._clock = clock

    @property
    def now(self) -> Micros:
        """Asked of the server when first wanted; most statements let it fill in its own."""
        if self._clock is None and not self._now:
            self._now = Micros(self.driver.execute(f"SELECT {SERVER_NOW}").fetchone()[0])
        return self._now

    def _bound(self, statement: Sql, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if self._clock is None:
            return statement.by_server_clock, values
        return super()._bound(statement, values)

    def lost(self, error: BaseException) -> bool:
        """A collision or a dropped connection ends the whole transaction."""
        return _collided(error) or _dropped(error)


class PostgresDatabase:
    """A PostgreSQL database that any number of processes share."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: URL, clock: Clock | None = None, *, connections: int = 10) -> None:
        """Connect lazily; `clock` replaces the database's in tests that move time."""
        self._clock = clock
        self._me = ids.new("db")
        self._listeners = Listeners()
        self._sessions = _Sessions(url, connections)
        self._claims = _Sessions(url, connections, _IN_INDEX_ORDER)
        self.meter = Meter(lambda: self._sessions.waiting + self._claims.waiting)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="postgres-submit")
        self._inside = threading.local()
        self._closed = threading.Event()
        conninfo = url.render_as_string(hide_password=False)
        self._notifications = Notifications(conninfo, self._me, self._listeners, parameters(url))

    def write(self, fn: Callable[[Tx], T], *, isolation: Isolation = "serializable") -> T:
        if getattr(self._inside, "write", False):
            raise RuntimeError("db.write inside db.write is two transactions: pass the tx on")
        once = self._transaction if isolation == "serializable" else self._statements
        self._inside.write = True
        try:
            with tracing.child("db.write"):
                result, wakes = self._until_it_holds(lambda: once(fn))
        finally:
            self._inside.write = False
        self._listeners.tell(wakes)
        return result

    def submit(self, fn: Callable[[Tx], T]) -> Future[T]:
        asked_by = contextvars.copy_context()
        return self._threads.submit(asked_by.run, self.write, fn)

    def read(self, fn: Callable[[Tx], T]) -> T:
        return self._until_it_holds(lambda: self._snapshot(fn))

    def on_wake(self, listener: Callable[[str], None]) -> Callable[[], None]:
        self._notifications.start()
        return self._listeners.add(listener)

    def close(self) -> None:
        """Give up what collided and waits to be run again, then end."""
        self._closed.set()
        self._threads.shutdown()
        self._notifications.close()
        self._sessions.close()
        self._claims.close()

    def _until_it_holds(self, once: Callable[[], T]) -> T:
        """Run again what collided with another transaction or lost its connection, for a while."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        pause = _FIRST_PAUSE
        while True:
            try:
                return once()
            except (DBAPIError, psycopg.Error) as error:
                if not (_collided(error) or _dropped(error)):
                    raise
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"PostgreSQL did not take the transaction in time: {error}",
                        next_step="See that PostgreSQL is up and not overloaded, then try again.",
                    ) from error
            self.meter.repeated()
            if self._closed.wait(pause * random.uniform(0.5, 1.5)):  # noqa: S311 - only spreads
                raise Unavailable(
                    "This process is stopping, and its transaction had not come through.",
                    next_step="Try again when it has started again.",
                )
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _transaction(self, fn: Callable[[Tx], T]) -> tuple[T, list[str]]:
        asked = time.monotonic()
        with self._sessions.use() as connection:
            began = time.monotonic()
            self.meter.waited(began - asked)
            tx = _Tx(connection, self._clock)
            tx.trace = tracing.current()
            try:
                tx.driver.execute(_WRITE)
                result = fn(tx)
            except BaseException as error:
                _roll_back(tx, error)
                raise
            self._commit(tx)
            self.meter.committed(1, time.monotonic() - began)
        return result, tx.wakes

    def _statements(self, fn: Callable[[Tx], T]) -> tuple[T, list[str]]:
        with self._claims.use() as connection:
            tx = _Tx(connection, self._clock)
            tx.trace = tracing.current()
            try:
                result = fn(tx)
                if tx.wakes:
                    tx.driver.execute(self._notify(tx.wakes))
            except BaseException as error:
                _let_go(tx, error)
                raise
        return result, tx.wakes

    def _snapshot(self, fn: Callable[[Tx], T]) -> T:
        with self._sessions.use() as connection:
            tx = _Tx(connection, self._clock)
            try:
                tx.driver.execute(_READ)
                result = fn(tx)
            except BaseException as error:
                _roll_back(tx, error)
                raise
            _roll_back(tx, None)
        return result

    def _commit(self, tx: Tx) -> None:
        try:
            tx.driver.execute(self._notify(tx.wakes) + "COMMIT")
        except psycopg.Error as error:
            _roll_back(tx, error)
            if not _dropped(error):
                raise
            raise Unavailable(
                "The connection to PostgreSQL was lost during a commit.",
                next_step="Look whether the change is there, then try again if it is not.",
            ) from error

    def _notify(self, channels: list[str]) -> str:
        payloads = (f"{self._me} {channel}".replace("'", "''") for channel in channels)
        return "".join(f"NOTIFY {CHANNEL}, '{payload}'; " for payload in payloads)


class _Sessions:
    """Open connections, the last used first. SQLAlchemy's pool costs as much as a round trip."""

    def __init__(self, url: URL, most: int, options: str = "") -> None:
        self._engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
            connect_args=parameters(url, options),
        )
        self._free: list[Connection] = []
        self._places = threading.BoundedSemaphore(most)
        self._counting = threading.Lock()
        self.waiting = 0

    @contextmanager
    def use(self) -> Iterator[Connection]:
        """Lend a connection; one that broke meanwhile takes the other idle ones along."""
        self._wait(+1)
        with self._places:
            self._wait(-1)
            connection = self._free.pop() if self._free else self._engine.connect()
            try:
                yield connection
            finally:
                if connection.invalidated:
                    connection.close()
                    self.close()
                else:
                    self._free.append(connection)

    def _wait(self, change: int) -> None:
        with self._counting:
            self.waiting += change

    def close(self) -> None:
        while self._free:
            self._free.pop().close()


def _roll_back(tx: Tx, error: BaseException | None) -> None:
    if error is None or not _dropped(error):
        tx.driver.execute("ROLLBACK")
    else:
        _let_go(tx, error)


def _let_go(tx: Tx, error: BaseException) -> None:
    """Let nobody use a session again that has ended."""
    if _dropped(error) and not tx.connection.invalidated:
        tx.connection.invalidate()


def _collided(error: BaseException) -> bool:
    return getattr(_driver_error(error), "sqlstate", None) in _COLLISIONS


def _dropped(error: BaseException) -> bool:
    """OperationalError is also a full disk or a time-out: only one that ended the session."""
    driver_error = _driver_error(error)
    return isinstance(driver_error, psycopg.OperationalError) and (
        driver_error.sqlstate is None
        or driver_error.sqlstate.startswith("08")
        or driver_error.sqlstate in _SHUTDOWN
    )


def _driver_error(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error

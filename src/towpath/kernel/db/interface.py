"""Tx and Database: all that a part may know of a store.

A part writes `db.write(lambda tx: service.verb(tx, ...))`. The function's only effect is SQL,
because the store may run it again (PostgreSQL, serialization failure) or undo it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, RowMapping

from towpath.kernel import origin
from towpath.kernel.clock import Micros
from towpath.kernel.db.meter import Meter
from towpath.kernel.origin import Origin

ANYTHING = "*"
"""The channel of a wake that follows a gap, such as a lost connection: look at everything."""

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]
Isolation = Literal["serializable", "each statement"]
Parameters = dict[str, Any] | Sequence[dict[str, Any]]


_LITERAL_OR_NAME = re.compile(r"'(?:[^']|'')*'|(?<!:):(\w+)")
SERVER_NOW = "(extract(epoch FROM now()) * 1000000)::bigint"


class Sql:
    """One statement for either driver, with :named parameters: for what runs once per job.

    `:now` is the transaction's time and need not be given.
    """

    def __init__(self, statement: str, *, postgresql: str | None = None) -> None:
        """`postgresql` is that store's own text where one text cannot serve both."""
        theirs = (postgresql or statement).replace("%", "%%")
        self.text: dict[Dialect, str] = {
            "sqlite": statement,
            "postgresql": _as_psycopg(theirs),
        }
        self.by_server_clock = _as_psycopg(re.sub(r":now\b", SERVER_NOW, theirs))


def _as_psycopg(statement: str) -> str:
    return _LITERAL_OR_NAME.sub(lambda at: f"%({at[1]})s" if at[1] else at[0], statement)


class Tx:
    """One open transaction: SQL in, rows out."""

    def __init__(self, connection: Connection, now: Micros, dialect: Dialect) -> None:
        self.connection = connection
        self.driver: Any = connection.connection.dbapi_connection
        """The driver's own connection, sqlite3's or psycopg's, inside this transaction."""
        self.dialect = dialect
        self.wakes: list[str] = []
        self.origin: Origin = origin.current()
        """Who asked for this transaction, and from where; the audit log keeps it."""
        self.trace = ""
        """The traceparent of what is being done here; rows of facts and work take it along."""
        self._now = now
        self._savepoints = 0

    @property
    def now(self) -> Micros:
        """The only time that stored rows may use, the same during the whole transaction.

        It is the database's clock on PostgreSQL, the process's clock on SQLite.
        """
        return self._now

    def direct(self, statement: Sql, parameters: dict[str, Any] | None = None) -> Any:
        """Run a statement past SQLAlchemy, whose share of a small one is most; a cursor."""
        text, values = self._bound(statement, parameters or {})
        return self.driver.execute(text, values)

    def direct_many(self, statement: Sql, rows: Sequence[dict[str, Any]]) -> None:
        """Run a statement once for each row, in one call of the driver."""
        bound = [self._bound(statement, row) for row in rows]
        self.driver.cursor().executemany(bound[0][0], [values for _, values in bound])

    def _bound(self, statement: Sql, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return statement.text[self.dialect], {**values, "now": self.now}

    def execute(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> CursorResult[Any]:
        return self.connection.execute(statement, parameters)

    def rows(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[RowMapping]:
        return self.connection.execute(statement, parameters).mappings().all()

    def row(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> RowMapping | None:
        return self.connection.execute(statement, parameters).mappings().first()

    def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        return self.connection.execute(statement, parameters).scalar()

    def wake(self, channel: str) -> None:
        """Tell who listens to `channel`, in every process, once this transaction is durable."""
        if channel not in self.wakes:
            self.wakes.append(channel)

    @contextmanager
    def traced(self, trace: str) -> Iterator[None]:
        """Let what is written inside follow from another span."""
        before, self.trace = self.trace, trace
        try:
            yield
        finally:
            self.trace = before

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo alone what is done inside when it raises; the error goes on.

        Catch that error only if `lost(error)` is false, or the rest of the transaction is a lie.
        """
        self._savepoints += 1
        name, wakes = f"towpath_{self._savepoints}", len(self.wakes)
        self.driver.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException as error:
            del self.wakes[wakes:]
            if not self.lost(error):
                self.driver.execute(f"ROLLBACK TO {name}")
                self.driver.execute(f"RELEASE {name}")
            raise
        self.driver.execute(f"RELEASE {name}")

    def lost(self, error: BaseException) -> bool:
        """Whether this error undid the whole transaction, which then starts again or fails."""
        raise NotImplementedError


class Database(Protocol):
    """A store. Call it from any thread, but from an event loop only `submit`."""

    dialect: Dialect
    meter: Meter

    def write(self, fn: Callable[[Tx], T], *, isolation: Isolation = "serializable") -> T:
        """Run fn in a transaction and return when its effect is on disk; fn's error undoes it.

        With "each statement", PostgreSQL commits every statement of fn by itself, in read
        committed: for claims of work, which exclude each other by row locks and may be repeated.
        """
        ...

    def submit(self, fn: Callable[[Tx], T]) -> Future[T]:
        """Like write, for callers that must not block: the future resolves after the fsync."""
        ...

    def read(self, fn: Callable[[Tx], T]) -> T:
        """Run fn on a snapshot that cannot be written to."""
        ...

    def on_wake(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call listener(channel) from any thread after each wake; returns how to stop.

        It must be quick and must not write: other commits wait for it. The channel is ANYTHING
        after a gap, when wakes may have been missed.
        """
        ...

    def close(self) -> None: ...

"""Which processes there are: each writes a row now and then, so that people see who is gone.

A row is a sign of life and nothing more: no lease, no lock, nothing is decided by it.
"""

import os
import platform
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text, text

import towpath
from towpath.kernel import ids
from towpath.kernel.clock import SECOND, Micros, after
from towpath.kernel.db.interface import Database, Tx
from towpath.kernel.errors import TowpathError

BEAT_SECONDS = 30.0
ALIVE_SECONDS = 3 * BEAT_SECONDS
METADATA = MetaData()
PROCESS = Table(
    "presence_process",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("role", String(40), nullable=False),
    Column("name", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
)
_NOTE = text("""
INSERT INTO presence_process (id, role, name, host, pid, version, started, seen)
VALUES (:id, :role, :name, :host, :pid, :version, :now, :now)
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, version = excluded.version
""")
_SEEN = text("SELECT * FROM presence_process WHERE seen > :since ORDER BY role, started, id")
_FRESH = text("SELECT id FROM presence_process WHERE id = :id AND seen > :since")
_LEFT = text("DELETE FROM presence_process WHERE id = :id")
_FORGET = text("DELETE FROM presence_process WHERE seen < :before")


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process as it told of itself; `name` says which of several on one host, if it has one."""

    id: str
    role: str
    name: str
    host: str
    pid: int
    version: str
    started: Micros
    seen: Micros

    def is_alive(self, now: Micros) -> bool:
        return now - self.seen < ALIVE_SECONDS * SECOND


class Presence:
    """This process's own row: written at once and every half minute, removed at a clean end."""

    def __init__(self, db: Database, role: str) -> None:
        self._db = db
        self._row = {
            "id": ids.new("proc"),
            "role": role,
            "name": "",
            "host": platform.node(),
            "pid": os.getpid(),
            "version": towpath.__version__,
        }
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat_forever, name="presence", daemon=True)

    def beat(self) -> None:
        """Write the row; it raises what every write of this process would meet now."""
        self._db.write(lambda tx: note(tx, self._row))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(BEAT_SECONDS)
        with suppress(TowpathError):  # who cannot write any more is seen to be gone all the same
            self._db.write(lambda tx: left(tx, str(self._row["id"])))

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Be seen from here on, and leave cleanly at the end."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def _beat_forever(self) -> None:
        while not self._stopping.is_set():
            with suppress(Exception):  # the next beat may do better; /readyz tells of it now
                self.beat()
            self._stopping.wait(BEAT_SECONDS)


def note(tx: Tx, row: Mapping[str, object]) -> None:
    """Write a sign of life; the row says who it is, in all columns but the times."""
    tx.execute(_NOTE, {**row, "now": tx.now})


def is_stale(tx: Tx, process: str) -> bool:
    """Whether a sign of life is worth a write: the last one was half a beat ago."""
    half = after(tx.now, -BEAT_SECONDS / 2)
    return tx.row(_FRESH, {"id": process, "since": half}) is None


def processes(tx: Tx) -> list[Process]:
    """Who was seen in the last day, also those that ended without a word."""
    return [Process(**row) for row in tx.rows(_SEEN, {"since": after(tx.now, -86_400)})]


def left(tx: Tx, process: str) -> None:
    tx.execute(_LEFT, {"id": process})


def prune(tx: Tx, before: Micros, _: None = None) -> None:
    """Forget who was not seen since `before`."""
    tx.execute(_FORGET, {"before": before})

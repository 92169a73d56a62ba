"""What a piece of due work is, and who does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NewType

from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx

WorkId = NewType("WorkId", int)
Then = Callable[[Tx], None]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One claimed row. `attempt` counts from 1; `version` is that of the payload's layout."""

    id: WorkId
    kind: str
    payload: Mapping[str, Any]
    version: int
    attempt: int
    key: str | None
    order: str | None
    due: Micros
    created: Micros
    trace: str = ""


@dataclass(frozen=True, kw_only=True)
class Handler:
    """Does the work of one kind.

    `run(item)` may have effects outside the database; they must bear repetition, for a crash
    repeats them. What it returns, if anything, runs in the transaction that finishes the row, so
    that effect and finish are one. A worker that lost its lease cannot finish: its `then` is
    undone. PermanentError parks the row, any other error tries again with back-off until
    `max_attempts`, then parks.

    `version` is the newest payload layout this handler reads; newer rows wait for a newer process.
    The lease is renewed while the work goes on: its length is how long a dead worker's row lies.
    Handlers of one `lane` share threads: what waits for strangers holds nobody else back.
    """

    kind: str
    run: Callable[[Item], Then | None]
    version: int = 1
    max_attempts: int = 20
    lease_seconds: float = 15.0
    lane: str = ""

    @classmethod
    def transactional(cls, kind: str, do: Callable[[Tx, Item], None], **options: Any) -> "Handler":
        """A handler whose whole effect is SQL: done exactly once."""
        return cls(kind=kind, run=lambda item: lambda tx: do(tx, item), **options)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Adds an item of `kind` at each time of a five-field cron expression, in an IANA zone.

    `jitter` spreads instances over so many seconds, the same for the same name.
    """

    name: str
    cron: str
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    zone: str = "UTC"
    jitter: float = 0.0


_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 900.0


def backoff(attempt: int, chance: float) -> float:
    """Seconds to wait after the `attempt`-th failure: 1, 2, 4 … 900, a quarter more or less.

    `chance` in [0, 1) spreads rows that failed together, so that they do not return together.
    """
    pause = min(_FIRST_PAUSE * 2.0 ** min(attempt - 1, 30), _LONGEST_PAUSE)
    return pause * (0.75 + chance / 2)

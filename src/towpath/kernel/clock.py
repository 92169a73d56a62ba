"""Time as integer microseconds since 1970-01-01 UTC, from a clock that tests can move."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import NewType, Protocol

Micros = NewType("Micros", int)
SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    def now(self) -> Micros: ...


class SystemClock:
    def now(self) -> Micros:
        return Micros(time.time_ns() // 1000)


class ManualClock:
    """A clock that stands still until it is told to advance."""

    def __init__(self, start: int = 1_700_000_000 * SECOND) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> Micros:
        with self._lock:
            return Micros(self._now)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += round(seconds * SECOND)


def after(start: Micros, seconds: float) -> Micros:
    return Micros(start + round(seconds * SECOND))


def to_datetime(at: Micros) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def from_datetime(at: datetime) -> Micros:
    """Convert an aware datetime; a naive one raises ValueError, since its instant is unknown."""
    if at.tzinfo is None:
        raise ValueError("a naive datetime names no instant")
    return Micros((at - _EPOCH) // timedelta(microseconds=1))

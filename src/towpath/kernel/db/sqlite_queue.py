"""Writers waiting for a commit, and how many of them one commit should carry."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from towpath.kernel import origin, tracing
from towpath.kernel.db.interface import Tx
from towpath.kernel.origin import Origin
from towpath.kernel.tracing import Span

MOST_PER_COMMIT = 512
_LONGEST_PATIENCE = 0.005
_COMMITS_LONG = 4  # so long do callers need to come back, who all want the GIL
_AT_ONCE = 4


class Waiter:
    """A future for one thread, at a fifth of the price."""

    __slots__ = ("_error", "_is_main", "_lock", "_result", "next")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self._is_main = threading.current_thread() is threading.main_thread()
        self._result: Any = None
        self._error: BaseException | None = None
        self.next: Waiter | None = None

    def tell(self, result: Any, error: BaseException | None) -> "Waiter | None":
        """Note what became of the job; returns the waiter if it may be woken by another one.

        A signal can take the main thread away while it waits, and then it would wake nobody.
        """
        self._result, self._error = result, error
        if not self._is_main:
            return self
        self.wake()
        return None

    def wake(self) -> None:
        self._lock.release()

    def wait(self) -> Any:
        self._lock.acquire()
        if self.next is not None:
            self.next.wake()
        if self._error is not None:
            raise self._error
        return self._result


def wake_in_turn(waiters: Sequence[Waiter]) -> None:
    """Wake a few, each of whom wakes another: a crowd woken at once only fights for the GIL."""
    for waiter, later in zip(waiters, waiters[_AT_ONCE:], strict=False):
        waiter.next = later
    for waiter in waiters[:_AT_ONCE]:
        waiter.wake()


def _begin() -> Span | None:
    """Who asks for the transaction has a span; who runs it is another thread."""
    parent = tracing.current()
    return tracing.begin("db.write", parent) if parent else None


@dataclass(slots=True)
class Job:
    """A transaction's function, and what it came to: told only after the commit.

    That holds for its error too, which rests on what it saw of others in the same commit.
    """

    fn: Callable[[Tx], Any]
    tell: Callable[[Any, BaseException | None], Waiter | None]
    result: Any = None
    error: BaseException | None = None
    wakes: Sequence[str] = ()
    asked: float = field(default_factory=time.monotonic)
    origin: Origin = field(default_factory=origin.current)
    span: Span | None = field(default_factory=_begin)


class Queue:
    """Jobs in the order they came, handed to one thread, as many at a time as a commit carries.

    As many callers as were about at the last commit are probably coming back. Waiting for them,
    for a few commits' time at most, spares a commit of its own for those who are quick; and that
    thread is woken once for all of them, not for each.
    """

    def __init__(self) -> None:
        self._jobs: deque[Job | None] = deque()
        self._bell = threading.Event()
        self._wanted = math.inf
        self._expected = 1
        self._patience = 0.0

    def put(self, job: Job | None) -> None:
        """None is the last: it ends what `take` hands out."""
        self._jobs.append(job)
        if job is None or len(self._jobs) >= self._wanted:
            self._bell.set()

    def waiting(self) -> int:
        return len(self._jobs)

    def take(self, idle: float | None) -> list[Job] | None:
        """What waits; empty when nothing came in `idle` seconds, None when all is done."""
        self._wait_for(1, idle)
        if self._jobs and self._jobs[-1] is not None:
            self._wait_for(self._expected, self._patience)
        jobs: list[Job] = []
        while self._jobs and len(jobs) < MOST_PER_COMMIT:
            job = self._jobs.popleft()
            if job is None:
                self._jobs.append(None)
                return jobs or None
            jobs.append(job)
        return jobs

    def committed(self, count: int, seconds: float) -> None:
        """Learn how many callers there are now and how long a commit takes."""
        self._expected = min(count + len(self._jobs), MOST_PER_COMMIT)
        wanted = min(_COMMITS_LONG * seconds, _LONGEST_PATIENCE)
        self._patience += (wanted - self._patience) / 4

    def _wait_for(self, count: int, seconds: float | None) -> None:
        """Look only after saying what is wanted: who comes in between rings the bell."""
        self._bell.clear()
        self._wanted = count
        if len(self._jobs) < count:
            self._bell.wait(seconds)
        self._wanted = math.inf

"""What lies between the dispatcher and the runners: claims one way, outcomes the other."""

import math
import queue
import threading
import time
from collections.abc import Sequence

from towpath.kernel.work.model import WorkId
from towpath.kernel.work.settling import Claim, Outcome

MOST_HELD = 256
_PREFETCH_SECONDS = 0.05
_MEMORY = 8  # a mean over about so many of the latest
_Name = tuple[WorkId, int]


class Desk:
    """Shared by one dispatcher and `threads` runners; every method may be called by each."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._todo: queue.SimpleQueue[Claim | None] = queue.SimpleQueue()
        self._held: dict[_Name, Claim] = {}
        self._renew_at: dict[_Name, float] = {}
        self._begun: set[_Name] = set()
        self._outcomes: list[Outcome] = []
        self._run_seconds = 1.0
        self._settle_seconds = 1.0

    def room(self) -> int:
        """How many more to claim: one per free thread, and as many as are done in 50 ms.

        Done means run, which threads do side by side, and settled, one after another in a
        transaction that others may be waiting for.
        """
        held = len(self._held)
        run = self._threads * _PREFETCH_SECONDS / max(self._run_seconds, 1e-6)
        settled = _PREFETCH_SECONDS / max(self._settle_seconds, 1e-6)
        most = min(max(self._threads, int(min(run, settled))), MOST_HELD)
        return most - held if held < self._threads or held <= most // 2 else 0

    def settled(self, count: int, seconds: float) -> None:
        """Learn what settling costs."""
        if count:
            self._settle_seconds += (seconds / count - self._settle_seconds) / _MEMORY

    def give(self, claims: Sequence[Claim]) -> None:
        with self._lock:
            for claim in claims:
                self._held[_name(claim)] = claim
                self._renew_at[_name(claim)] = _renewal(claim)
        for claim in claims:
            self._todo.put(claim)

    def take(self) -> Claim | None:
        """The next claim whose lease still stands, from now on renewed; None at the end."""
        while claim := self._todo.get():
            with self._lock:
                if time.monotonic() < claim.expires:
                    self._begun.add(_name(claim))
                    return claim
                self._forget(claim)
        return None

    def hand_in(self, outcome: Outcome, seconds: float) -> None:
        with self._lock:
            self._forget(outcome.claim)
            self._outcomes.append(outcome)
            self._run_seconds += (seconds - self._run_seconds) / _MEMORY

    def outcomes(self) -> list[Outcome]:
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        with self._lock:
            self._outcomes.extend(outcomes)

    def next_renewal(self) -> float:
        """When to ask for `renewals`; a claim counts before it begins, for that is not told."""
        with self._lock:
            return min(self._renew_at.values(), default=math.inf)

    def renewals(self) -> list[Claim]:
        """Claims being worked on for a third of their lease since it was last renewed.

        One that has not begun is left to expire, so that another process may take it.
        """
        now = time.monotonic()
        with self._lock:
            due = [name for name, moment in self._renew_at.items() if moment <= now]
            for name in due:
                self._renew_at[name] = now + self._held[name].handler.lease_seconds / 3
            return [self._held[name] for name in due if name in self._begun]

    def clear(self) -> list[Claim]:
        """Take back what no runner has begun."""
        claims = []
        try:
            while claim := self._todo.get_nowait():
                claims.append(claim)
        except queue.Empty:
            pass
        with self._lock:
            for claim in claims:
                self._forget(claim)
        return claims

    def is_clear(self) -> bool:
        with self._lock:
            return not self._held and not self._outcomes

    def _forget(self, claim: Claim) -> None:
        name = _name(claim)
        self._held.pop(name, None)
        self._renew_at.pop(name, None)
        self._begun.discard(name)

    def close(self, threads: int) -> None:
        for _ in range(threads):
            self._todo.put(None)


def _name(claim: Claim) -> _Name:
    """A row may be claimed again while an older claim of it still lies about."""
    return claim.item.id, claim.fence


def _renewal(claim: Claim) -> float:
    return claim.expires - claim.handler.lease_seconds * 2 / 3

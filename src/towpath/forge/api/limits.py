"""How often each user may call: so many requests an hour, and fewer in any one minute.

Counted per user, whichever token they use, in this process alone: two web processes give each
user twice as much. That is enough against a program gone wild, which is what this is for.
"""

import threading
from dataclasses import dataclass
from typing import ClassVar

from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.errors import TowpathError

HOUR, MINUTE = 3600, 60


class Throttled(TowpathError):
    """The caller comes back after `seconds`.

    GitHub answers 403 or 429; its clients know a limit by 403 alone, and try a 429 again at once.
    """

    status: ClassVar[int] = 403
    title: ClassVar[str] = "Too many requests"

    def __init__(self, detail: str, seconds: int, counted: "Counted") -> None:
        super().__init__(detail, next_step=f"Try again in {seconds} seconds.")
        self.seconds = seconds
        self.counted = counted


@dataclass(frozen=True)
class Counted:
    """How many requests of the hour are used; `reset` in seconds since 1970."""

    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Limits:
    """Counts requests in windows that begin on the hour and on the minute."""

    def __init__(self, per_hour: int, per_minute: int) -> None:
        self._most = {HOUR: per_hour, MINUTE: per_minute}
        self._used: dict[tuple[str, int], tuple[int, int]] = {}
        self._minute = 0
        self._lock = threading.Lock()

    def look(self, user: str, now: Micros) -> Counted:
        """Say how much of the hour is used, without using any."""
        with self._lock:
            return self._counted(user, now, HOUR)

    def take(self, user: str, now: Micros) -> Counted:
        """Use one request; Throttled if there is none left."""
        with self._lock:
            hour, minute = (self._counted(user, now, span) for span in (HOUR, MINUTE))
            if not hour.remaining:
                raise Throttled("API rate limit exceeded.", _wait(hour, now), hour)
            if not minute.remaining:
                raise Throttled(
                    f"This is a secondary rate limit: {minute.limit} requests in one minute.",
                    _wait(minute, now),
                    hour,
                )
            self._note(user, now)
            return self._counted(user, now, HOUR)

    def give_back(self, user: str, now: Micros) -> Counted:
        """Return one request of the hour, which asked for nothing new; the minute keeps it."""
        with self._lock:
            counted = self._counted(user, now, HOUR)
            if counted.used:
                self._used[user, HOUR] = (now // SECOND // HOUR, counted.used - 1)
            return self._counted(user, now, HOUR)

    def _counted(self, user: str, now: Micros, span: int) -> Counted:
        window = now // SECOND // span
        began, used = self._used.get((user, span), (window, 0))
        return Counted(self._most[span], used if began == window else 0, (window + 1) * span)

    def _note(self, user: str, now: Micros) -> None:
        if now // SECOND // MINUTE != self._minute:
            self._forget(now)
        for span in (HOUR, MINUTE):
            used = self._counted(user, now, span).used + 1
            self._used[user, span] = (now // SECOND // span, used)

    def _forget(self, now: Micros) -> None:
        """Drop the windows that are over, once a minute."""
        seconds = now // SECOND
        self._minute = seconds // MINUTE
        kept = {key: one for key, one in self._used.items() if one[0] == seconds // key[1]}
        self._used = kept


def _wait(counted: Counted, now: Micros) -> int:
    return max(1, counted.reset - now // SECOND)

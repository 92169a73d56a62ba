"""Identifiers: a short prefix that says what it names, then 26 sortable characters.

The layout is that of a ULID (48 bits of milliseconds, 80 random bits, Crockford base 32), so
ids made later sort later and indexes stay dense: those of one process always, since rows that
are made together are read in the order of their ids. https://github.com/ulid/spec
"""

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80
_STEP_BITS = 64  # random too, so that two processes forked from one do not meet
_LENGTH = 26


class _Numbers:
    """Each larger than the last, also within a millisecond and when the clock is set back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        drawn = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        with self._lock:
            self._last = max(drawn, self._last + 1 + secrets.randbits(_STEP_BITS))
            return self._last


_numbers = _Numbers()


def new(prefix: str) -> str:
    """Make an id such as `run_01hv3k…`: unique, safe in paths, after those made before it."""
    return f"{prefix}_{_encode(_numbers.next())}"


def secret(prefix: str) -> str:
    """Make an unguessable token with 256 random bits; only its hash may be stored."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def _encode(number: int) -> str:
    shifts = range(5 * (_LENGTH - 1), -1, -5)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in shifts)

"""Identifiers: a short prefix that says what it names, then 26 sortable characters.

The layout is that of a ULID (48 bits of milliseconds, 80 random bits, Crockford base 32), so
ids made later sort later and indexes stay dense. https://github.com/ulid/spec
"""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80
_LENGTH = 26


def new(prefix: str) -> str:
    """Make an id such as `run_01hv3k…`: unique, sortable by millisecond, safe in paths."""
    number = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return f"{prefix}_{_encode(number)}"


def secret(prefix: str) -> str:
    """Make an unguessable token with 256 random bits; only its hash may be stored."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def _encode(number: int) -> str:
    shifts = range(5 * (_LENGTH - 1), -1, -5)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in shifts)

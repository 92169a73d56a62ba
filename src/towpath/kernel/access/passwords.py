"""Passwords at rest: argon2id with the library's defaults (RFC 9106, low-memory profile)."""

import functools

from anyio import CapacityLimiter
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()

# One hash takes 64 MiB and a fifth of a CPU second: two at a time leave room for everyone else.
# Routes that hash are async and run `log_in` through this, so waiting holds no worker thread.
HASHING = CapacityLimiter(2)


def hashed(password: str) -> str:
    """Hash a password; about 0.2 s of CPU."""
    return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Compare in the same time whether the user exists and has a password, or not."""
    nobody = _nobody()  # made by the first log-in of all, whoever it is for
    try:
        _HASHER.verify(password_hash or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@functools.cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")

"""Guessing passwords is slowed down: so many failures, and the door stays shut for a while.

Ten failures in ten minutes from one address for one login close that door, and a hundred from one
address close it for all logins: who tries one password on many is stopped.
"""

import ipaddress

from towpath.kernel.access import auditing, store
from towpath.kernel.clock import Micros, after
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Unavailable

_TRIES = 10
_TRIES_OF_ADDRESS = 100
_MOST_FAILURES = 10_000
"""Rows kept about failed log-ins; a flood from everywhere drops the oldest."""
_WINDOW_SECONDS = 600.0


def require_patience(tx: Tx, login: str, address: str) -> None:
    """Raise Unavailable while too many tries have failed for this login or from this address."""
    since = window_start(tx)
    for who, most, words in (
        (_who(login, address), _TRIES, "for this login"),
        (_place(address), _TRIES_OF_ADDRESS, "from your address"),
    ):
        if store.failures(tx, who, since) >= most:
            raise Unavailable(
                f"Too many log-ins have failed {words}.", next_step="Wait ten minutes."
            )


def count_failure(tx: Tx, login: str, address: str) -> None:
    since = window_start(tx)
    auditing.log_in_refused(tx, login, store.user(tx, login))
    store.make_room_for_failures(tx, since, _MOST_FAILURES)
    store.count_failure(tx, _who(login, address), since)
    store.count_failure(tx, _place(address), since)


def forget_failures(tx: Tx, login: str, address: str) -> None:
    """Whoever has come in is nobody who guesses; other logins from there still count."""
    store.forget_failures(tx, _who(login, address))


def window_start(tx: Tx) -> Micros:
    return after(tx.now, -_WINDOW_SECONDS)


def _who(login: str, address: str) -> str:
    return f"{login[:64]}{_place(address)}"


def _place(address: str) -> str:
    """Name where a log-in comes from; whoever has one IPv6 address has all of its /64."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return f"@{address[:64]}"
    if isinstance(known, ipaddress.IPv4Address):
        return f"@{known}"
    return f"@{ipaddress.ip_network((known, 64), strict=False)}"

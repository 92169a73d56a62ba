"""How long a silent peer is believed, at both ends of a connection to PostgreSQL.

A machine that vanishes says no goodbye. Without limits its peer waits for two hours, and what it
held stays held: row locks of a process that was cut off or stopped in the middle of a
transaction keep everybody else waiting. So both kernels give up after some seconds, and the
database ends a transaction that says nothing for long. Over a unix socket the network's limits
mean nothing and do no harm.
"""

from typing import Any

from sqlalchemy.engine import URL

_WE_BELIEVE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 14_000,
}
"""In seconds, but for the last, in milliseconds: less than the 20 s that a call waits."""
_IT_BELIEVES = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "14s",
    "idle_in_transaction_session_timeout": "30s",
}


def parameters(url: URL, options: str = "") -> dict[str, Any]:
    """What to connect with besides the URL, in libpq's words; what the URL says itself stays.

    `options` are further settings of the session, as `-c name=value`.
    """
    limits = " ".join(f"-c {name}={value}" for name, value in _IT_BELIEVES.items())
    said = f"{limits} {options} {url.query.get('options', '')}"
    ours = {name: value for name, value in _WE_BELIEVE.items() if name not in url.query}
    return {**ours, "options": said.strip()}

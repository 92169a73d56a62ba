"""What an entry holds, what it never holds, and what can be asked of the log."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from towpath.kernel.clock import Micros, from_datetime
from towpath.kernel.errors import InvalidInput

NOT_KEPT = "(not kept)"
_UNSHOWABLE = "\N{REPLACEMENT CHARACTER}"
_SECRET_NAME = re.compile(
    r"passw|secret|token|hash|private|cookie|authorization|credential|api_?key|signature",
    re.IGNORECASE,
)
_OUR_TOKEN = re.compile(r"\b(?:tow|ses|pw)_[A-Za-z0-9_-]{20,}")
_LONGEST_TEXT = 500
_MOST_ENTRIES = 100
_DATE_LENGTH = 10

Values = Mapping[str, Any]
FIELDS = (
    "id", "at", "action", "subject", "who", "who_id", "proof", "proof_id", "address", "agent",
    "request", "before", "after",
)  # fmt: skip
"""What an entry tells, in the order of tables."""


@dataclass(frozen=True)
class Action:
    """One kind of change; `words` complete the sentence "somebody …"."""

    name: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One change. `subject` is KIND:NAME, such as user:alice or repository:canal/boats."""

    id: int
    at: Micros
    action: str
    subject: str
    who_id: str
    who: str
    proof: str
    proof_id: str
    address: str
    agent: str
    request: str
    before: Values | None
    after: Values | None


@dataclass(frozen=True, kw_only=True)
class Search:
    """What to look for; None asks for anything. `what` and `subject` match beginnings."""

    who: str | None = None
    what: str | None = None
    subject: str | None = None
    since: Micros | None = None
    until: Micros | None = None


_actions: dict[str, Action] = {}


def action(name: str, words: str) -> Action:
    """Declare a kind of change, once, beside the verb that makes it; the reference lists all."""
    if name in _actions:
        raise ValueError(f"two actions are called {name}")
    made = _actions[name] = Action(name, words)
    return made


def actions() -> list[Action]:
    """Those of the parts that are loaded, by name."""
    return sorted(_actions.values(), key=lambda each: each.name)


def kept(values: Values | None) -> dict[str, Any] | None:
    """What of these values may be stored: no secret, and nothing of unbounded length."""
    if values is None:
        return None
    return {name: _kept(name, value) for name, value in values.items()}


def _kept(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return kept(value)
    if value is not None and not isinstance(value, bool) and _SECRET_NAME.search(name):
        return NOT_KEPT
    if isinstance(value, list | tuple | set | frozenset):
        ordered = sorted(value) if isinstance(value, set | frozenset) else value
        return [_kept(name, each) for each in list(ordered)[:_MOST_ENTRIES]]
    if value is None or isinstance(value, bool | int | float):
        return value
    return plain(str(value))


def plain(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Text that both stores can keep and a page can show, without tokens of ours."""
    shown = _OUR_TOKEN.sub(NOT_KEPT, text)
    shown = "".join(c if c.isprintable() or c == "\n" else _UNSHOWABLE for c in shown)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def moment(text: str, *, end: bool = False) -> Micros:
    """Read a date or a time in ISO 8601, UTC unless it says otherwise.

    A date alone means its first moment, or with `end` its last.
    """
    try:
        if len(text) == _DATE_LENGTH:
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return from_datetime(datetime(day.year, day.month, day.day, tzinfo=UTC))
        read = datetime.fromisoformat(text)
        return from_datetime(read if read.tzinfo else read.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{text[:40]!r} is no date or time.",
            next_step="Write it like 2026-01-31 or 2026-01-31T12:00:00Z.",
        ) from None

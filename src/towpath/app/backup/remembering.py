"""The last backup, written down beside the data it is of: a file, since a second process may not
write to SQLite, and since it must be told even where the database cannot be.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.disk import replace_file
from towpath.kernel.health import Check, Measure
from towpath.kernel.pages.words import duration, size

NAME = "last-backup.json"
_OLD_SECONDS = 26 * 3600
_NEXT = "Let a timer run `towpath backup FILE --verify` every day, and keep FILE elsewhere."


@dataclass(frozen=True, kw_only=True)
class Last:
    """`at` is the moment that it is of; `verified` says whether it was read back and compared."""

    at: Micros
    file: str
    size: int
    verified: bool


def remember(data: Path, last: Last) -> None:
    """Have it on disk; an older one is forgotten, for it is no longer the last."""
    replace_file(data / NAME, msgspec.json.encode(last), 0o600)


def last(data: Path) -> Last | None:
    """Read what was remembered; None if nothing was, or if it cannot be read."""
    try:
        return msgspec.json.decode((data / NAME).read_bytes(), type=Last)
    except (OSError, msgspec.MsgspecError):
        return None


def check(data: Path, now: Micros) -> Check:
    """Say when the last backup was taken, and whether somebody looked that it is whole."""
    known = last(data)
    if known is None:
        words = "None was taken of this directory yet"
        return Check(name="Backup", state="neutral", words=words, next_step=_NEXT)
    age = (now - known.at) / SECOND
    proof = "verified" if known.verified else "not verified"
    words = f"The last was taken {duration(age)} ago, {size(known.size)}, {proof}"
    if age > _OLD_SECONDS:
        return Check(name="Backup", state="waiting", words=words, next_step=_NEXT)
    return Check(name="Backup", state="good", words=words)


def measures(data: Path, now: Micros) -> Sequence[Measure]:
    """Say how old it is, for ever if there is none, so that one rule finds both."""
    known = last(data)
    age = (now - known.at) / SECOND if known else math.inf
    return (
        _gauge("towpath_backup_age_seconds", "Age of the last backup; +Inf without one.", age),
        _gauge(
            "towpath_backup_verified", "Whether it was read back: 1 or 0.",
            float(known is not None and known.verified),
        ),
    )  # fmt: skip


def _gauge(name: str, words: str, value: float) -> Measure:
    return Measure(name=name, words=words, values=[((), value)])

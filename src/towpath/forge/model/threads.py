"""Discussions that hang on a line of a diff, and where that line is after more pushes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from towpath.forge.model.names import require_sha
from towpath.forge.model.places import address, path_of, visible
from towpath.kernel.clock import Micros
from towpath.kernel.errors import InvalidInput

Side = Literal["old", "new"]
SIDES: tuple[Side, ...] = ("old", "new")
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_LONGEST_FILE = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Line `line` of a file, on one side of a diff; `commit` is the one that this side shows."""

    path: str
    side: Side
    line: int
    commit: str

    @property
    def shown_path(self) -> str:
        return visible(self.path)

    @property
    def address(self) -> str:
        return address(self.path)


@dataclass(frozen=True, kw_only=True)
class Remark:
    id: str
    author: str
    body: str
    at: Micros


@dataclass(frozen=True, kw_only=True)
class Thread:
    """`remarks` holds at least the first; `resolved_by` is who said that it is settled."""

    id: str
    anchor: Anchor
    remarks: tuple[Remark, ...]
    resolved_by: str | None


@dataclass(frozen=True)
class Shift:
    """Lines `old` to `old + removed - 1` were replaced by `added` others.

    With nothing removed, those others stand behind line `old`, as `git diff -U0` counts.
    """

    old: int
    removed: int
    added: int


def require_anchor(path: str, side: str, line: int, commit: str) -> Anchor:
    """Check where somebody wants to say something; InvalidInput names what is wrong."""
    for known in SIDES:
        if side == known and 1 <= line <= _LONGEST_FILE:
            return Anchor(path=path_of(path), side=known, line=line, commit=require_sha(commit))
    raise InvalidInput(
        f"Line {line} on side {side!r} is no place in a diff.",
        next_step="Give the number of a line, from 1, and the side old or new.",
    )


def read_shifts(patch: bytes) -> tuple[Shift, ...]:
    """Read the headings of a patch without context, in the order of the file."""
    return tuple(
        Shift(int(found[1]), _count(found[2]), _count(found[4])) for found in _HUNK.finditer(patch)
    )


def _count(text: bytes | None) -> int:
    return 1 if text is None else int(text)


def line_now(line: int, shifts: Sequence[Shift]) -> int | None:
    """Where a line is after these changes; None when it was changed itself or is gone."""
    moved = 0
    for shift in shifts:
        if shift.old <= line < shift.old + shift.removed:
            return None
        last = shift.old + max(shift.removed - 1, 0)
        moved += shift.added - shift.removed if line > last else 0
    return line + moved

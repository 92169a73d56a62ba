"""Discussions that hang on a line of a diff, and where that line is after more pushes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from towpath.forge.model.names import handle_of, require_sha
from towpath.forge.model.places import address, path_of, visible
from towpath.kernel.clock import Micros
from towpath.kernel.errors import InvalidInput

Side = Literal["old", "new"]
SIDES: tuple[Side, ...] = ("old", "new")
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_LONGEST_FILE = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Line `line` of a file, on one side of a diff; `commit` is the one that this side shows.

    Line 0 is the file as a whole.
    """

    path: str
    side: Side
    line: int
    commit: str

    @property
    def is_whole_file(self) -> bool:
        return self.line == 0

    @property
    def shown_path(self) -> str:
        return visible(self.path)

    @property
    def address(self) -> str:
        return address(self.path)


@dataclass(frozen=True, kw_only=True)
class Remark:
    """`review` is the id of the review it came with, `edited` when its text was last changed."""

    id: str
    author: str
    body: str
    at: Micros
    edited: Micros | None = None
    review: str | None = None

    @property
    def handle(self) -> int:
        return handle_of(self.id)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a program looked at: the diff up to `head`, whose `hunk` ends at the line.

    `position` counts lines from the first hunk of the file on; `start` is the first of several
    lines that it speaks about.
    """

    head: str
    position: int
    hunk: str
    start: int | None = None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Where a program wants to say something: by line and side, or by position in the diff.

    With `whole_file`, about all of it.
    """

    path: str
    side: Side = "new"
    line: int | None = None
    position: int | None = None
    start: int | None = None
    whole_file: bool = False


@dataclass(frozen=True, kw_only=True)
class Thread:
    """`remarks` holds at least the first; `resolved_by` is who said that it is settled.

    `seen` is None for one that was begun on our page.
    """

    id: str
    anchor: Anchor
    remarks: tuple[Remark, ...]
    resolved_by: str | None
    seen: Seen | None = None

    @property
    def lines(self) -> str:
        """Which lines it speaks about, in words."""
        if self.anchor.is_whole_file:
            return "the whole file"
        start = self.seen and self.seen.start
        return f"lines {start} to {self.anchor.line}" if start else f"line {self.anchor.line}"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A review that its author has begun and nobody else sees, with what it says about lines."""

    id: str
    number: int
    author: str
    head: str
    body: str
    at: Micros
    threads: tuple[Thread, ...]

    @property
    def handle(self) -> int:
        return handle_of(self.id)


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

"""What `git diff` prints, as rows that a page can show.

Paths come from `--raw --numstat -z`, where nothing is quoted; the patch gives only the lines, in
the same order of files. A line of content begins with a space, plus, minus or backslash, so
"diff --git" at the beginning of a line is always a new file.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Literal

from towpath.forge.model.places import visible

Kind = Literal["context", "added", "removed", "note"]
FileStatus = Literal["added", "removed", "modified", "renamed", "copied", "changed"]
MOST_FILES = 300
MOST_ROWS_A_FILE = 1_500
MOST_ROWS = 12_000
LONGEST_ROW = 1_000
_STATUS: dict[str, FileStatus] = {
    "A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed",
}  # fmt: skip
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)")
_NEW_FILE = re.compile(rb"^diff --git ", re.MULTILINE)
_KINDS: dict[str, Kind] = {" ": "context", "+": "added", "-": "removed", "\\": "note"}


@dataclass(frozen=True)
class Row:
    """One line; `old` and `new` are its line numbers on either side."""

    kind: Kind
    old: int | None
    new: int | None
    text: str

    @property
    def shown(self) -> str:
        return visible(self.text)


@dataclass(frozen=True)
class Hunk:
    """Lines that belong together; `heading` is what git believes they stand in."""

    old: int
    new: int
    heading: str
    rows: tuple[Row, ...]

    @property
    def shown_heading(self) -> str:
        return visible(self.heading)


@dataclass(frozen=True)
class DiffFile:
    """One changed file. `cut` means that not all its lines are here.

    `additions` and `deletions` count lines; None for a file that is not text, or too large.
    """

    path: str
    old_path: str | None
    status: FileStatus
    old_mode: str
    new_mode: str
    sha: str
    additions: int | None
    deletions: int | None
    hunks: tuple[Hunk, ...] = ()
    cut: bool = False

    @property
    def binary(self) -> bool:
        return self.additions is None

    @property
    def shown_path(self) -> str:
        return visible(self.path)

    @property
    def shown_old_path(self) -> str:
        return visible(self.old_path or "")


@dataclass(frozen=True)
class Diff:
    """`count` files changed; `files` holds the first of them."""

    files: tuple[DiffFile, ...]
    count: int
    additions: int
    deletions: int

    @property
    def cut(self) -> bool:
        return self.count > len(self.files) or any(file.cut for file in self.files)


def parse(listed: bytes, patch: bytes, *, whole: bool) -> Diff:
    """Join the list of files (`--raw --numstat -z`) with the patch, which may be cut off."""
    files = _files(listed)
    sections = _sections(patch, len(files))
    shown = []
    room = MOST_ROWS
    for number, file in enumerate(files[:MOST_FILES]):
        lines = [
            line for _ in range(1 + (file.status == "changed")) for line in next(sections, ())
        ]
        ended = whole or (number + 1 < len(files) and bool(lines))
        filled = _fill(file, lines, min(room, MOST_ROWS_A_FILE), whole=ended)
        room -= sum(len(hunk.rows) for hunk in filled.hunks)
        shown.append(filled)
    return Diff(
        tuple(shown),
        len(files),
        sum(file.additions or 0 for file in files),
        sum(file.deletions or 0 for file in files),
    )


def _files(listed: bytes) -> list[DiffFile]:
    """Read `:mode mode sha sha status NUL path NUL [path NUL]`…, then the numbers of lines."""
    fields = iter(listed.decode("utf-8", "replace").split("\0"))
    files: list[DiffFile] = []
    counts: dict[str, tuple[int | None, int | None]] = {}
    for field in fields:
        if field.startswith(":"):
            files.append(_raw(field, fields))
        elif field:
            path, numbers = _numbers(field, fields)
            counts[path] = numbers
    return [
        replace(file, additions=added, deletions=removed)
        for file in files
        for added, removed in [counts.get(file.path, (None, None))]
    ]


def _raw(field: str, fields: Iterator[str]) -> DiffFile:
    old_mode, new_mode, old, new, letter = field[1:].split(" ")
    status = _STATUS.get(letter[0], "modified")
    first = next(fields)
    second = next(fields) if status in {"renamed", "copied"} else None
    return DiffFile(
        path=second or first,
        old_path=first if second else None,
        status=status,
        old_mode=old_mode,
        new_mode=new_mode,
        sha=old if status == "removed" else new,
        additions=None,
        deletions=None,
    )


def _numbers(field: str, fields: Iterator[str]) -> tuple[str, tuple[int | None, int | None]]:
    added, removed, path = field.split("\t", 2)
    if not path:  # a rename has its two paths in fields of their own
        next(fields)
        path = next(fields)
    counts = tuple(int(number) if number != "-" else None for number in (added, removed))
    return path, (counts[0], counts[1])


def _sections(patch: bytes, most: int) -> Iterator[list[str]]:
    starts = [found.start() for found in islice(_NEW_FILE.finditer(patch), most * 2)]
    for begin, end in pairwise([*starts, len(patch)]):
        yield patch[begin:end].decode("utf-8", "replace").removesuffix("\n").split("\n")


def _fill(file: DiffFile, lines: Sequence[str], most: int, *, whole: bool) -> DiffFile:
    hunks: list[Hunk] = []
    shown = 0
    for begin, end in _hunk_bounds(lines):
        if shown >= most:
            break
        hunks.append(_hunk(lines[begin], lines[begin + 1 : min(end, begin + 1 + most - shown)]))
        shown += len(hunks[-1].rows)
    total = sum(end - begin - 1 for begin, end in _hunk_bounds(lines))
    return replace(file, hunks=tuple(hunks), cut=shown < total or not whole)


def _hunk_bounds(lines: Sequence[str]) -> list[tuple[int, int]]:
    starts = [number for number, line in enumerate(lines) if line.startswith("@@ ")]
    return list(pairwise([*starts, len(lines)]))


def _hunk(heading: str, lines: Sequence[str]) -> Hunk:
    found = _HUNK.match(heading)
    old, new = (int(found[1]), int(found[2])) if found else (0, 0)
    return Hunk(old, new, found[3] if found else "", tuple(_rows(lines, old, new)))


def _rows(lines: Sequence[str], old: int, new: int) -> Iterator[Row]:
    for line in lines:
        kind = _KINDS.get(line[:1], "note")
        before = old if kind in {"context", "removed"} else None
        after = new if kind in {"context", "added"} else None
        yield Row(kind, before, after, line[1 : LONGEST_ROW + 1])
        old += before is not None
        new += after is not None


def as_patch(file: DiffFile) -> str:
    """The lines of a file's hunks again, as the GitHub dialect gives them."""
    marks = {kind: mark for mark, kind in _KINDS.items()}
    return "\n".join(
        line
        for hunk in file.hunks
        for line in (_heading(hunk), *(marks[row.kind] + row.text for row in hunk.rows))
    )


def _heading(hunk: Hunk) -> str:
    old = sum(row.old is not None for row in hunk.rows)
    new = sum(row.new is not None for row in hunk.rows)
    return f"@@ -{hunk.old},{old} +{hunk.new},{new} @@ {hunk.heading}".rstrip()

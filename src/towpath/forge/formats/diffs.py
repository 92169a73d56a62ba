"""What `git diff` prints, as rows that a page can show.

Paths come from `--raw -z` and `--numstat -z`, where nothing is quoted; the patch gives only the
lines, in the same order of files. A line of content begins with a space, plus, minus or
backslash, so "diff --git" at the beginning of a line is always a new file.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, pairwise

from towpath.forge.model.diffs import DiffFile, FileStatus, Hunk, Kind, Limits, Row
from towpath.forge.model.places import address

LONGEST_ROW = 1_000
_STATUS: dict[str, FileStatus] = {
    "A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed",
}  # fmt: skip
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)")
_NEW_FILE = re.compile(rb"^diff --git ", re.MULTILINE)
_KINDS: dict[str, Kind] = {" ": "context", "+": "added", "-": "removed", "\\": "note"}


def changes(listed: bytes, counted: bytes) -> list[DiffFile]:
    """Join the list of files (`--raw -z`) with their numbers of lines (`--numstat -z`).

    Either may be cut off anywhere.
    """
    counts = dict(_numbers(counted.split(b"\0")[:-1]))
    files = []
    for fields in _records(listed.split(b"\0")[:-1]):
        file = _file(fields)
        added, removed = counts.get(fields[-1], (None, None))
        files.append(replace(file, additions=added, deletions=removed))
    return files


def fill(
    files: Sequence[DiffFile], patch: bytes, *, whole: bool, limits: Limits
) -> list[DiffFile]:
    """Give files their lines from a patch that begins with the first of them."""
    sections = deque(_sections(patch, 2 * limits.files + 1))
    shown = []
    room = limits.rows
    for file in files[: limits.files]:
        of_file = 2 if file.status == "changed" else 1
        lines = [line for _ in range(min(of_file, len(sections))) for line in sections.popleft()]
        is_ended = whole or bool(sections)
        filled = _fill(file, lines, min(room, limits.rows_a_file), whole=is_ended)
        room -= sum(len(hunk.rows) for hunk in filled.hunks)
        shown.append(filled)
    return shown


def _records(fields: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Read `:mode mode sha sha status`, a path, and one more path for what was renamed."""
    at = 0
    while at < len(fields):
        width = 3 if _status(fields[at]) in {"renamed", "copied"} else 2
        if len(fields) < at + width:
            return
        yield list(fields[at : at + width])
        at += width


def _status(told: bytes) -> FileStatus:
    return _STATUS.get(told.rpartition(b" ")[2][:1].decode("ascii", "replace"), "modified")


def _file(fields: Sequence[bytes]) -> DiffFile:
    told, path, *renamed = fields
    old_mode, new_mode, old, new, letter = told[1:].decode("ascii").split(" ")
    new_path = renamed[0] if renamed else path
    return DiffFile(
        path=new_path.decode("utf-8", "replace"),
        old_path=path.decode("utf-8", "replace") if renamed else None,
        address=address(new_path.decode("utf-8", "surrogateescape")),
        old_address=address(path.decode("utf-8", "surrogateescape")) if renamed else None,
        status=_status(told),
        old_mode=old_mode,
        new_mode=new_mode,
        old_sha=old,
        new_sha=new,
        like=int(letter[1:] or 100),
    )


def _numbers(fields: Sequence[bytes]) -> Iterator[tuple[bytes, tuple[int | None, int | None]]]:
    """Read `added TAB removed TAB path`; a rename has its two paths in fields of their own."""
    at = 0
    while at < len(fields):
        added, removed, path = fields[at].split(b"\t", 2)
        at += 1 if path else 3
        if at > len(fields):
            return
        yield path or fields[at - 1], (_number(added), _number(removed))


def _number(text: bytes) -> int | None:
    return None if text == b"-" else int(text)


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
        more = max(len(line) - 1 - LONGEST_ROW, 0)
        yield Row(kind, before, after, line[1 : LONGEST_ROW + 1], more)
        old += before is not None
        new += after is not None


def as_patch(file: DiffFile) -> str:
    """The lines of a file's hunks again, as the GitHub dialect gives them."""
    return "\n".join(line for hunk in file.hunks for line in patch_of(hunk, hunk.rows))


def patch_of(hunk: Hunk, rows: Sequence[Row]) -> list[str]:
    """Some rows of a hunk as `git diff` prints them, below the heading of the whole."""
    marks = {kind: mark for mark, kind in _KINDS.items()}
    return [_heading(hunk), *(marks[row.kind] + row.text for row in rows)]


def _heading(hunk: Hunk) -> str:
    old = sum(row.old is not None for row in hunk.rows)
    new = sum(row.new is not None for row in hunk.rows)
    return f"@@ -{hunk.old},{old} +{hunk.new},{new} @@ {hunk.heading}".rstrip()

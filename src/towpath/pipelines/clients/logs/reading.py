"""Read pieces of a log, however long it is."""

import os
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1 << 20
LONGEST_LINE = 4096
"""Bytes of one line that a page shows."""


@dataclass(frozen=True)
class Line:
    """`number` counts from 1 in the whole log; `at` is where it begins, in bytes."""

    number: int
    at: int
    text: bytes


@dataclass(frozen=True)
class Piece:
    """Whole lines of start..end (bytes); `more` says whether lines follow before the limit."""

    lines: tuple[Line, ...]
    start: int
    end: int
    more: bool


def size(path: Path) -> int:
    """How long the log is; 0 while there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def read(path: Path, start: int, length: int) -> bytes:
    """Read some bytes; fewer at the end, none when there is no log."""
    try:
        with path.open("rb") as file:
            return os.pread(file.fileno(), length, start)
    except FileNotFoundError:
        return b""


def lines(path: Path, start: int, stop: int, *, most: int, number: int | None = None) -> Piece:
    """Read up to `most` lines that begin at `start`, of the bytes before `stop`.

    `number` is that of the first line, when the caller knows it: counting reads all before.
    A last line without its end counts as one, for it is what is being written.
    """
    number = number or 1 + newlines(path, start)
    found: list[Line] = []
    at = start
    while at < stop and len(found) < most:
        block = read(path, at, min(_BLOCK, stop - at))
        if not block:
            break
        taken = _cut(
            block, at, number + len(found), most - len(found), last=at + len(block) >= stop
        )
        found += taken
        at = taken[-1].at + len(taken[-1].text)
    shown = tuple(
        Line(line.number, line.at, line.text.rstrip(b"\r\n")[:LONGEST_LINE]) for line in found
    )
    return Piece(shown, start, at, more=at < stop)


def _cut(block: bytes, at: int, number: int, most: int, *, last: bool) -> list[Line]:
    pieces = block.split(b"\n", most)
    rest = pieces.pop()
    found: list[Line] = []
    for piece in pieces:
        found.append(Line(number + len(found), at, piece + b"\n"))
        at += len(piece) + 1
    # A line longer than a block is cut into several: nobody reads such a line as one.
    if rest and len(found) < most and (last or not found):
        found.append(Line(number + len(found), at, rest))
    return found


def tail_start(path: Path, start: int, stop: int, most: int) -> int:
    """Find where the last `most` lines of start..stop begin."""
    at = stop
    wanted = most + (1 if _ends_line(path, stop) else 0)
    while at > start:
        begin = max(start, at - _BLOCK)
        block = read(path, begin, at - begin)
        count = block.count(b"\n")
        if count >= wanted:
            return begin + _nth_last(block, wanted) + 1
        wanted -= count
        at = begin
    return start


def _ends_line(path: Path, stop: int) -> bool:
    return stop > 0 and read(path, stop - 1, 1) == b"\n"


def _nth_last(block: bytes, count: int) -> int:
    at = len(block)
    for _ in range(count):
        at = block.rindex(b"\n", 0, at)
    return at


def newlines(path: Path, stop: int) -> int:
    """Count the lines that end before `stop`; reads about 2 GB a second."""
    count = at = 0
    while at < stop:
        block = read(path, at, min(_BLOCK, stop - at))
        if not block:
            break
        count += block.count(b"\n")
        at += len(block)
    return count


def line_start(path: Path, number: int, stop: int) -> int:
    """Find where a line begins, of the bytes before `stop`; the last place when it is beyond."""
    wanted, at = number - 1, 0
    while wanted > 0 and at < stop:
        block = read(path, at, min(_BLOCK, stop - at))
        if not block:
            break
        count = block.count(b"\n")
        if count >= wanted:
            return at + _nth(block, wanted) + 1
        wanted -= count
        at += len(block)
    return at


def _nth(block: bytes, count: int) -> int:
    at = -1
    for _ in range(count):
        at = block.index(b"\n", at + 1)
    return at

"""Where an export of the audit log stopped: at its last whole entry, not always its last line.

An export that is cut short leaves half an entry, or a list without its end. Whatever the form, an
entry counts once all of it is there.
"""

import csv
import io
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import click

from towpath.kernel.audit.model import FIELDS


@dataclass(frozen=True)
class Stop:
    """The id of the last whole entry, and how many bytes of the file are worth keeping."""

    id: int
    end: int


NOWHERE = Stop(0, 0)


def of_lines(file: IO[bytes]) -> Stop:
    """An object a line: what has no line end is half written."""
    whole = deque((line for line in _ends(file) if line.text.endswith(b"\n")), maxlen=1)
    return Stop(_id_of(whole[-1].text), whole[-1].end) if whole else NOWHERE


def of_list(file: IO[bytes]) -> Stop:
    """One list, an entry a line between its brackets; an object that can be read is whole."""
    first = file.readline()
    if first.strip() not in {b"", b"[", b"[]"}:
        raise _unknown()
    entries = (one for one in _ends(file, len(first)) if one.text.strip() not in {b"]", b""})
    found = deque(entries, maxlen=2)
    if found and not _reads(found[-1].text.strip().rstrip(b",")):
        found.pop()
    if not found:
        return NOWHERE
    kept = found[-1].text.rstrip().rstrip(b",")
    return Stop(_id_of(kept), found[-1].end - len(found[-1].text) + len(kept))


def of_table(file: IO[bytes]) -> Stop:
    """A table below its heading: a row ends where a line does, outside of quotes."""
    top, row, begun, end = b"", b"", b"", 0
    for line in _ends(file):
        begun += line.text
        if begun.endswith(b"\n") and begun.count(b'"') % 2 == 0:
            top, row, end, begun = top or begun, begun, line.end, b""
    if not top:
        return NOWHERE
    if _cells(top) != [*FIELDS]:
        raise _unknown()
    return Stop(0 if row is top else _number(_cells(row)[0]), end)


@dataclass(frozen=True)
class _Line:
    text: bytes
    end: int


def _ends(file: IO[bytes], start: int = 0) -> Iterator[_Line]:
    end = start
    for text in file:
        end += len(text)
        yield _Line(text, end)


def _cells(row: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(row.decode(errors="replace"), newline="")))


def _reads(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), Mapping)
    except ValueError:
        return False


def _id_of(text: bytes) -> int:
    try:
        entry: Any = json.loads(text)
        return _number(entry["id"])
    except (ValueError, KeyError, TypeError):
        raise _unknown() from None


def _number(found: Any) -> int:
    try:
        return int(found)
    except (ValueError, TypeError):
        raise _unknown() from None


def _unknown() -> click.ClickException:
    return click.ClickException(
        "The file does not end with an entry of the audit log in this form. Name another file."
    )

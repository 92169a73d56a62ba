"""Files by patterns, as the patterns of GitHub's actions mean them.

One pattern a line; `!` takes away what lines before found, `#` begins a comment, `~` is the home.
A pattern that means a folder means all below it. Links are followed, but not in circles.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from towpath.pipelines.remote.aboard.speaking import Failed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAGIC = re.compile(r"[*?\[]")
_MOST = 1_000_000


@dataclass(frozen=True)
class Pattern:
    """`start` is the part before any wildcard: where to look."""

    text: str
    start: str
    regex: re.Pattern[str]
    takes_away: bool


@dataclass(frozen=True)
class Found:
    """Files, and the places that were searched for them."""

    files: tuple[str, ...]
    starts: tuple[str, ...]


def patterns(lines: Sequence[str], home: str, here: str) -> list[Pattern]:
    """Read patterns; relative ones begin `here`."""
    read = [_pattern(line, home, here) for line in lines if not line.startswith("#")]
    if not any(not each.takes_away for each in read):
        raise Failed("No path is given, only what to leave out.")
    return read


def find(
    wanted: Sequence[Pattern], *, hidden: bool = True, below: bool = True, folders: bool = False
) -> Found:
    """Find files; with `folders`, folders that match count as they are.

    Without `below` a pattern means what it matches and nothing in it.
    """
    starts = _outermost([each.start for each in wanted if not each.takes_away])
    found: dict[str, None] = {}
    for start in starts:
        for path, is_folder in _walk(start, hidden=hidden):
            if (folders or not is_folder) and _matches(wanted, path, below=below):
                found[path] = None
                if len(found) > _MOST:
                    raise Failed(f"More than {_MOST} files match.")
    chosen = tuple(dict.fromkeys(each.start for each in wanted if not each.takes_away))
    return Found(tuple(sorted(found)), chosen)


def common_folder(paths: Sequence[str]) -> str:
    """Find the deepest folder that holds all of some paths."""
    return os.path.commonpath(paths) if paths else "/"


def _pattern(line: str, home: str, here: str) -> Pattern:
    takes_away = False
    while line.startswith("!"):
        takes_away, line = not takes_away, line[1:].strip()
    if line == "~" or line.startswith("~/"):
        line = home + line[1:]
    whole = os.path.normpath(os.path.join(here, line)) if line else here
    plain: list[str] = []
    for part in whole.split("/"):
        if _MAGIC.search(part):
            break
        plain.append(part)
    start = "/".join(plain) or "/"
    return Pattern(whole, start, re.compile(_regex(whole), re.DOTALL), takes_away)


def _regex(text: str) -> str:
    made = ""
    for part in text.split("/")[1:]:
        made += r"(?:/[^/]+)*" if part == "**" else "/" + _segment(part)
    return made or "/"


def _segment(part: str) -> str:
    made, at = "", 0
    while at < len(part):
        char, at = part[at], at + 1
        end = part.find("]", at + 1)
        if char == "*":
            made += "[^/]*"
        elif char == "?":
            made += "[^/]"
        elif char == "[" and end > 0:
            inside = part[at:end].replace("\\", "\\\\")
            negated = inside.startswith(("!", "^"))
            made += f"[{'^/' if negated else ''}{inside[negated:].replace('[', chr(92) + '[')}]"
            at = end + 1
        else:
            made += re.escape(char)
    return made


def _matches(wanted: Sequence[Pattern], path: str, *, below: bool) -> bool:
    """Judge as written: each pattern adds, or takes away what those before it added."""
    matched = False
    above = list(_above(path)) if below else [path]
    for each in wanted:
        if matched is each.takes_away and any(each.regex.fullmatch(one) for one in above):
            matched = not each.takes_away
    return matched


def _above(path: str) -> Iterator[str]:
    while path != "/":
        yield path
        path = os.path.dirname(path)


def _outermost(starts: Sequence[str]) -> list[str]:
    """Leave out what lies below another."""
    kept: list[str] = []
    for start in sorted(dict.fromkeys(starts), key=len):
        if not any(start == one or start.startswith(one.rstrip("/") + "/") for one in kept):
            kept.append(start)
    return kept


def _walk(start: str, *, hidden: bool) -> Iterator[tuple[str, bool]]:
    """List all below a place, with itself; a folder is not entered again within itself."""
    waiting = [(start, frozenset[str]())]
    while waiting:
        path, entered = waiting.pop()
        if not os.path.lexists(path):
            continue
        is_folder = os.path.isdir(path)
        if is_folder or os.path.isfile(path):
            yield path, is_folder
        real = os.path.realpath(path)
        if not is_folder or real in entered:
            continue
        try:
            names = sorted(os.listdir(path), reverse=True)
        except OSError as error:
            raise Failed(f"{path} cannot be read: {error.strerror}.") from error
        waiting += [
            (os.path.join(path, name), entered | {real})
            for name in names
            if hidden or not name.startswith(".")
        ]

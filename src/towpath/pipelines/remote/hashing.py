"""`hashFiles` within the box: which files patterns mean, in which order, and one hash of them all.

It runs as a program of its own beside the steps, which own the files, and uses nothing but the
standard library. What npm's @actions/glob finds, in its order, is found here:
https://github.com/actions/toolkit/tree/main/packages/glob
"""

import functools
import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_GLOBSTAR = "**"
_WILD = re.compile(r"[*?]|\[[^\]]+\]")
_Parts = tuple[str, ...]


class Unusable(Exception):
    """A pattern or a file stands in the way; the message is for people."""


@dataclass(frozen=True)
class Pattern:
    """A path from the root on, in parts. `implied` is what lies below another pattern's match."""

    parts: _Parts
    negates: bool = False
    of_folders: bool = False
    implied: bool = False

    @property
    def start(self) -> _Parts:
        """Everything before the first part that is no plain name."""
        found: list[str] = []
        for part in self.parts:
            literal = _literal(part)
            if literal is None:
                break
            found.append(literal)
        return tuple(found)

    def matches(self, path: _Parts) -> bool:
        """Whether it means this path; a `**` that somebody wrote at the end may mean nothing."""
        ended = self.parts[-1:] == (_GLOBSTAR,)
        if ended and not self.implied and _fits(self.parts[:-1], path, partly=False):
            return True
        return _fits(self.parts, path, partly=False)

    def may_match_below(self, path: _Parts) -> bool:
        return not self.negates and _fits(self.parts, path, partly=True)


def read(text: str, folder: str, home: str) -> list[Pattern]:
    """Read one pattern a line; Unusable for what leads out by `..`."""
    lines = (line.strip() for line in text.split("\n"))
    found = []
    for line in lines:
        if line and not line.startswith("#"):
            written = _pattern(line, folder, home)
            found.append(written)
            if written.of_folders or written.parts[-1:] != (_GLOBSTAR,):
                parts = written.parts[:-1] if written.parts[-1:] == (_GLOBSTAR,) else written.parts
                found.append(Pattern((*parts, _GLOBSTAR), written.negates, implied=True))
    return found


def _pattern(line: str, folder: str, home: str) -> Pattern:
    text = line.lstrip("! ")
    negates = line[: len(line) - len(text)].count("!") % 2 == 1
    if not text:
        raise Unusable(f"`{line}` excludes nothing.")
    parts = _split(text)
    if ".." in parts or "." in parts[1:]:
        raise Unusable(f"`{line}` may not hold `.` or `..`: write it from the workspace on.")
    if not text.startswith("/"):
        base = home if parts[0] == "~" else folder
        rest = parts[1:] if parts[0] in {".", "~"} else parts
        parts = (*(_quoted(part) for part in _split(base)), *rest)
    return Pattern(parts, negates, of_folders=text.endswith("/"))


def _split(path: str) -> _Parts:
    """Take a path apart; one `**` after another says nothing more."""
    names = [part for part in path.split("/") if part]
    doubled = (one == two == _GLOBSTAR for one, two in pairwise(("", *names)))
    return tuple(name for name, twice in zip(names, doubled, strict=True) if not twice)


def _quoted(part: str) -> str:
    return re.sub(r"[\\*?\[]", r"\\\g<0>", part)


def _literal(part: str) -> str | None:
    """Give the one name that a part means, or None when it may mean several."""
    plain = re.sub(r"\\(.)|\[([^\\\]])\]", lambda found: found[1] or found[2], part)
    without_escapes = re.sub(r"\\.|\[[^\\\]]\]", "", part)
    return None if _WILD.search(without_escapes) else plain


def _fits(parts: _Parts, path: _Parts, *, partly: bool) -> bool:
    """Whether parts mean a path; `partly`, whether they may mean something within it.

    All places a path may have come to are followed at once, so that `**/**/**` costs no more.
    """
    reached = _spread(parts, {0})
    for name in path:
        kept = {at for at in reached if at < len(parts) and parts[at] == _GLOBSTAR}
        moved = {at + 1 for at in reached - kept if at < len(parts) and _means(parts[at], name)}
        if not (reached := _spread(parts, kept | moved)):
            return False
    if partly:
        return bool(reached)
    return len(parts) in reached and not (
        parts[-1:] == (_GLOBSTAR,) and not _took(parts[:-1], path)
    )


def _spread(parts: _Parts, reached: set[int]) -> set[int]:
    """A `**` may also mean no name at all."""
    waiting = list(reached)
    while waiting:
        at = waiting.pop()
        if at < len(parts) and parts[at] == _GLOBSTAR and at + 1 not in reached:
            reached.add(at + 1)
            waiting.append(at + 1)
    return reached


def _took(before: _Parts, path: _Parts) -> bool:
    """Whether a `**` at the end has at least one name to itself."""
    return any(_fits(before, path[:end], partly=False) for end in range(len(path)))


def _means(part: str, name: str) -> bool:
    return _compiled(part).fullmatch(name) is not None


@functools.cache
def _compiled(part: str) -> re.Pattern[str]:
    try:
        return re.compile(_regex(part), re.DOTALL)
    except re.error as error:
        raise Unusable(f"`{part}` is no pattern: {error}") from error


def _regex(part: str) -> str:
    """Translate `*`, `?`, `[set]` and a backslash, which takes the next for what it is."""
    found, rest = "", part
    while rest:
        if rest[0] == "\\" and len(rest) > 1:
            found, rest = found + re.escape(rest[1]), rest[2:]
        elif rest[0] == "*":
            found, rest = found + "[^/]*", rest.lstrip("*")
        elif rest[0] == "?":
            found, rest = found + "[^/]", rest[1:]
        elif rest[0] == "[" and (one := re.match(r"\[([!^]?)(\]?[^\]]*)\]", rest)) and one[2]:
            inside = re.sub(r"([\[\]\\^&~|])", r"\\\1", one[2])
            found, rest = found + f"[{'^' if one[1] else ''}{inside}]", rest[one.end() :]
        else:
            found, rest = found + re.escape(rest[0]), rest[1:]
    return found


def matched(patterns: Sequence[Pattern], *, follow: bool) -> Iterator[str]:
    """Walk from each beginning, names in order, and yield the files that patterns mean."""
    waiting: list[tuple[_Parts, _Parts]] = [(start, ()) for start in reversed(_starts(patterns))]
    while waiting:
        path, above = waiting.pop()
        whole = "/" + "/".join(path)
        descends = any(each.may_match_below(path) for each in patterns)
        as_file, known = _asked(patterns, path)
        if not known and not descends:
            continue
        mode = _mode(whole, follow=follow)
        if mode is None:
            continue
        if stat.S_ISDIR(mode):
            real = os.path.realpath(whole) if follow else whole
            if descends and real not in above:
                names = sorted((each.name for each in Path(whole).iterdir()), key=os.fsencode)
                waiting += [((*path, name), (*above, real)) for name in reversed(names)]
        elif as_file:
            yield whole


def _starts(patterns: Sequence[Pattern]) -> list[_Parts]:
    """Where to begin: nothing twice, and nothing that lies within another."""
    all_of = list(dict.fromkeys(each.start for each in patterns if not each.negates))
    return [
        start
        for start in all_of
        if not any(start[:end] in all_of for end in range(len(start)))
        and os.path.lexists("/" + "/".join(start))
    ]


def _asked(patterns: Sequence[Pattern], path: _Parts) -> tuple[bool, bool]:
    """Whether a path is meant as a file, and whether at all; later patterns overrule."""
    as_file = as_folder = False
    for each in patterns:
        if each.matches(path):
            as_folder = not each.negates
            as_file = as_file if each.of_folders else not each.negates
    return as_file, as_file or as_folder


def _mode(path: str, *, follow: bool) -> int | None:
    try:
        return Path(path).stat(follow_symlinks=follow).st_mode
    except FileNotFoundError:
        return None


def digest(patterns: Sequence[Pattern], folder: str, *, follow: bool) -> str:
    """Hash the hashes of all files in the folder that are meant; empty when there are none."""
    whole, some = hashlib.sha256(), False
    for path in matched(patterns, follow=follow):
        if path.startswith(f"{folder}/") and not Path(path).is_dir():
            with Path(path).open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
            some = True
    return whole.hexdigest() if some else ""


def main() -> None:
    text, follow = sys.argv[1:]
    folder = str(Path.cwd())
    try:
        found = digest(read(text, folder, str(Path.home())), folder, follow=follow == "follow")
    except (Unusable, OSError) as error:
        sys.exit(str(error))
    sys.stdout.write(found)


if __name__ == "__main__":
    main()

"""Where things are and where they come from: names of files, and the commit behind each line."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from towpath.forge.clients.embedded import git
from towpath.forge.clients.embedded.comparing import read_some
from towpath.forge.model.names import require_sha
from towpath.forge.model.places import path_of, visible
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.context import Kernel
from towpath.kernel.errors import Unavailable

_MOST_NAMES_BYTES = 20_000_000
_MOST_BLAME_BYTES = 4_000_000
_SECONDS = 10.0
_LONGEST_LINE = 2_000
_HEADER = re.compile(r"([0-9a-f]{40}) \d+ (\d+)")


@dataclass(frozen=True)
class Origin:
    """The commit that a line has from, in the commit's own words."""

    sha: str
    author: str
    at: Micros
    subject: str

    @property
    def shown_author(self) -> str:
        return visible(self.author)

    @property
    def shown_subject(self) -> str:
        return visible(self.subject)


@dataclass(frozen=True)
class Block:
    """Lines that stand together and have one origin, with their numbers."""

    origin: Origin
    lines: tuple[tuple[int, str], ...]

    @property
    def shown_lines(self) -> list[tuple[int, str]]:
        return [(number, visible(text[:_LONGEST_LINE])) for number, text in self.lines]


def paths(kernel: Kernel, repository: str, sha: str) -> tuple[list[str], bool]:
    """The paths of all files of a commit, and whether those are all."""
    listing = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", require_sha(sha))
    command = git.command(git.path(kernel, repository), *listing)
    listed, is_all = read_some(command, {}, _MOST_NAMES_BYTES, _SECONDS)
    return listed.decode("utf-8", "surrogateescape").split("\0")[:-1], is_all


def blame(
    kernel: Kernel, repository: str, sha: str, path: str, *, first: int, count: int
) -> list[Block]:
    """Where `count` lines of a file come from; Unavailable when that takes too long."""
    asked = ("blame", "--porcelain", "-L", f"{first},+{count}", require_sha(sha), "--")
    command = git.command(git.path(kernel, repository), *asked, path_of(path))
    printed, is_whole = read_some(command, {}, _MOST_BLAME_BYTES, _SECONDS)
    if not is_whole:
        raise Unavailable(
            f"Where each line of {visible(path[:200])} comes from takes too long to find out.",
            next_step="Look at the history of the file, or ask git blame.",
        )
    lines = _lines(printed.decode("utf-8", "replace").split("\n"))
    grouped = groupby(lines, key=lambda line: line[0])
    return [Block(origin, tuple(line[1:] for line in block)) for origin, block in grouped]


def _lines(printed: Iterable[str]) -> Iterator[tuple[Origin, int, str]]:
    """Read `git blame --porcelain`: a header for each line, more words at a commit's first."""
    words: dict[str, dict[str, str]] = {}
    sha, number = "", 0
    for line in printed:
        if line.startswith("\t"):
            yield _origin(sha, words[sha]), number, line[1:]
        elif found := _HEADER.match(line):
            sha, number = found[1], int(found[2])
            words.setdefault(sha, {})
        elif line:
            key, _, value = line.partition(" ")
            words[sha][key] = value


def _origin(sha: str, words: dict[str, str]) -> Origin:
    at = Micros(int(words.get("author-time", "0")) * SECOND)
    return Origin(sha, words.get("author", ""), at, words.get("summary", ""))

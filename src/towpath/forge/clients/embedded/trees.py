"""Folders and files of a commit, its branches and its history, each in one git process."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from towpath.forge.clients.embedded import git
from towpath.forge.clients.embedded.objects import Commit, kept, log
from towpath.forge.model.names import require_sha
from towpath.forge.model.places import path_of, visible
from towpath.forge.model.threads import Shift, read_shifts
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.context import Kernel
from towpath.kernel.errors import NotFound

Kind = Literal["folder", "file", "link", "submodule"]
_KINDS: dict[str, Kind] = {"040000": "folder", "120000": "link", "160000": "submodule"}
_CHUNK = 65_536
_MISSING = 128
_BRANCH = (
    "%(refname:lstrip=2)%00%(objectname)%00%(committerdate:unix)%00%(authorname)%00%(subject)"
)


@dataclass(frozen=True)
class Entry:
    """One name in a folder; `path` is whole, `object` is what git calls its content."""

    kind: Kind
    object: str
    path: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def shown(self) -> str:
        return visible(self.name)


@dataclass(frozen=True)
class Branch:
    """A branch and its newest commit, in the commit's own words."""

    name: str
    sha: str
    at: Micros
    author: str
    subject: str

    @property
    def shown_subject(self) -> str:
        return visible(self.subject)

    @property
    def shown_author(self) -> str:
        return visible(self.author)


def folder(kernel: Kernel, repository: str, sha: str, path: str) -> list[Entry]:
    """What a folder of a commit holds, folders first; NotFound when there is no such folder."""
    directory = git.path(kernel, repository)
    tree = f"{require_sha(sha)}:{path and path_of(path)}"
    listed = git.run(
        directory, "ls-tree", "-z", "--full-tree", "--end-of-options", tree, accept=(0, _MISSING)
    )
    if listed.code == _MISSING:
        raise _not_there(path)
    inside = f"{path}/" if path else ""
    entries = [_entry(line, inside) for line in listed.text.split("\0") if line]
    return sorted(entries, key=lambda entry: entry.kind != "folder")


def find(kernel: Kernel, repository: str, sha: str, path: str) -> Entry:
    """What stands at a path of a commit; NotFound when nothing does."""
    directory = git.path(kernel, repository)
    listed = git.run(
        directory,
        *("ls-tree", "-z", "--full-tree", require_sha(sha), "--", path_of(path)),
        accept=(0, _MISSING),
    )
    for line in listed.text.split("\0"):
        if line and (found := _entry(line, "")).path == path:
            return found
    raise _not_there(path)


def _entry(line: str, inside: str) -> Entry:
    told, _, name = line.partition("\t")
    mode, _, sha = told.split()
    return Entry(_KINDS.get(mode, "file"), sha, inside + name)


def _not_there(path: str) -> NotFound:
    return NotFound(
        f"There is no {visible(path[:200]) or 'folder'} in this commit.",
        next_step="It may have been moved or removed: look at the folder above or the history.",
    )


def size(kernel: Kernel, repository: str, blob: str) -> int:
    """How many bytes a file has."""
    directory = git.path(kernel, repository)
    return int(git.run(directory, "cat-file", "-s", require_sha(blob)).text)


def content(kernel: Kernel, repository: str, blob: str) -> Iterator[bytes]:
    """A file's bytes, piece by piece; closing the iterator ends the git process."""
    directory = git.path(kernel, repository)
    with subprocess.Popen(
        git.command(directory, "cat-file", "blob", require_sha(blob)),
        env=git.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while process.stdout and (piece := process.stdout.read(_CHUNK)):
                yield piece
        finally:
            process.kill()


def has_line(kernel: Kernel, repository: str, sha: str, path: str, line: int) -> bool:
    """Whether a file of a commit has that many lines; reads no further than there."""
    try:
        entry = find(kernel, repository, sha, path)
    except NotFound:
        return False
    if entry.kind not in {"file", "link"}:
        return False
    seen, last = 0, b"\n"
    for piece in content(kernel, repository, entry.object):
        seen, last = seen + piece.count(b"\n"), piece[-1:]
        if seen >= line:
            return True
    return seen + (last != b"\n") >= line


def shifts(kernel: Kernel, repository: str, old: str, new: str, path: str) -> tuple[Shift, ...]:
    """How the lines of a file moved from one commit to another; NotFound when one is gone."""
    plain = ("--unified=0", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")
    names = (require_sha(old), require_sha(new))
    return read_shifts(
        kept(git.path(kernel, repository), "diff", *plain, *names, "--", path_of(path)).out
    )


def branches(kernel: Kernel, repository: str) -> list[Branch]:
    """All branches, the one with the newest commit first."""
    listed = git.run(
        git.path(kernel, repository),
        *("for-each-ref", "--sort=-committerdate", f"--format={_BRANCH}", "refs/heads/"),
    )
    text = listed.out.decode("utf-8", "replace")
    return [_branch(*line.split("\0", 4)) for line in text.split("\n") if line]


def _branch(name: str, sha: str, at: str, author: str, subject: str) -> Branch:
    return Branch(name, sha, Micros(int(at or 0) * SECOND), author, subject)


def history(
    kernel: Kernel, repository: str, sha: str, path: str, *, skip: int, limit: int
) -> list[Commit]:
    """The commits up to `sha`, newest first; of those that touch `path`, if there is one."""
    where = (path_of(path),) if path else ()
    chosen = (f"--skip={skip}", f"--max-count={limit}", require_sha(sha), "--", *where)
    return log(git.path(kernel, repository), *chosen)

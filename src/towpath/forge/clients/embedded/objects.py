"""Files, commits and differences, by object name and within limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from towpath.forge.clients.embedded import git
from towpath.forge.clients.embedded.refs import resolve
from towpath.forge.model.names import branch_ref, require_sha
from towpath.forge.model.places import path_of, visible
from towpath.forge.model.requests import LONGEST_TITLE, storable
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.context import Kernel
from towpath.kernel.errors import NotFound, TooLarge

MOST_FILE_BYTES = 1_048_576
MOST_COMMITS = 250
_REGULAR = {"100644", "100755", "100664"}
MISSING = 128
_FIELDS = ("%H", "%T", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B")
_LOG = f"--format=tformat:{'%x00'.join(_FIELDS)}%x00"


@dataclass(frozen=True)
class Signature:
    """Who and when, as the commit claims; nothing vouches for it."""

    name: str
    email: str
    at: Micros


@dataclass(frozen=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]

    @property
    def shown_subject(self) -> str:
        return visible(self.subject)

    @property
    def shown_body(self) -> str:
        """The rest of the message, line by line, with nothing hidden in it."""
        lines = self.message.partition("\n")[2].strip().splitlines()
        return "\n".join(visible(line) for line in lines)


def read_file(
    kernel: Kernel, repository: str, sha: str, path: str, limit: int = MOST_FILE_BYTES
) -> bytes | None:
    """The content of a regular file in a commit; None if there is none at this path.

    A symbolic link is no file here: following it is how a repository reads what is not its own.
    Raises TooLarge beyond `limit` bytes.
    """
    directory = git.path(kernel, repository)
    for mode, name, size, found in _entries(directory, sha, path_of(path)):
        if found != path or mode not in _REGULAR:
            continue
        if size > limit:
            raise TooLarge(
                f"{path} has {size} bytes, more than {limit}.", next_step="Make the file smaller."
            )
        return git.run(directory, "cat-file", "blob", name).out
    return None


def list_files(kernel: Kernel, repository: str, sha: str, folder: str) -> list[str]:
    """Paths of the regular files directly in a folder of a commit ("" is the top)."""
    inside = f"{path_of(folder)}/" if folder else ""
    entries = _entries(git.path(kernel, repository), sha, inside)
    return [path for mode, _, _, path in entries if mode in _REGULAR]


def _entries(directory: Path, sha: str, path: str) -> list[tuple[str, str, int, str]]:
    where = ("--", path) if path else ()
    listed = git.run(
        directory,
        *("ls-tree", "-z", "-l", "--full-tree", require_sha(sha), *where),
        accept=(0, MISSING),
    )
    return [_entry(line) for line in listed.text.split("\0") if line]


def _entry(line: str) -> tuple[str, str, int, str]:
    told, _, path = line.partition("\t")
    mode, _, name, size = told.split()
    return mode, name, int(size) if size.isdigit() else 0, path


def commits(
    kernel: Kernel, repository: str, base: str | None, head: str, limit: int = MOST_COMMITS
) -> list[Commit]:
    """The commits that head has and base has not, newest first, at most `limit`."""
    without = [f"^{require_sha(base)}"] if base else []
    chosen = (f"--max-count={limit}", require_sha(head), *without, "--")
    return log(git.path(kernel, repository), *chosen)


def log(directory: Path, *chosen: str) -> list[Commit]:
    """Run `git log` with these arguments; NotFound when the commits are gone."""
    listed = kept(directory, "log", "--no-show-signature", _LOG, *chosen)
    fields = listed.out.decode("utf-8", "replace").split("\0")
    width = len(_FIELDS)
    return [_commit(fields[at : at + width]) for at in range(0, len(fields) - 1, width)]


def kept(directory: Path, *arguments: str, also: Mapping[str, str] | None = None) -> git.Result:
    """Run git on commits that may have been collected since somebody wrote them down."""
    result = git.run(directory, *arguments, also=also, accept=(0, MISSING))
    if result.code == MISSING:
        raise not_kept()
    return result


def not_kept() -> NotFound:
    return NotFound(
        "These commits are not kept any more.", next_step="Push them again to see them."
    )


def _commit(fields: Sequence[str]) -> Commit:
    sha, tree, parents, *signatures, message = fields
    return Commit(
        sha=sha.strip(),
        tree=tree,
        parents=tuple(parents.split()),
        author=_signature(*signatures[:3]),
        committer=_signature(*signatures[3:]),
        message=message.strip(),
    )


def _signature(name: str, email: str, at: str) -> Signature:
    return Signature(name, email, _seconds(at))


def _seconds(text: str) -> Micros:
    """Read a date; git prints nothing for a date it cannot read."""
    return Micros(int(text or 0) * SECOND)


def subject(kernel: Kernel, repository: str, commit: str) -> str:
    """The first line of a commit's message, fit to be a title; "" if there is none."""
    found = commits(kernel, repository, None, commit, limit=1)[0].subject
    return " ".join(found.split())[:LONGEST_TITLE] if storable(found) else ""


def branch_subject(kernel: Kernel, repository: str, branch: str) -> str:
    """The first line of a branch's newest message, or the branch's name if there is none."""
    head = resolve(kernel, repository, branch_ref(branch))
    return (head and subject(kernel, repository, head)) or branch

"""Merging two commits in the object store alone: no working tree, no index, no ref.

`git merge-tree --write-tree` and `git commit-tree`; author, committer and dates come from the
arguments, so the same inputs give the same commit on every machine, and a merge that a crash
interrupted is simply done again.
"""

from dataclasses import dataclass
from pathlib import Path

from towpath.forge.clients.embedded import git
from towpath.forge.model.names import require_sha
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.context import Kernel

_CONFLICT = 1
_UNRELATED = 128


@dataclass(frozen=True)
class Merged:
    sha: str


@dataclass(frozen=True)
class Conflicted:
    """`files` in git's order, as text (strange bytes as surrogates); `why` in git's words."""

    files: tuple[str, ...]
    why: str


def merge(
    kernel: Kernel, repository: str, onto: str, head: str, message: str, at: Micros
) -> Merged | Conflicted:
    """Make the commit that merges `head` into `onto`; its parents are the two, in this order."""
    directory = git.path(kernel, repository)
    names = (require_sha(onto), require_sha(head))
    result = git.run(
        directory,
        *("merge-tree", "--write-tree", "-z", "--name-only", "--messages", *names),
        accept=(0, _CONFLICT, _UNRELATED),
    )
    if result.code == _UNRELATED:
        return _unrelated(result)
    if result.code == _CONFLICT:
        return _conflicted(result)
    tree = result.text.split("\0", maxsplit=1)[0]
    return Merged(_commit(directory, tree, names, message, at))


def _commit(directory: Path, tree: str, parents: tuple[str, ...], message: str, at: Micros) -> str:
    options = [option for parent in parents for option in ("-p", parent)]
    done = git.run(
        directory,
        *("commit-tree", *options, tree),
        data=message.encode("utf-8", "replace"),
        also=_signature(at),
    )
    return done.text.strip()


def _signature(at: Micros) -> dict[str, str]:
    who = {"NAME": "Towpath", "EMAIL": "gate@towpath.invalid", "DATE": f"@{at // SECOND} +0000"}
    return {
        f"GIT_{role}_{field}": value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in who.items()
    }


def _unrelated(result: git.Result) -> Conflicted:
    if "unrelated histories" not in result.words:
        raise git.GitError(f"git merge-tree ended with {result.code}: {result.words[:2000]}")
    return Conflicted((), "The two histories have no commit in common.")


def _conflicted(result: git.Result) -> Conflicted:
    """Read `tree NUL (file NUL)* NUL (count NUL path{count} type NUL message NUL)*`."""
    listed, _, told = result.text.partition("\0\0")
    words = [part.strip() for part in told.split("\0") if part.startswith("CONFLICT (")]
    sentences = [word for word in words if ": " in word]
    return Conflicted(tuple(listed.split("\0")[1:]), "\n".join(sentences))

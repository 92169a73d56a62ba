"""Commits that are made here: one file put or taken away, without a working tree.

An index of its own in a folder that goes with it, so that any number may write at once; what
moves the branch is a lease on the commit that was written upon.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from towpath.forge.clients.embedded import git
from towpath.forge.clients.embedded.objects import Signature
from towpath.forge.model.names import NO_OBJECT, require_sha
from towpath.forge.model.places import path_of
from towpath.kernel.clock import SECOND
from towpath.kernel.context import Kernel
from towpath.kernel.errors import InvalidInput

_REGULAR = "100644"


@dataclass(frozen=True)
class Wish:
    """A file that is to have this content, or with None to be gone; and the commit's words."""

    path: str
    content: bytes | None
    message: str
    author: Signature
    committer: Signature
    mode: str = _REGULAR


def commit_file(kernel: Kernel, repository: str, parent: str | None, wish: Wish) -> str:
    """Make the commit on top of `parent`; it is in no branch yet."""
    directory = git.path(kernel, repository)
    _require_place(directory, parent, wish.path)
    with git.writing(directory) as held, tempfile.TemporaryDirectory(dir=kernel.data) as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        tree = _tree(directory, held, index, parent, wish)
        parents = ("-p", require_sha(parent)) if parent else ()
        made = git.run(
            directory,
            *("commit-tree", *parents, tree),
            data=wish.message.encode("utf-8", "replace"),
            also=_people(wish),
            descriptors=(held,),
        )
    return made.text.strip()


def _require_place(directory: Path, parent: str | None, path: str) -> None:
    """InvalidInput where a file would push out another that stands where its folder would be."""
    if not path.isprintable():
        raise _no_place()
    parts = path_of(path).split("/")
    above = ["/".join(parts[:end]) for end in range(1, len(parts))]
    if not parent or not above:
        return
    asked = "".join(f"{require_sha(parent)}:{folder}\n" for folder in above).encode()
    told = git.run(directory, "cat-file", "--batch-check=%(objecttype)", data=asked).text
    if set(told.splitlines()) & {"blob", "commit"}:
        raise _no_place()


def _no_place() -> InvalidInput:
    return InvalidInput(
        "There can be no file at this path.", next_step="Choose a path that git accepts."
    )


def _tree(
    directory: Path, held: int, index: Mapping[str, str], parent: str | None, wish: Wish
) -> str:
    if parent:
        git.run(directory, "read-tree", require_sha(parent), also=index, descriptors=(held,))
    name = NO_OBJECT
    if wish.content is not None:
        stored = ("hash-object", "-w", "--stdin")
        name = git.run(directory, *stored, data=wish.content, descriptors=(held,)).text.strip()
    mode = "0" if wish.content is None else wish.mode
    line = f"{mode} {name}\t{path_of(wish.path)}\0".encode("utf-8", "surrogateescape")
    told = git.run(directory, "update-index", "-z", "--index-info", data=line, also=index)
    # A path that git takes for hostile, such as .git, it passes over with a word.
    if told.words:
        raise _no_place()
    return git.run(directory, "write-tree", also=index, descriptors=(held,)).text.strip()


def _people(wish: Wish) -> dict[str, str]:
    return {
        f"GIT_{role}_{field}": value
        for role, by in (("AUTHOR", wish.author), ("COMMITTER", wish.committer))
        for field, value in (
            ("NAME", by.name),
            ("EMAIL", by.email),
            ("DATE", f"@{by.at // SECOND} +0000"),
        )
    }

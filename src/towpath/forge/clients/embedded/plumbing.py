"""Git's own objects as they lie there: trees, blobs, tags, and what kind each ref names.

Each question is one git process, however many objects it is about.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from towpath.forge.clients.embedded import git
from towpath.forge.clients.embedded.objects import MOST_FILE_BYTES, Signature
from towpath.forge.model.names import require_ref, require_sha
from towpath.forge.model.places import path_of
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.context import Kernel
from towpath.kernel.errors import InvalidInput, NotFound, TooLarge

MOST_ENTRIES = 20_000
_BEGINNING = re.compile(r"[0-9a-f]{7,40}")
_MISSING = 128
_REFS = "--format=%(objecttype) %(objectname) %(refname)"


@dataclass(frozen=True)
class Node:
    """One entry of a tree; `size` is None for what is not a blob."""

    mode: str
    kind: str
    sha: str
    path: str
    size: int | None


@dataclass(frozen=True)
class Tag:
    """An annotated tag: a name, words, and the object they are about."""

    sha: str
    name: str
    kind: str
    object: str
    tagger: Signature
    message: str


def kinds(kernel: Kernel, repository: str, prefix: str) -> dict[str, tuple[str, str]]:
    """The refs that begin with `prefix`, each with the kind and name of its object, in order."""
    require_ref(f"{prefix.rstrip('/')}/x")
    listed = git.run(
        git.path(kernel, repository), "for-each-ref", "--sort=refname", _REFS, "--",
        f"{prefix}*", f"{prefix}*/**", *([prefix] if not prefix.endswith("/") else []),
    )  # fmt: skip
    lines = (line.split(" ", 2) for line in listed.text.split("\n") if line)
    return {ref: (kind, sha) for kind, sha, ref in lines}


def tree(
    kernel: Kernel, repository: str, sha: str, *, deep: bool, limit: int = MOST_ENTRIES
) -> tuple[list[Node], bool]:
    """What a tree or a commit's tree holds, with all folders below if `deep`; and is that all?"""
    options = ("-r", "-t") if deep else ()
    listed = git.run(
        git.path(kernel, repository),
        *("ls-tree", "-z", "-l", "--full-tree", *options, require_sha(sha)),
        accept=(0, _MISSING),
    )
    if listed.code == _MISSING:
        raise _not_there("tree", sha)
    lines = listed.text.split("\0")[:-1]
    return [_node(line) for line in lines[:limit]], len(lines) <= limit


def _node(line: str) -> Node:
    told, _, path = line.partition("\t")
    mode, kind, sha, size = told.split()
    return Node(mode, kind, sha, path, int(size) if size.isdigit() else None)


def sizes(kernel: Kernel, repository: str, sha: str, path: str) -> dict[str, int | None]:
    """How many bytes each file directly in a folder of a commit has, by its whole path."""
    where = ("--", f"{path_of(path)}/") if path else ()
    listed = git.run(
        git.path(kernel, repository),
        *("ls-tree", "-z", "-l", "--full-tree", require_sha(sha), *where),
        accept=(0, _MISSING),
    )
    return {node.path: node.size for node in map(_node, listed.text.split("\0")[:-1])}


def blob(kernel: Kernel, repository: str, sha: str, limit: int = MOST_FILE_BYTES) -> bytes:
    """The content of a blob; TooLarge beyond `limit` bytes."""
    kind, content = _object(kernel, repository, sha, limit)
    if kind != "blob":
        raise _not_there("blob", sha)
    return content


def tag(kernel: Kernel, repository: str, sha: str) -> Tag:
    """An annotated tag by the name of its own object."""
    kind, content = _object(kernel, repository, sha, MOST_FILE_BYTES)
    if kind != "tag":
        raise _not_there("tag", sha)
    head, _, message = content.decode("utf-8", "replace").partition("\n\n")
    fields = dict(line.partition(" ")[::2] for line in head.split("\n"))
    by = _signature(fields.get("tagger", ""))
    return Tag(sha, fields["tag"], fields["type"], fields["object"], by, message.strip("\n"))


def _signature(text: str) -> Signature:
    """Read `Name <address> 1700000000 +0000`; a tag of old times has none."""
    name, _, rest = text.partition("<")
    email, _, when = rest.partition(">")
    seconds = when.split()[:1]
    at = int(seconds[0]) if seconds and seconds[0].isdigit() else 0
    return Signature(name.strip(), email, Micros(at * SECOND))


def _object(kernel: Kernel, repository: str, sha: str, limit: int) -> tuple[str, bytes]:
    """Ask for kind and size first, so that a huge object never comes into memory."""
    directory, asked = git.path(kernel, repository), f"{require_sha(sha)}\n".encode()
    told = git.run(directory, "cat-file", "--batch-check", data=asked).text.split()
    if told[1] == "missing":
        raise _not_there("object", sha)
    kind, size = told[1], int(told[2])
    if size > limit:
        raise TooLarge(
            f"This object has {size} bytes, more than {limit}.", next_step="Fetch it with git."
        )
    return kind, git.run(directory, "cat-file", kind, sha).out


def blob_sizes(kernel: Kernel, repository: str, names: Collection[str]) -> dict[str, int]:
    """How many bytes each of these blobs has; one that is not here is left out."""
    if not names:
        return {}
    asked = "".join(f"{require_sha(name)}\n" for name in names).encode()
    told = git.run(git.path(kernel, repository), "cat-file", "--batch-check", data=asked).text
    lines = (line.split(" ") for line in told.splitlines())
    return {line[0]: int(line[2]) for line in lines if len(line) == 3}  # noqa: PLR2004 - name kind size


def commits_named(kernel: Kernel, repository: str, names: Sequence[str]) -> dict[str, str]:
    """Those of these beginnings that name one commit that is here, each with its full name."""
    if not names:
        return {}
    for name in names:
        if not _BEGINNING.fullmatch(name):
            raise InvalidInput(f"{name[:80]!r} is not the beginning of a commit's name.")
    asked = "".join(f"{name}^{{commit}}\n" for name in names).encode()
    told = git.run(git.path(kernel, repository), "cat-file", "--batch-check", data=asked).text
    pairs = zip(names, told.splitlines(), strict=True)
    return {name: line.split(" ")[0] for name, line in pairs if " commit " in line}


def _not_there(kind: str, sha: str) -> NotFound:
    return NotFound(f"There is no {kind} {sha} here.", next_step="Check its name, or push it.")


def apart(kernel: Kernel, repository: str, base: str, head: str) -> tuple[int, int]:
    """How many commits head has that base has not, and the other way round."""
    told = git.run(
        git.path(kernel, repository),
        *("rev-list", "--left-right", "--count", f"{require_sha(base)}...{require_sha(head)}"),
        "--",
    )
    behind, ahead = told.text.split()
    return int(ahead), int(behind)

"""Creating a repository; reading refs; moving them all or none, leased and durable."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from towpath.forge.clients.embedded import git, upkeep
from towpath.forge.model.names import NO_OBJECT, require_ref, require_sha
from towpath.forge.model.refs import BRANCHES, TAGS, RefUpdate
from towpath.forge.model.requests import MergeRequest
from towpath.kernel.context import Kernel
from towpath.kernel.disk import sync_directory, sync_file
from towpath.kernel.errors import NotFound, Stale, Unavailable

_FORMAT = "--format=%(objectname) %(refname)"
_MISSING = 128


def create(kernel: Kernel, repository: str, default_branch: str) -> None:
    """Make an empty bare repository; making it again changes nothing."""
    directory = git.path(kernel, repository)
    directory.parent.mkdir(parents=True, exist_ok=True)
    branch = f"--initial-branch={default_branch}"
    git.run(directory, "init", "--quiet", "--bare", "--template=", branch)
    # A push that goes past us, over the file system, meets the hook too and is refused.
    git.run(directory, "config", "core.hooksPath", "../../hooks")
    # init and config write these without a sync, whatever core.fsync says.
    for name in ("HEAD", "config"):
        sync_file(directory / name)
    make_durable(kernel, repository, [])
    for folder in (directory.parent, kernel.data):
        sync_directory(folder)


def point_head(kernel: Kernel, repository: str, branch: str) -> None:
    """Let a clone check out this branch when it is told none."""
    directory = git.path(kernel, repository)
    with git.writing(directory) as held:
        ref = require_ref(BRANCHES + branch)
        git.run(directory, "symbolic-ref", "HEAD", ref, descriptors=(held,))


def refs(kernel: Kernel, repository: str, prefix: str = "refs/heads/") -> dict[str, str]:
    """Every ref below `prefix` (ending in a slash) with the object it names."""
    require_ref(f"{prefix}x")
    listed = git.run(git.path(kernel, repository), "for-each-ref", _FORMAT, "--", prefix)
    lines = (line.partition(" ") for line in listed.text.split("\n") if line)
    return {ref: sha for sha, _, ref in lines}


def branches_and_tags(kernel: Kernel, repository: str) -> dict[str, str]:
    """What people see of a repository's refs; ours are not among them."""
    found = refs(kernel, repository, "refs/")
    return {ref: sha for ref, sha in found.items() if ref.startswith((BRANCHES, TAGS))}


def resolve(kernel: Kernel, repository: str, ref: str) -> str | None:
    """The commit that a full ref or object name stands for; None if there is none."""
    name = ref if ref.startswith("refs/") else require_sha(ref)
    if ref.startswith("refs/"):
        require_ref(ref)
    found = git.run(
        git.path(kernel, repository),
        *("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"),
        accept=(0, 1, _MISSING),
    )
    return found.text.strip() if found.code == 0 else None


def require_commit(kernel: Kernel, repository: str, ref: str) -> str:
    sha = resolve(kernel, repository, ref)
    if sha is None:
        raise NotFound(
            f"There is no commit {ref!a} in this repository.",
            next_step="Check the name, or push the commit first.",
        )
    return sha


def move(kernel: Kernel, repository: str, updates: Sequence[RefUpdate]) -> None:
    """Move refs all or none; on return they are on disk.

    Raises Stale naming the first ref that is not where the caller believes.
    """
    directory = git.path(kernel, repository)
    lines = b"".join(_line(update) for update in updates)
    if not _moved(directory, lines):
        _explain(kernel, repository, updates)
        # Nobody moved them, so a process that died left a lock behind.
        if not (upkeep.clear_locks(kernel, repository) and _moved(directory, lines)):
            raise Unavailable(
                "The refs are locked by another push.", next_step="Try again in a few seconds."
            )
    make_durable(kernel, repository, [update.ref for update in updates])


def _moved(directory: Path, lines: bytes) -> bool:
    with git.writing(directory) as held:
        done = git.run(
            directory,
            *("update-ref", "--stdin", "-z"),
            data=lines,
            accept=(0, 1, _MISSING),
            descriptors=(held,),
        )
    return done.code == 0


def _line(update: RefUpdate) -> bytes:
    old = require_sha(update.old) if update.old else NO_OBJECT
    new = require_sha(update.new) if update.new else NO_OBJECT
    return f"update {require_ref(update.ref)}\0{new}\0{old}\0".encode()


def _explain(kernel: Kernel, repository: str, updates: Iterable[RefUpdate]) -> None:
    now = refs(kernel, repository, "refs/")
    for update in updates:
        if now.get(update.ref) != update.old:
            raise Stale(
                f"{update.ref} is at {now.get(update.ref) or 'no commit'},"
                f" not at {update.old or 'no commit'}.",
                next_step="Look again at where it is and decide anew.",
            )
        if update.new:
            require_commit(kernel, repository, update.new)


def make_durable(kernel: Kernel, repository: str, moved: Iterable[str]) -> None:
    """Flush the directories that name what git wrote.

    git fsyncs files (core.fsync=all) but not the directories it renames them into, so that a
    power failure could bring back the old name.
    """
    directory = git.path(kernel, repository)
    objects = directory / "objects"
    folders = {directory, directory / "refs", objects, objects / "pack", *objects.glob("??")}
    for ref in moved:
        folders.update((directory / ref).parents)
    for folder in folders:
        if folder.is_relative_to(directory) and folder.is_dir():
            sync_directory(folder)


def is_ancestor(kernel: Kernel, repository: str, ancestor: str, descendant: str) -> bool:
    names = (require_sha(ancestor), require_sha(descendant))
    answer = git.run(
        git.path(kernel, repository), "merge-base", "--is-ancestor", "--", *names, accept=(0, 1)
    )
    return answer.code == 0


def base_of(kernel: Kernel, request: MergeRequest) -> str:
    """Where the change of a merge request begins now.

    While it is open its target may take in commits that the request was stacked on; afterwards
    it is what it was when the request ended.
    """
    if request.state != "open":
        return request.base
    tip = resolve(kernel, request.repository, BRANCHES + request.target)
    return (tip and merge_base(kernel, request.repository, tip, request.head)) or request.base


def merge_base(kernel: Kernel, repository: str, one: str, other: str) -> str | None:
    """The best commit that both share; None if their histories have nothing in common."""
    names = (require_sha(one), require_sha(other))
    found = git.run(git.path(kernel, repository), "merge-base", "--", *names, accept=(0, 1))
    return found.text.split("\n", maxsplit=1)[0] or None

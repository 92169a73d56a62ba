"""Refs and files changed by a call instead of a push: the same rules, the same leases."""

from dataclasses import dataclass

from towpath.forge.clients.embedded import plumbing, trees, writing
from towpath.forge.clients.embedded import refs as git_refs
from towpath.forge.clients.embedded.writing import Wish
from towpath.forge.model import names, requests
from towpath.forge.model.refs import RefUpdate, refusals
from towpath.forge.service.moving import update_refs
from towpath.forge.store import repositories as repository_rows
from towpath.kernel.context import Kernel
from towpath.kernel.errors import InvalidInput, NotFound, Stale


@dataclass(frozen=True)
class Written:
    """The commit that a change of a file became, and the file's content as git names it."""

    commit: str
    blob: str | None


def move_ref(kernel: Kernel, repository: str, update: RefUpdate, *, trusted: bool) -> None:
    """Move one ref as a push of it would; InvalidInput where a push would be refused."""
    names.require_ref(update.ref)
    into = kernel.db.read(lambda tx: repository_rows.repository(tx, repository))
    faults = refusals([update], protected=into.protected, trusted=trusted)
    if faults:
        raise InvalidInput(faults[0], next_step="Nothing was changed.")
    update_refs(kernel, repository, [update])


def write_file(
    kernel: Kernel, repository: str, branch: str, wish: Wish, seen: str | None, *, trusted: bool
) -> Written:
    """Commit one file onto a branch; `seen` is the blob that the caller means to replace.

    Stale when the file is not what the caller saw, or when the branch moves meanwhile.
    """
    ref = names.branch_ref(branch)
    requests.require_body(wish.message, empty=False)
    tip = git_refs.resolve(kernel, repository, ref)
    if tip is None and _has_branches(kernel, repository):
        raise NotFound(f"There is no branch {branch}.", next_step="Create it first.")
    _require_seen(kernel, repository, tip, wish, seen)
    # Asked before the commit is made, and again when it is moved to.
    into = kernel.db.read(lambda tx: repository_rows.repository(tx, repository))
    probe = RefUpdate(ref, tip, tip or names.NO_OBJECT)
    if faults := refusals([probe], protected=into.protected, trusted=trusted):
        raise InvalidInput(faults[0], next_step="Nothing was changed.")
    made = writing.commit_file(kernel, repository, tip, wish)
    move_ref(kernel, repository, RefUpdate(ref, tip, made), trusted=trusted)
    blob = None if wish.content is None else trees.find(kernel, repository, made, wish.path).object
    return Written(made, blob)


def _has_branches(kernel: Kernel, repository: str) -> bool:
    return bool(git_refs.refs(kernel, repository))


def _require_seen(
    kernel: Kernel, repository: str, tip: str | None, wish: Wish, seen: str | None
) -> None:
    try:
        there = tip and trees.find(kernel, repository, tip, wish.path)
    except NotFound:
        there = None
    if wish.content is None and not there:
        raise NotFound(f"There is no file {wish.path[:200]!a}.", next_step="Check its path.")
    if there and there.kind not in {"file", "link"}:
        raise InvalidInput("There is a folder at this path.", next_step="Name a file in it.")
    if seen is None and there:
        raise InvalidInput(
            '"sha" was not given, and the file exists.', next_step="Give the blob's sha as it is."
        )
    if seen is not None and (not there or there.object != names.require_sha(seen)):
        now = there.object if there else "no file"
        raise Stale(f"The file is {now}, not {seen}.", next_step="Read it again, then decide.")


def require_forward(kernel: Kernel, repository: str, old: str, new: str) -> None:
    """InvalidInput unless `new` holds `old`: moving there then loses no commit."""
    ahead_behind = plumbing.apart(kernel, repository, old, new)
    if ahead_behind[1]:
        raise InvalidInput(
            "This is not a fast-forward: commits would be lost.",
            next_step="Send force: true if they may be.",
        )

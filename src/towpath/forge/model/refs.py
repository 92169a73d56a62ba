"""Comparing snapshots of refs, what a push may move, and the options it carries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from towpath.facts.forge import RefChange
from towpath.forge.model import names
from towpath.kernel.clock import Micros
from towpath.kernel.errors import InvalidInput

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
OURS = "refs/towpath/"
MOST_REFS_A_PUSH = 5_000
_CREATE = "merge_request.create"
_VALUES = frozenset({"merge_request.target", "merge_request.title", "merge_request.description"})


@dataclass(frozen=True)
class RefUpdate:
    """Move `ref` from `old` to `new`, both full object names; None means that it is not there."""

    ref: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Push:
    """One `git push` while it runs. `trusted` pushers may create protected branches."""

    id: str
    repository: str
    author: str
    trusted: bool


@dataclass(frozen=True)
class Mover:
    """Who moves a ref, written down before it moves: whoever finds it moved knows by whom.

    A push that fails leaves it behind until the push ends, a crash until it is old.
    """

    id: str
    push: str
    ref: str
    sha: str | None
    author: str
    at: Micros


@dataclass(frozen=True)
class Intent:
    """What a push asked for beside moving refs: a merge request from `source` at `head`."""

    source: str
    head: str
    target: str
    title: str | None
    description: str


@dataclass(frozen=True)
class Pending:
    """An intent written down before the refs of its push moved.

    `number` is the merge request that came of it, kept until its push has ended and heard of it.
    """

    id: str
    push: str
    author: str
    wish: Intent
    at: Micros
    number: int | None = None


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[RefChange, ...]:
    """List what moved between two snapshots, in the order of ref names."""
    return tuple(
        RefChange(ref, before.get(ref), after.get(ref))
        for ref in sorted(before.keys() | after.keys())
        if before.get(ref) != after.get(ref)
    )


def refusals(
    updates: Sequence[RefUpdate], *, protected: Sequence[str], trusted: bool
) -> tuple[str, ...]:
    """Say why a person's push may not be taken, in sentences for their terminal; empty: it may.

    `trusted` pushers may create a protected branch, which is how the first push works; moving or
    deleting one is the gate's alone.
    """
    if len(updates) > MOST_REFS_A_PUSH:
        return (
            f"{len(updates)} refs in one push are too many. Push {MOST_REFS_A_PUSH} at a time.",
        )
    kept = {f"{BRANCHES}{branch}" for branch in protected}
    found = (_refusal(update, kept, trusted=trusted) for update in updates)
    return tuple(sentence for sentence in found if sentence)


def _refusal(update: RefUpdate, protected: set[str], *, trusted: bool) -> str | None:
    ref = update.ref
    if ref.startswith(OURS):
        return f"{ref} belongs to Towpath. Push to a branch instead: git push origin HEAD:BRANCH"
    if not ref.startswith((BRANCHES, TAGS)):
        return f"{ref!a} is neither a branch nor a tag. Push to refs/heads/ or refs/tags/."
    fault = names.ref_fault(ref)
    if fault and update.new:
        return f"{ref!a} is refused: {fault}. Choose another name."
    # Who deletes may claim that there was nothing, and git believes it: only what is there counts.
    creates = update.old is None and update.new is not None
    if ref in protected and not (trusted and creates):
        branch = ref.removeprefix(BRANCHES)
        return (
            f"{branch} is protected: it moves through merge requests. Push a branch and open one:"
            f" git push -o merge_request.create origin HEAD:BRANCH"
        )
    return None


def intents(
    options: Sequence[str], updates: Sequence[RefUpdate], default_target: str
) -> tuple[Intent, ...]:
    """Read `git push -o merge_request.…` options; an unknown one raises InvalidInput.

    Every pushed branch but the target gets its own request.
    """
    values = _options(options)
    if _CREATE not in values:
        return ()
    target = values.get("merge_request.target") or default_target
    names.branch_ref(target)
    return tuple(
        Intent(
            source=update.ref.removeprefix(BRANCHES),
            head=update.new,
            target=target,
            title=values.get("merge_request.title") or None,
            description=values.get("merge_request.description", ""),
        )
        for update in updates
        if update.new and update.ref.startswith(BRANCHES) and update.ref != BRANCHES + target
    )


def _options(options: Sequence[str]) -> dict[str, str]:
    values = dict(_option(option) for option in options)
    if values and _CREATE not in values:
        raise InvalidInput(
            "The push options describe a merge request but do not ask for one.",
            next_step=f"Add -o {_CREATE}.",
        )
    return values


def _option(option: str) -> tuple[str, str]:
    key, _, value = option.partition("=")
    if (key != _CREATE or value) and key not in _VALUES:
        known = ", ".join(f"{name}=…" for name in sorted(_VALUES))
        raise InvalidInput(
            f"{option[:80]!r} is not a push option.", next_step=f"Known are {_CREATE}, {known}."
        )
    return key, value.replace("\\n", "\n")

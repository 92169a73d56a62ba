"""Merge requests follow git: what a new state of the refs means for each open one.

target gained the head          merged, first of all: the landing counts whatever came after
source or target is gone        closed
source is elsewhere             its head moved
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from towpath.facts.forge import RefChange
from towpath.forge.model import requests
from towpath.forge.model.refs import BRANCHES, Intent, Mover, Pending, compare
from towpath.forge.model.requests import MergeRequest, Repository
from towpath.kernel.clock import SECOND, Micros

_FORGET_AFTER = 3600 * SECOND
Event = Literal["head_moved", "closed", "merged"]


class History(Protocol):
    """What only git can answer; each question is asked at most once a plan and branch."""

    def arrived(self, old: str | None, new: str) -> frozenset[str]: ...

    def landed_as(self, head: str, old: str | None, new: str) -> str: ...

    def merge_base(self, one: str, other: str) -> str | None: ...

    def subject(self, commit: str) -> str: ...


@dataclass(frozen=True)
class Step:
    before: MergeRequest
    after: MergeRequest
    event: Event


@dataclass(frozen=True)
class Opening:
    """A merge request that a push asked for; all but its number is known."""

    pending: Pending
    request: MergeRequest


@dataclass(frozen=True)
class Known:
    """What our rows say about one repository."""

    repository: Repository
    refs: Mapping[str, str]
    open: tuple[MergeRequest, ...]
    pending: tuple[Pending, ...]
    movers: tuple[Mover, ...] = ()

    @property
    def authors(self) -> dict[tuple[str, str | None], str]:
        """Who moved which ref where; what nobody said they would move, we move ourselves."""
        return {(one.ref, one.sha): one.author for one in self.movers}


@dataclass(frozen=True)
class Plan:
    """What to write down.

    `settled` are the ids of intents that nobody waits for any more, `passed` pushes whose movers
    nobody needs any more.
    """

    changes: tuple[RefChange, ...]
    steps: tuple[Step, ...]
    openings: tuple[Opening, ...]
    settled: frozenset[str]
    passed: frozenset[str]

    @property
    def empty(self) -> bool:
        return not (self.changes or self.steps or self.openings or self.settled or self.passed)


@dataclass(frozen=True)
class Synced:
    """What moved since the snapshot before, and what became of the requests a push asked for."""

    changes: tuple[RefChange, ...] = ()
    asked_for: tuple[MergeRequest, ...] = ()
    in_vain: tuple[Intent, ...] = ()


def follow(
    open_requests: Sequence[MergeRequest],
    before: Mapping[str, str],
    after: Mapping[str, str],
    history: History,
) -> tuple[Step, ...]:
    """Decide what becomes of each open merge request when the refs go from before to after."""
    arrivals: dict[str, frozenset[str]] = {}
    steps = (_step(request, before, after, history, arrivals) for request in open_requests)
    return tuple(step for step in steps if step)


def _step(
    request: MergeRequest,
    before: Mapping[str, str],
    after: Mapping[str, str],
    history: History,
    arrivals: dict[str, frozenset[str]],
) -> Step | None:
    source, target = BRANCHES + request.source, BRANCHES + request.target
    old, new = before.get(target), after.get(target)
    if new and new != old and request.base != request.head:
        if target not in arrivals:
            arrivals[target] = history.arrived(old, new)
        if request.head in arrivals[target]:
            landed = history.landed_as(request.head, old, new)
            return Step(request, replace(request, state="merged", merged_as=landed), "merged")
    head = after.get(source)
    # Compared with the request itself, not with the snapshot: a head that strayed heals too.
    if head is None or new is None:
        return Step(request, replace(request, state="closed"), "closed")
    if head == request.head:
        return None
    base = history.merge_base(new, head) or head
    return Step(request, replace(request, head=head, base=base), "head_moved")


def _opening(
    pending: Pending, repository: str, refs: Mapping[str, str], history: History, now: Micros
) -> Opening | None:
    """Say what a push asked for; None if the push did not come through or brought nothing."""
    wish = pending.wish
    target = refs.get(BRANCHES + wish.target)
    if target is None or refs.get(BRANCHES + wish.source) != wish.head:
        return None
    base = history.merge_base(target, wish.head)
    if base is None or base == wish.head:
        return None
    title = wish.title or history.subject(wish.head) or wish.source
    asked = requests.asked(
        repository, title=title, body=wish.description, author=pending.author,
        source=wish.source, target=wish.target, head=wish.head, base=base, now=now,
    )  # fmt: skip
    return Opening(pending, asked)


def make_plan(
    known: Known, after: Mapping[str, str], history: History, *, ended: str | None, now: Micros
) -> Plan:
    """Compare what we know with the refs as git has them now.

    What the push `ended` asked for is settled, as is what nobody came back for.
    """
    openings = (
        _opening(pending, known.repository.id, after, history, now)
        for pending in known.pending
        if pending.number is None
    )
    return Plan(
        compare(known.refs, after),
        follow(known.open, known.refs, after, history),
        tuple(opening for opening in openings if opening),
        frozenset(one.id for one in known.pending if _is_over(one, ended, now)),
        frozenset(one.push for one in known.movers if _is_over(one, ended, now)),
    )


def _is_over(asked: Pending | Mover, ended: str | None, now: Micros) -> bool:
    return asked.push == ended or asked.at < now - _FORGET_AFTER


def tell_pusher(synced: Synced, address: str, default_branch: str) -> list[str]:
    """What `git push` prints of it; `address` is that of the repository's page."""
    lines = [
        f"Merge request {request.number}: {address}/merge_requests/{request.number}"
        for request in synced.asked_for
    ]
    lines += [
        f"No merge request for {wish.source}: it has no commit that {wish.target} lacks."
        for wish in synced.in_vain
    ]
    pushed = [
        change.ref.removeprefix(BRANCHES)
        for change in synced.changes
        if change.new and change.ref.startswith(BRANCHES)
    ]
    if lines or pushed == [default_branch] or len(pushed) != 1:
        return lines
    form = f"{address}/merge_requests/new?source={_quoted(pushed[0])}"
    return [f"Ask for {pushed[0]} to be merged: {form}"]


def _quoted(branch: str) -> str:
    """A branch name as a part of an address (RFC 3986)."""
    plain = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
    return "".join(
        letter if letter in plain else "".join(f"%{byte:02X}" for byte in letter.encode())
        for letter in branch
    )

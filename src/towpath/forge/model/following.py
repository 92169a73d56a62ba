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
from towpath.forge.model.refs import BRANCHES, Pending, compare
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


@dataclass(frozen=True)
class Plan:
    """What to write down; `settled` are the ids of intents that have served."""

    changes: tuple[RefChange, ...]
    steps: tuple[Step, ...]
    openings: tuple[Opening, ...]
    settled: frozenset[str]

    @property
    def empty(self) -> bool:
        return not (self.changes or self.steps or self.openings or self.settled)


@dataclass(frozen=True)
class Synced:
    """What moved since the snapshot before, and the merge requests that pushes asked for."""

    changes: tuple[RefChange, ...] = ()
    asked_for: tuple[MergeRequest, ...] = ()


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


def plan(
    known: Known, after: Mapping[str, str], history: History, *, ended: str | None, now: Micros
) -> Plan:
    """Compare what we know with the refs as git has them now.

    What the push `ended` asked for in vain is settled, as is what nobody came back for.
    """
    found = (
        _opening(pending, known.repository.id, after, history, now) for pending in known.pending
    )
    openings = tuple(opening for opening in found if opening)
    over = (one for one in known.pending if one.push == ended or one.at < now - _FORGET_AFTER)
    return Plan(
        compare(known.refs, after),
        follow(known.open, known.refs, after, history),
        openings,
        frozenset(one.id for one in [*over, *(opening.pending for opening in openings)]),
    )

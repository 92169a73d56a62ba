"""What a decision, a result from git or a word in a comment changes in the rows: pure.

The service saves what comes out of here, and the property tests run on the same functions, so
that what is proved is what runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from towpath.gate.model.decide import decide
from towpath.gate.model.queue import (
    Action,
    Admit,
    CancelSuite,
    Candidate,
    Change,
    Conflict,
    DropRef,
    Effect,
    Fault,
    Land,
    Landed,
    Leave,
    MakeCandidate,
    Merge,
    Move,
    Probe,
    Queue,
    Refuse,
    Requeue,
    Say,
    Sha,
    StartSuite,
    World,
)
from towpath.kernel.clock import Micros


@dataclass(frozen=True, kw_only=True)
class Merged:
    """git merged it, and the candidate ref names the result."""

    sha: Sha


@dataclass(frozen=True, kw_only=True)
class Conflicted:
    """`by` is the first link of the chain that it conflicts with, None for the tip."""

    files: tuple[str, ...]
    by: int | None = None


@dataclass(frozen=True, kw_only=True)
class Troubled:
    """git could not say whether it merges; `why` in words."""

    why: str


Outcome = Merged | Conflicted | Troubled


@dataclass(frozen=True)
class Result:
    """What git said to an effect."""

    effect: Merge
    outcome: Outcome

    @property
    def is_trouble(self) -> bool:
        return isinstance(self.outcome, Troubled)


@dataclass(frozen=True)
class Sight:
    """What git says about a queue: see `World`."""

    tip: Sha | None
    refs: Mapping[int, Sha]
    landed: frozenset[Sha]


def landed(queue: Queue, tip: Sha | None, contains: Callable[[Sha, Sha], bool]) -> frozenset[Sha]:
    """The candidates that the tip contains; what stands on the tip or on another cannot be."""
    ahead: set[Sha] = {tip} if tip else set()
    found: set[Sha] = set()
    for candidate in (change.candidate for change in queue.in_line()):
        if candidate is None or tip is None:
            continue
        if candidate.base not in ahead and contains(candidate.sha, tip):
            found.add(candidate.sha)
        else:
            ahead.add(candidate.sha)
    return frozenset(found)


def watch(queue: Queue, number: int) -> Queue:
    """Have a row for a request."""
    if queue.change(number):
        return queue
    return replace(queue, changes=(*queue.changes, Change(number=number)))


def enrol(queue: Queue, world: World) -> Queue:
    """Watch every open request of the branch."""
    for number, request in sorted(world.requests.items()):
        if request.state == "open" and request.target == queue.branch:
            queue = watch(queue, number)
    return queue


@dataclass(frozen=True, kw_only=True)
class Advanced:
    """`moves` were made, in this order, and are in `queue`; `due` is what comes next."""

    queue: Queue
    moves: tuple[Action, ...]
    due: tuple[Action, ...]

    @property
    def decisions(self) -> list[Action]:
        """What is kept as the record of why."""
        actions = (*self.moves, *self.due)
        return [action for action in actions if not isinstance(action, Say | DropRef)]

    @property
    def effects(self) -> list[Effect]:
        """What is left for git to do."""
        return [action for action in self.due if isinstance(action, Effect)]


def advance(queue: Queue, world: World, now: Micros) -> Advanced:
    """Decide until the rows say the truth: what one transaction does."""
    queue = enrol(queue, world)
    moves: list[Action] = []
    while True:
        actions = decide(queue, world)
        due = [action for action in actions if not isinstance(action, Move | CancelSuite)]
        if due or not actions:
            return Advanced(queue=queue, moves=tuple(moves), due=tuple(due))
        moves.extend(actions)
        for action in actions:
            if isinstance(action, Move):
                queue = apply(queue, action, now)


def apply(queue: Queue, action: Move | Say | Land, now: Micros) -> Queue:
    """Change the one row that an action is about."""
    change = queue.change(action.number)
    return queue if change is None else put(queue, _applied(change, action, now))


def put(queue: Queue, changed: Change) -> Queue:
    """The queue with one row replaced."""
    changes = tuple(changed if c.number == changed.number else c for c in queue.changes)
    return replace(queue, changes=changes)


def _applied(change: Change, action: Move | Say | Land, now: Micros) -> Change:
    match action:
        case Admit():
            return _admitted(change, action, now)
        case Requeue():
            return _requeued(change, action)
        case Say():
            return replace(change, said=action.said)
        case Land():
            return replace(change, state="landing")
        case _:
            return _ended(replace(change, ended=now, conflict=None), action)


def _ended(change: Change, action: Leave | Landed | Refuse) -> Change:
    """A refused candidate stays in the row, and its ref in git, for whoever wants to look."""
    match action:
        case Leave():
            return replace(change, state="watched", left=action.why, candidate=None)
        case Landed():
            return replace(change, state="landed", landed=action.sha)
        case Refuse():
            return replace(change, state="refused", refused=action.refused)


def _requeued(change: Change, action: Requeue) -> Change:
    if action.why == "base":
        return replace(change, state="queued", candidate=None, troubles=0)
    candidate = change.candidate and replace(change.candidate, suite=None, started=None)
    return replace(change, candidate=candidate, troubles=change.troubles + 1)


def _admitted(change: Change, action: Admit, now: Micros) -> Change:
    return Change(
        number=change.number,
        state="queued",
        head=action.head,
        position=action.position,
        since=now,
        tries=change.tries,
        said=change.said,
    )


def started(queue: Queue, action: StartSuite, suite: str, now: Micros) -> Queue:
    """Record which suite tests the candidate."""
    change = queue.change(action.number)
    if change is None or change.candidate is None or change.candidate.sha != action.sha:
        return queue
    candidate = replace(change.candidate, suite=suite, started=now)
    return put(queue, replace(change, candidate=candidate, tries=change.tries + 1))


def record(queue: Queue, result: Result) -> Queue:
    """Record what git said; a row that has moved on since is left alone."""
    effect, outcome = result.effect, result.outcome
    change = queue.change(effect.number)
    if change is None or change.state != "queued" or change.head != effect.head:
        return queue
    if isinstance(outcome, Troubled):
        return put(queue, _troubled(change, effect.onto, outcome.why))
    change = replace(change, fault=None)
    if isinstance(outcome, Conflicted):
        return put(queue, _conflicted(change, effect, outcome))
    if isinstance(effect, Probe):
        return put(queue, replace(change, clean=True))
    return put(queue, _made(change, effect, outcome.sha))


def _troubled(change: Change, onto: Sha, why: str) -> Change:
    """Count how often in a row git could not end a merge, also while the target moves on."""
    times = 1 + (change.fault.times if change.fault else 0)
    return replace(change, fault=Fault(onto=onto, times=times, why=why))


def _conflicted(change: Change, effect: Merge, result: Conflicted) -> Change:
    tip = effect.onto if isinstance(effect, Probe) else effect.ahead[0][1]
    conflict = Conflict(tip=tip, onto=effect.onto, files=result.files, by=result.by)
    clean = result.by is not None
    return replace(change, conflict=conflict, candidate=None, clean=clean)


def _made(change: Change, effect: MakeCandidate, sha: Sha) -> Change:
    candidate = Candidate(base=effect.onto, head=effect.head, sha=sha)
    if change.candidate and change.candidate.sha == sha:
        return replace(change, clean=True, conflict=None)
    return replace(change, candidate=candidate, clean=True, conflict=None, troubles=0)


def hold(change: Change, who: str | None) -> Change:
    """Somebody said /wait (or, with None, that it may go on)."""
    return replace(change, hold=who)


def retry(change: Change) -> Change:
    """Forget a refusal, so that the same head may be queued again."""
    return replace(change, state="watched", refused=None, candidate=None, ended=None)

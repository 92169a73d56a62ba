"""The rules: from what is recorded and what the world says to what is to be done now.

Each call returns either moves, which change rows only and after which it is asked again, or the
effects that are due when the rows say the truth. Nothing here remembers: a crash between any two
actions loses nothing but time, because the next call derives them again. Time plays no part.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from towpath.gate.model.queue import (
    Action,
    Admit,
    CancelSuite,
    Candidate,
    Change,
    DropRef,
    Land,
    Landed,
    Leave,
    MakeCandidate,
    Move,
    Obstacle,
    Probe,
    Queue,
    Refusal,
    Refuse,
    Refused,
    Request,
    Requeue,
    Say,
    Sha,
    StartSuite,
    Suite,
    World,
)
from towpath.gate.model.words import commit_message, said
from towpath.kernel.clock import Micros

PATIENCE = 3
"""How often a candidate is tested, or a merge tried, before we stop blaming the machines."""
_LOST = Suite(conclusion="cancelled", summary="The pipelines do not know this suite any more.")


def decide(queue: Queue, world: World) -> list[Action]:
    """Say what to do now; an empty list means that only the world can change anything."""
    for stage in (_settle, _admit):
        moves = list(stage(queue, world))
        if moves:
            return moves
    actions = _walk(queue, world)
    moves = [a for a in actions if isinstance(a, Move | CancelSuite)]
    return moves or [*actions, *_say(queue, world), *_tidy(queue, world)]


def obstacle(change: Change, request: Request, branch: str) -> tuple[Obstacle, str] | None:
    """Name the first thing that keeps a request out of the queue, and who stands behind it."""
    if request.state != "open":
        return request.state, ""
    if request.target != branch:
        return "retargeted", request.target
    if change.hold:
        return "held", change.hold
    if request.objections:
        return "changes_requested", ", ".join(request.objections)
    if change.in_queue and change.head != request.head:
        return "head_moved", request.author
    return None if request.approvals else ("not_approved", "")


def _settle(queue: Queue, world: World) -> Iterator[Action]:
    """Whoever landed or lost the right to be in the queue goes out of it."""
    for change in queue.in_line():
        if change.candidate and _has_landed(change, change.candidate, world):
            yield Landed(number=change.number, sha=change.candidate.sha)
        elif (reason := _reason_to_leave(queue, world, change)) is not None:
            yield Leave(number=change.number, why=reason[0], who=reason[1])
            yield from _cancel(change, world)


def _has_landed(change: Change, candidate: Candidate, world: World) -> bool:
    """The forge may know it before us, if another worker landed it since we looked at git."""
    request = world.requests.get(change.number)
    known = request is not None and request.merged_as == candidate.sha
    return known or candidate.sha in world.landed


def _reason_to_leave(queue: Queue, world: World, change: Change) -> tuple[Obstacle, str] | None:
    request = world.requests.get(change.number)
    return ("closed", "") if request is None else obstacle(change, request, queue.branch)


def _admit(queue: Queue, world: World) -> Iterator[Action]:
    """Approved first, queued first; numbers break the tie, so that a replay gives the same."""
    ready = [world.requests[c.number] for c in queue.changes if _admissible(queue, world, c)]
    ready.sort(key=lambda request: (request.approved or 0, request.number))
    for position, request in enumerate(ready, queue.last_position() + 1):
        yield Admit(number=request.number, head=request.head, position=position)


def _admissible(queue: Queue, world: World, change: Change) -> bool:
    request = world.requests.get(change.number)
    if request is None or change.in_queue or world.tip is None:
        return False
    judged = change.state in {"refused", "landed"} and change.head == request.head
    return not judged and obstacle(change, request, queue.branch) is None


def _walk(queue: Queue, world: World) -> list[Action]:
    if world.tip is None:
        return []
    walk = _Walk(queue=queue, world=world, base=world.tip, ahead=[(None, world.tip)])
    for change in queue.in_line():
        walk.visit(change)
    return walk.actions


def _say(queue: Queue, world: World) -> Iterator[Action]:
    for change in queue.changes:
        request = world.requests.get(change.number)
        if request is None or not (request.state == "open" or change.state == "landed"):
            continue
        suite = known_suite(change, world)
        blocked = obstacle(change, request, queue.branch)
        word = said(queue, change, request, blocked=blocked, suite=suite)
        if word != change.said:
            yield Say(number=change.number, said=word)


def _tidy(queue: Queue, world: World) -> Iterator[Action]:
    """A refused candidate stays while its request is open, so that one can see what was red."""
    for change in queue.changes:
        sha = world.refs.get(change.number)
        shown = change.state == "refused" and change.number in world.requests
        if sha and not (change.in_queue or shown):
            yield DropRef(number=change.number, sha=sha)


def known_suite(change: Change, world: World) -> Suite | None:
    """The suite of the present candidate; None before one was asked for."""
    if change.candidate is None or change.candidate.suite is None:
        return None
    return world.suites.get(change.candidate.suite, _LOST)


def _cancel(change: Change, world: World) -> Iterator[Action]:
    suite = known_suite(change, world)
    if suite and suite.conclusion is None and change.candidate and change.candidate.suite:
        yield CancelSuite(number=change.number, suite=change.candidate.suite)


@dataclass
class _Walk:
    """Goes along the queue and builds the chain.

    `base` is what the next request has to be merged onto, `ahead` the links up to there. Once
    `broken`, the base of those behind is not known yet; `void` are candidates dropped on the way.
    """

    queue: Queue
    world: World
    base: Sha
    ahead: list[tuple[int | None, Sha]]
    slots: int = 0
    broken: bool = False
    full: bool = False
    void: set[Sha] = field(default_factory=set)
    actions: list[Action] = field(default_factory=list)

    def visit(self, change: Change) -> None:
        if self._conflicts_with_tip(change):
            self._refuse(change, "conflict")
        elif _is_hopeless(change, self.world.tip):
            self._refuse(change, "fault")
        elif self.broken:
            self._visit_behind(change)
        elif self._is_blocked(change):
            pass
        elif self.slots == self.queue.window:
            self.broken = self.full = True
            self._visit_behind(change)
        else:
            self.slots += 1
            self._link(change)

    def _conflicts_with_tip(self, change: Change) -> bool:
        conflict = change.conflict
        return conflict is not None and conflict.by is None and conflict.tip == self.world.tip

    def _is_blocked(self, change: Change) -> bool:
        """Whether it is known not to merge with something ahead, on exactly this base."""
        conflict, here = change.conflict, (self.world.tip, self.base)
        known = conflict is not None and (conflict.tip, conflict.onto) == here
        return known or _is_hopeless(change, self.base)

    def _visit_behind(self, change: Change) -> None:
        if change.candidate and (self.full or change.candidate.base in self.void):
            self._void(change, change.candidate)
        elif change.candidate is None and not change.clean:
            tip = self.ahead[0][1]
            self.actions.append(Probe(number=change.number, head=change.head, onto=tip))

    def _link(self, change: Change) -> None:
        candidate = change.candidate
        if candidate is None:
            self._make(change)
            self.broken = True
        elif (candidate.base, candidate.head) != (self.base, change.head):
            self._void(change, candidate)
            self.broken = True
        else:
            self._judge(change, candidate)

    def _make(self, change: Change) -> None:
        make = MakeCandidate(
            number=change.number,
            head=change.head,
            onto=self.base,
            message=commit_message(self.world.requests[change.number]),
            at=change.since or Micros(0),
            ahead=tuple(self.ahead),
        )
        self.actions.append(make)

    def _void(self, change: Change, candidate: Candidate) -> None:
        self.void.add(candidate.sha)
        self.actions.append(Requeue(number=change.number, why="base"))
        self.actions.extend(_cancel(change, self.world))

    def _judge(self, change: Change, candidate: Candidate) -> None:
        suite = known_suite(change, self.world)
        if suite is None:
            self._start(change, candidate)
        elif suite.conclusion in {None, "success"}:
            self._extend_or_land(change, candidate, suite)
        elif suite.conclusion == "cancelled" and change.troubles + 1 < PATIENCE:
            self.actions.append(Requeue(number=change.number, why="trouble"))
            self._extend(change, candidate)
        elif candidate.base == self.world.tip:
            self._refuse(change, _refusal(suite), suite)
        # Otherwise something ahead may be guilty: those behind are built without this one.

    def _start(self, change: Change, candidate: Candidate) -> None:
        """A runner fetches the candidate by its ref, so the ref comes before the suite."""
        if self.world.refs.get(change.number) == candidate.sha:
            start = StartSuite(number=change.number, sha=candidate.sha, attempt=change.tries + 1)
            self.actions.append(start)
        else:
            self._make(change)
        self._extend(change, candidate)

    def _extend_or_land(self, change: Change, candidate: Candidate, suite: Suite) -> None:
        if suite.conclusion == "success" and candidate.base == self.world.tip:
            land = Land(number=change.number, base=candidate.base, sha=candidate.sha)
            self.actions.append(land)
        self._extend(change, candidate)

    def _extend(self, change: Change, candidate: Candidate) -> None:
        self.base = candidate.sha
        self.ahead.append((change.number, candidate.sha))

    def _refuse(self, change: Change, why: Refusal, suite: Suite | None = None) -> None:
        files = change.conflict.files if why == "conflict" and change.conflict else ()
        fault = change.fault.why if why == "fault" and change.fault else ""
        refused = Refused(
            why=why,
            onto=self.ahead[0][1],
            files=files,
            summary=suite.summary if suite else fault,
            run=suite.run if suite else None,
        )
        self.actions.append(Refuse(number=change.number, refused=refused))
        self.actions.extend(_cancel(change, self.world))


def _is_hopeless(change: Change, onto: Sha | None) -> bool:
    """Whether git failed so often to merge it onto this commit that it is not tried again."""
    fault = change.fault
    return fault is not None and fault.onto == onto and fault.times >= PATIENCE


def _refusal(suite: Suite) -> Refusal:
    match suite.conclusion:
        case "absent" | "invalid" | "cancelled" as why:
            return why
        case _:
            return "red"

"""What people see of a queue: a line for each request, with words, order and expected time."""

from collections.abc import Mapping
from dataclasses import dataclass

from towpath.gate.model.decide import obstacle
from towpath.gate.model.queue import OVER, Change, Queue, Refused, Request, Sha, State, Suite
from towpath.gate.model.words import Kind, standing, stands_on
from towpath.kernel.clock import SECOND, Micros


@dataclass(frozen=True, kw_only=True)
class Line:
    """One request as people see it.

    `place` counts from 1 in the queue. `onto` are the requests its candidate contains beside its
    own. `expected_seconds` is until it lands if all goes well; `seconds` passed from the queue to
    the end. `ended` is None unless it landed or was refused. `open` is what the forge says,
    `held` that somebody said /wait.
    """

    number: int
    branch: str
    title: str
    author: str
    state: State
    word: str
    kind: Kind
    sentence: str
    next_step: str
    head: Sha
    place: int | None = None
    onto: tuple[int, ...] = ()
    base: Sha | None = None
    candidate: Sha | None = None
    run: str | None = None
    since: Micros | None = None
    ended: Micros | None = None
    seconds: float | None = None
    expected_seconds: float | None = None
    landed: Sha | None = None
    refused: Refused | None = None
    open: bool = False
    held: bool = False


@dataclass(frozen=True, kw_only=True)
class Scenery:
    """All that lines are made of; `expected` is how long a suite takes in seconds, if known."""

    queue: Queue
    requests: Mapping[int, Request]
    suites: Mapping[str, Suite]
    expected: float | None
    now: Micros


@dataclass(frozen=True, kw_only=True)
class QueueView:
    """`line` stands in order, `recent` ended last first, `watched` are outside the queue."""

    branch: str
    line: tuple[Line, ...]
    watched: tuple[Line, ...]
    recent: tuple[Line, ...]

    @property
    def length(self) -> int:
        return len(self.line)


def view(scenery: Scenery) -> QueueView:
    """Describe a queue for people."""
    lines = [line_of(scenery, c) for c in scenery.queue.changes if c.number in scenery.requests]
    in_line = sorted((line for line in lines if line.place), key=lambda line: line.place or 0)
    over = [line for line in lines if line.state in OVER]
    return QueueView(
        branch=scenery.queue.branch,
        line=tuple(in_line),
        watched=tuple(line for line in lines if line.state == "watched" and line.open),
        recent=tuple(sorted(over, key=lambda line: -(line.ended or 0))),
    )


def line_of(scenery: Scenery, change: Change) -> Line:
    """Describe one change, whose request must be in the scenery."""
    request = scenery.requests[change.number]
    suite = _suite(scenery, change)
    blocked = obstacle(change, request, scenery.queue.branch)
    where = standing(scenery.queue, change, request, blocked=blocked, suite=suite)
    candidate = change.candidate if change.state != "watched" else None
    return Line(
        number=change.number,
        branch=scenery.queue.branch,
        title=request.title,
        author=request.author,
        state=change.state,
        word=where.word,
        kind=where.kind,
        sentence=where.sentence,
        next_step=where.next_step,
        head=request.head,
        place=_place(scenery.queue, change),
        onto=tuple(stands_on(scenery.queue, change)) if change.in_queue else (),
        base=candidate.base if candidate else None,
        candidate=candidate.sha if candidate else None,
        run=suite.run if suite else change.refused.run if change.refused else None,
        since=change.since,
        ended=change.ended if change.state in OVER else None,
        seconds=_seconds(change),
        expected_seconds=_expected(scenery, change),
        landed=change.landed,
        refused=change.refused if change.state == "refused" else None,
        open=request.state == "open",
        held=change.hold is not None,
    )


def _suite(scenery: Scenery, change: Change) -> Suite | None:
    if change.candidate is None or change.candidate.suite is None:
        return None
    return scenery.suites.get(change.candidate.suite)


def _place(queue: Queue, change: Change) -> int | None:
    if not change.in_queue:
        return None
    return 1 + [each.number for each in queue.in_line()].index(change.number)


def _seconds(change: Change) -> float | None:
    if change.since is None or change.ended is None:
        return None
    return (change.ended - change.since) / SECOND


def _expected(scenery: Scenery, change: Change) -> float | None:
    """Until it lands if all is green: nothing ahead may land later, and a window is a round."""
    if scenery.expected is None or not change.in_queue or change.conflict:
        return None
    line = scenery.queue.in_line()
    ahead = line[: line.index(change) + 1]
    tested = ahead[: scenery.queue.window]
    first_round = max(_left(scenery, each, scenery.expected) for each in tested)
    rounds = (len(ahead) - 1) // scenery.queue.window
    return first_round + rounds * scenery.expected


def _left(scenery: Scenery, change: Change, expected: float) -> float:
    suite = _suite(scenery, change)
    if suite is not None and suite.conclusion is not None:
        return 0.0
    started = change.candidate.started if change.candidate else None
    elapsed = 0.0 if started is None else (scenery.now - started) / SECOND
    return max(0.0, expected - elapsed)

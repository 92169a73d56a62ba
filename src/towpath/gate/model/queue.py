"""The nouns of the gate: what is recorded, what the world says, what may be done about it.

A queue belongs to one target branch of one repository. Its first requests form a chain: the
candidate of each is a merge of its head onto the candidate ahead of it, the first onto the tip
of the target branch. Only the first candidate may land, and only while the tip is its base: so
what lands is exactly what was tested.

watched ──admit──▶ queued ──green, base is the tip──▶ landing ──▶ landed
   ▲                 │ │
   └──────leave──────┘ └──red or in conflict with the tip──▶ refused ──/retry, new head──▶ watched
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from towpath.kernel.clock import Micros

Sha = str
State = Literal["watched", "queued", "landing", "landed", "refused"]
IN_QUEUE: tuple[State, ...] = ("queued", "landing")
OVER: tuple[State, ...] = ("landed", "refused")
Conclusion = Literal["success", "failure", "cancelled", "absent", "invalid"]
Refusal = Literal["conflict", "red", "cancelled", "absent", "invalid", "fault"]
Obstacle = Literal[
    "closed",
    "merged",
    "retargeted",
    "held",
    "changes_requested",
    "head_moved",
    "not_approved",
]
StatusState = Literal["pending", "success", "failure"]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What main would become: `sha` merges `head` onto `base`.

    `suite` is the pipeline suite that tests exactly `sha`, None before it is asked for.
    """

    base: Sha
    head: Sha
    sha: Sha
    suite: str | None = None
    started: Micros | None = None


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A merge of the head onto `onto` that git could not make while the target stood at `tip`.

    `by` is the first request ahead with which it conflicts; None means: with the tip itself.
    """

    tip: Sha
    onto: Sha
    files: tuple[str, ...]
    by: int | None = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """git failed `times` in a row to say whether the head merges, the last time onto `onto`."""

    onto: Sha
    times: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """The last word we put beside a commit, so that it is not said twice."""

    head: Sha
    state: StatusState
    words: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Why a request was refused; `onto` is where the target stood."""

    why: Refusal
    onto: Sha
    files: tuple[str, ...] = ()
    summary: str = ""
    run: str | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """One merge request under watch.

    `head` is the commit that was queued, refused or landed. `tries` counts the suites asked for,
    ever, and makes their keys unique; `troubles` counts those of this candidate that ended
    without a verdict. `hold` is who said /wait. `clean` says that this head was merged onto some
    tip without conflict. `since` is when it entered the queue, `ended` when it left it.
    """

    number: int
    state: State = "watched"
    head: Sha = ""
    position: int = 0
    since: Micros | None = None
    ended: Micros | None = None
    clean: bool = False
    candidate: Candidate | None = None
    conflict: Conflict | None = None
    fault: Fault | None = None
    tries: int = 0
    troubles: int = 0
    hold: str | None = None
    left: Obstacle | None = None
    refused: Refused | None = None
    landed: Sha | None = None
    said: Said | None = None

    @property
    def in_queue(self) -> bool:
        return self.state in IN_QUEUE


@dataclass(frozen=True, kw_only=True)
class Queue:
    """All changes of one target branch, in no particular order."""

    branch: str
    changes: tuple[Change, ...] = ()
    window: int = 4

    def in_line(self) -> list[Change]:
        return sorted((c for c in self.changes if c.in_queue), key=lambda c: c.position)

    def change(self, number: int) -> Change | None:
        return next((c for c in self.changes if c.number == number), None)

    def last_position(self) -> int:
        return max((c.position for c in self.changes), default=0)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the forge says of a merge request now.

    `approvals` are the logins, the author's never among them, whose last verdict approves the
    current head; `objections` those whose last verdict asks for changes. `approved` is when the
    oldest of these approvals was given, `merged_as` the first commit of the target that holds
    the head.
    """

    number: int
    author: str
    head: Sha
    target: str
    source: str = ""
    title: str = ""
    state: Literal["open", "merged", "closed"] = "open"
    merged_as: Sha | None = None
    approvals: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()
    approved: Micros | None = None


@dataclass(frozen=True, kw_only=True)
class Suite:
    """`conclusion` is None while it runs. `run` is the run to look at."""

    conclusion: Conclusion | None
    summary: str = ""
    run: str | None = None


@dataclass(frozen=True, kw_only=True)
class World:
    """What git, the forge and the pipelines say.

    `tip` is None when the target branch is gone. `landed` are the candidates that the tip
    contains. `refs` are our candidate refs by request number. A suite that is not in `suites` is
    unknown to the pipelines.
    """

    tip: Sha | None
    requests: Mapping[int, Request] = field(default_factory=dict)
    suites: Mapping[str, Suite] = field(default_factory=dict)
    refs: Mapping[int, Sha] = field(default_factory=dict)
    landed: frozenset[Sha] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Admit:
    number: int
    head: Sha
    position: int


@dataclass(frozen=True, kw_only=True)
class Leave:
    """Out of the queue without a verdict; `who` stands behind it."""

    number: int
    why: Obstacle
    who: str = ""


@dataclass(frozen=True, kw_only=True)
class Landed:
    """The tip contains this candidate: git says so, whatever we remember."""

    number: int
    sha: Sha


@dataclass(frozen=True, kw_only=True)
class Refuse:
    number: int
    refused: Refused


@dataclass(frozen=True, kw_only=True)
class Requeue:
    """The candidate ("base") or only its suite ("trouble") is void; the position stays."""

    number: int
    why: Literal["base", "trouble"]


@dataclass(frozen=True, kw_only=True)
class CancelSuite:
    number: int
    suite: str


@dataclass(frozen=True, kw_only=True)
class Say:
    """Put a word beside the head, where every git host shows it."""

    number: int
    said: Said


@dataclass(frozen=True, kw_only=True)
class StartSuite:
    """`attempt` counts the suites ever asked for this request, so that each has its own key."""

    number: int
    sha: Sha
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Merge the head onto the tip and keep only whether that works."""

    number: int
    head: Sha
    onto: Sha


@dataclass(frozen=True, kw_only=True)
class MakeCandidate:
    """Merge `head` onto `onto`; `ahead` are the links from the tip to there, first the tip.

    `at` is the date of the commit: when the request was queued, so that the same inputs give the
    same commit however often it is made.
    """

    number: int
    head: Sha
    onto: Sha
    message: str
    at: Micros
    ahead: tuple[tuple[int | None, Sha], ...]


@dataclass(frozen=True, kw_only=True)
class Land:
    """Move the target from `base` to `sha`, if it still stands there."""

    number: int
    base: Sha
    sha: Sha


@dataclass(frozen=True, kw_only=True)
class DropRef:
    """Nobody needs this candidate ref any more."""

    number: int
    sha: Sha


Merge = Probe | MakeCandidate
Move = Admit | Leave | Landed | Refuse | Requeue
"""Changes rows only; whatever else is due is decided again after it."""
Effect = Probe | MakeCandidate | Land | DropRef
"""Done in git, outside any transaction; each may be repeated."""
Action = Move | CancelSuite | Say | StartSuite | Effect

"""What happens in a repository, as it is kept from the moment it happens until it is told.

A happening holds what the rows will not say any more when its turn comes: who did it, and states
that pass. What still stands then, such as the words of a merge request, is read when it is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from towpath.forge.model import checks
from towpath.forge.model.builds import Build, BuildJob
from towpath.forge.model.checks import Check, Suite
from towpath.forge.model.requests import Status
from towpath.forge.model.threads import Remark, Thread

RemarkChange = Literal["created", "edited", "deleted"]


@dataclass(frozen=True)
class RefMoved:
    """`old` is None for a new ref, `new` for one that is gone."""

    ref: str
    old: str | None
    new: str | None
    by: str


@dataclass(frozen=True)
class RequestChanged:
    number: int
    what: str
    by: str


@dataclass(frozen=True)
class Reviewed:
    """`review` is the id of a verdict that was given, or that counts no more."""

    number: int
    review: str
    dismissed: bool
    by: str


@dataclass(frozen=True)
class RemarkMoved:
    """A remark on a line was made, reworded (it said `was`) or taken back.

    It holds what may be gone when it is told: of its thread the place and the first remark.
    """

    number: int
    thread: Thread
    remark: Remark
    what: RemarkChange
    by: str
    was: str = ""


@dataclass(frozen=True)
class Settled:
    """A discussion was settled, or taken up again."""

    number: int
    thread: Thread
    settled: bool
    by: str


@dataclass(frozen=True)
class Said:
    number: int
    comment: str


@dataclass(frozen=True)
class StatusSet:
    sha: str
    status: Status


@dataclass(frozen=True)
class CheckMoved:
    """`made` and `ended` say whether it began or ended just now, `suite_ended` so of its suite."""

    check: Check
    suite: Suite
    made: bool
    ended: bool
    suite_ended: bool


@dataclass(frozen=True)
class AskedAgain:
    """Somebody wants a check to be done again, or all of a suite, where `check` is None."""

    check: Check | None
    suite: Suite
    by: str


@dataclass(frozen=True)
class BuildMoved:
    """A run of a workflow was asked for, began, or ended."""

    build: Build


@dataclass(frozen=True)
class JobMoved:
    """A job of a run waits for a runner, was taken by one, or ended."""

    job: BuildJob


@dataclass(frozen=True)
class Renamed:
    """The repository has another name than it had, which is `was`."""

    was: str
    by: str


@dataclass(frozen=True)
class Deleted:
    """The repository was deleted."""

    by: str


Happening = (
    RefMoved
    | RequestChanged
    | Reviewed
    | Said
    | StatusSet
    | CheckMoved
    | AskedAgain
    | BuildMoved
    | JobMoved
    | Renamed
    | RemarkMoved
    | Settled
    | Deleted
)
EVENTS_OF: dict[type, tuple[str, ...]] = {
    RefMoved: ("push", "create", "delete"),
    RequestChanged: ("pull_request",),
    Reviewed: ("pull_request_review",),
    RemarkMoved: ("pull_request_review_comment",),
    Settled: ("pull_request_review_thread",),
    Said: ("issue_comment",),
    StatusSet: ("status",),
    CheckMoved: ("check_run", "check_suite"),
    AskedAgain: ("check_run", "check_suite"),
    BuildMoved: ("workflow_run",),
    JobMoved: ("workflow_job",),
    Renamed: ("repository",),
    Deleted: ("repository",),
}
"""What a webhook must want for a happening to be kept at all."""


def check_moved(all_now: Sequence[Check], before: Check | None, after: Check) -> CheckMoved:
    """Compare a check with what it was, and its suite likewise, from all checks of its commit."""
    mine = [one for one in checks.latest(all_now) if one.author == after.author]
    others = [one for one in mine if one.id != after.id]
    now = checks.suite(mine or [after])
    was_open = before is None or before.status != "completed"
    others_open = any(one.status != "completed" for one in others)
    ended = after.status == "completed" and was_open
    return CheckMoved(
        after, now, made=before is None, ended=ended, suite_ended=ended and not others_open
    )

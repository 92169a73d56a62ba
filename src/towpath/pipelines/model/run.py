"""decide(run): what happens next to the jobs of one run. Pure; the service applies it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from towpath.kernel.clock import Micros
from towpath.pipelines.model import contexts, variants, workflow
from towpath.pipelines.model.execution import Annotation
from towpath.pipelines.model.expressions import functions, syntax, templates
from towpath.pipelines.model.expressions.evaluation import Status, Surroundings
from towpath.pipelines.model.expressions.values import ExpressionError

MAX_LOSSES = 10
"""How often a job may lose its runner before nobody tries any more."""

SuiteConclusion = Literal["success", "failure", "cancelled", "absent", "invalid"]
State = Literal["waiting", "queued", "running", "finished"]
Conclusion = Literal["success", "failure", "cancelled", "skipped"]

CONDITION_SCOPE = syntax.Scope(frozenset({"github", "needs"}), functions.WITH_STATUS)


@dataclass(frozen=True, kw_only=True)
class Suite:
    """All that one trigger asked for: `key` is what the asker called it."""

    id: str
    repository: str
    sha: str
    ref: str
    event: str
    key: str
    payload: Mapping[str, Any]
    actor: str
    state: Literal["planning", "running", "finished"]
    conclusion: SuiteConclusion | None
    summary: str
    run: str | None
    created: Micros
    finished: Micros | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One workflow file, run once. `github` is the context its expressions see."""

    id: str
    suite: str
    repository: str
    sha: str
    ref: str
    event: str
    path: str
    workflow: str
    title: str
    env: Mapping[str, str] = field(default_factory=dict)
    github: contexts.Context = field(default_factory=dict)
    state: Literal["running", "finished"] = "running"
    conclusion: Literal["success", "failure", "cancelled"] | None = None
    cancelled_by: str | None = None
    created: Micros
    finished: Micros | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job of a run; `why` says in words what no log says.

    `attempt` counts the times a runner took it; `stop` asks that runner to end it.
    """

    id: str
    run: str
    position: int
    name: str
    spec: workflow.Job
    state: State = "waiting"
    conclusion: Conclusion | None = None
    why: str = ""
    attempt: int = 0
    stop: bool = False
    outputs: Mapping[str, str] = field(default_factory=dict)
    runner: str = ""
    log_bytes: int = 0
    queued: Micros | None = None
    started: Micros | None = None
    finished: Micros | None = None

    @property
    def key(self) -> str:
        """What the file calls it, and others `needs`."""
        return self.spec.id

    @property
    def result(self) -> Conclusion | None:
        """What others see: a failure that may be is a success."""
        forgiven = self.spec.continue_on_error is True and self.conclusion == "failure"
        return "success" if forgiven else self.conclusion


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of one attempt; its output lies at log_from..log_to of the job's log."""

    number: int
    name: str
    state: Literal["waiting", "running", "finished"] = "waiting"
    conclusion: Conclusion | None = None
    why: str = ""
    log_from: int | None = None
    log_to: int | None = None
    started: Micros | None = None
    finished: Micros | None = None
    annotations: tuple[Annotation, ...] = ()
    summary: str = ""


@dataclass(frozen=True)
class Expand:
    """The job becomes these: one of each combination, with nothing left to evaluate."""

    job: str
    variants: tuple[workflow.Job, ...]


@dataclass(frozen=True)
class Queue:
    """The job may start: a runner can have it."""

    job: str


@dataclass(frozen=True)
class Conclude:
    """The job ends without having run."""

    job: str
    conclusion: Literal["skipped", "cancelled", "failure"]
    why: str = ""


@dataclass(frozen=True)
class Stop:
    """The job is running and must be ended by whoever runs it."""

    job: str


@dataclass(frozen=True)
class Finish:
    """All jobs have ended."""

    conclusion: Literal["success", "failure", "cancelled"]


Action = Expand | Queue | Conclude | Stop | Finish
Grouped = Mapping[str, Sequence[Job]]
"""The jobs of a run by what the file calls them: one, or the variants of a matrix."""


def decide(
    jobs: Sequence[Job], github: contexts.Context, *, cancelled: bool = False
) -> tuple[Action, ...]:
    """Say what to do with the jobs of one run; when that is done, ask again, until it is nothing.

    A job starts when all it needs have ended and its `if` holds; without an `if` all it needs,
    and all those need, must have succeeded. A cancelled run starts nothing more.
    """
    if all(job.state == "finished" for job in jobs):
        return (Finish(conclusion(jobs)),)
    actions: Iterable[Action | None]
    if cancelled:
        actions = (_stopped(job) for job in jobs)
    else:
        found = grouped(jobs)
        actions = (
            action for group in found.values() for action in _of_group(group, found, github)
        )
    return tuple(action for action in actions if action)


def grouped(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.key, []).append(job)
    return found


def _of_group(
    group: Sequence[Job], jobs: Grouped, github: contexts.Context
) -> Iterable[Action | None]:
    """Start a job, or so many of its variants as may run at once; a failure may end the others."""
    variant = group[0].spec.variant
    if variant is None:
        return [_started(job, jobs, github) for job in group if job.state == "waiting"]
    if variant.fail_fast and any(job.result == "failure" for job in group):
        return [_stopped(job, "Another job of its matrix failed.") for job in group]
    busy = sum(job.state in {"queued", "running"} for job in group)
    room = max(0, (variant.max_parallel or variant.total) - busy)
    return [Queue(job.id) for job in group if job.state == "waiting"][:room]


def conclusion(jobs: Iterable[Job]) -> Literal["success", "failure", "cancelled"]:
    results = {job.result for job in jobs}
    if "failure" in results:
        return "failure"
    return "cancelled" if "cancelled" in results else "success"


@dataclass(frozen=True)
class AfterLoss:
    """What becomes of a job whose runner is gone."""

    state: Literal["queued", "finished"]
    conclusion: Literal["cancelled"] | None
    why: str


def lost(job: Job, why: str) -> AfterLoss:
    """Run it again, for the runner's death is no verdict; but not for ever.

    Even then it is no failure: whoever asked may ask once more.
    """
    if job.stop:
        return AfterLoss("finished", "cancelled", why)
    if job.attempt >= MAX_LOSSES:
        told = f"Its runner was lost {job.attempt} times. {why}"
        return AfterLoss("finished", "cancelled", told)
    return AfterLoss("queued", None, why)


def _stopped(job: Job, why: str = "") -> Action | None:
    if job.state == "running":
        return None if job.stop else Stop(job.id)
    return Conclude(job.id, "cancelled", why) if job.state != "finished" else None


def _started(job: Job, jobs: Grouped, github: contexts.Context) -> Action | None:
    if any(other.state != "finished" for need in job.spec.needs for other in jobs[need]):
        return None
    try:
        around = surroundings(job, jobs, github)
        condition = templates.parse_condition(job.spec.condition, CONDITION_SCOPE)
        if not templates.holds(condition, around):
            return Conclude(job.id, "skipped")
    except ExpressionError as error:
        return Conclude(job.id, "failure", f"`if` cannot be evaluated: {error}")
    if not variants.is_open(job.spec):
        return Queue(job.id)
    try:
        made = variants.variants(job.spec, around.contexts)
    except variants.VariantError as error:
        return Conclude(job.id, "failure", str(error))
    # All combinations may have been excluded: then there is nothing to run.
    return Expand(job.id, tuple(made)) if made else Conclude(job.id, "skipped")


def surroundings(job: Job, jobs: Grouped, github: contexts.Context) -> Surroundings:
    """Build what the `if` of a job sees once all it needs have ended."""
    ancestors = [other.result for other in _ancestors(job, jobs)]
    return Surroundings(
        {"github": github, "needs": needs(job, jobs)},
        Status(
            success=all(result == "success" for result in ancestors),
            failure="failure" in ancestors,
        ),
    )


def needs(job: Job, jobs: Grouped) -> contexts.Context:
    """Build the `needs` context of a job whose needs have ended."""
    return contexts.needs((key, _result(jobs[key]), _outputs(jobs[key])) for key in job.spec.needs)


def _result(group: Sequence[Job]) -> str:
    """Say how a job ended, all its variants together: by the worst of them."""
    order = ("failure", "cancelled", "success", "skipped")
    return min((str(job.result) for job in group), key=order.index)


def _outputs(group: Sequence[Job]) -> dict[str, str]:
    """Merge the outputs of variants: the last to end that says anything decides."""
    merged: dict[str, str] = {}
    for job in sorted(group, key=lambda each: each.finished or 0):
        merged |= {name: value for name, value in job.outputs.items() if value or len(group) == 1}
    return merged


def _ancestors(job: Job, jobs: Grouped) -> list[Job]:
    found: dict[str, Sequence[Job]] = {}
    waiting = list(job.spec.needs)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found[key] = jobs[key]
            waiting.extend(found[key][0].spec.needs)
    return [each for group in found.values() for each in group]

"""decide(run): what happens next to the jobs of one run. Pure; the service applies it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from towpath.kernel.clock import Micros
from towpath.pipelines.model import contexts, workflow
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
        forgiven = self.spec.continue_on_error and self.conclusion == "failure"
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


Action = Queue | Conclude | Stop | Finish


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
        by_key = {job.key: job for job in jobs}
        actions = (_started(job, by_key, github) for job in jobs if job.state == "waiting")
    return tuple(action for action in actions if action)


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


def _stopped(job: Job) -> Action | None:
    if job.state == "running":
        return None if job.stop else Stop(job.key)
    return Conclude(job.key, "cancelled") if job.state != "finished" else None


def _started(job: Job, jobs: Mapping[str, Job], github: contexts.Context) -> Action | None:
    if any(jobs[need].state != "finished" for need in job.spec.needs):
        return None
    try:
        condition = templates.parse_condition(job.spec.condition, CONDITION_SCOPE)
        holds = templates.holds(condition, _surroundings(job, jobs, github))
    except ExpressionError as error:
        return Conclude(job.key, "failure", f"`if` cannot be evaluated: {error}")
    return Queue(job.key) if holds else Conclude(job.key, "skipped")


def _surroundings(job: Job, jobs: Mapping[str, Job], github: contexts.Context) -> Surroundings:
    ancestors = [other.result for other in _ancestors(job, jobs)]
    return Surroundings(
        {"github": github, "needs": needs(job, jobs)},
        Status(
            success=all(result == "success" for result in ancestors),
            failure="failure" in ancestors,
        ),
    )


def needs(job: Job, jobs: Mapping[str, Job]) -> contexts.Context:
    """Build the `needs` context of a job whose needs have ended."""
    return contexts.needs(
        (other.key, str(other.result), other.outputs)
        for other in map(jobs.__getitem__, job.spec.needs)
    )


def _ancestors(job: Job, jobs: Mapping[str, Job]) -> list[Job]:
    found: dict[str, Job] = {}
    waiting = list(job.spec.needs)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found[key] = jobs[key]
            waiting.extend(found[key].spec.needs)
    return list(found.values())

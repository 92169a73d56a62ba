"""Suites, runs, jobs and steps, and what may happen to the jobs of a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from towpath.kernel.clock import Micros
from towpath.pipelines.model import contexts, workflow
from towpath.pipelines.model.execution import Annotation
from towpath.pipelines.model.workflow import Concurrency

MAX_LOSSES = 10
"""How often a job may lose its runner before nobody tries any more."""

SuiteConclusion = Literal["success", "failure", "cancelled", "absent", "invalid"]
State = Literal["waiting", "pending", "admitted", "queued", "running", "calling", "finished"]
"""A job that is `pending` waits for its turn in a concurrency group, `admitted` when that is come;
one that is `calling` is another workflow, whose jobs are not all over."""
Conclusion = Literal["success", "failure", "cancelled", "skipped"]


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
    """One workflow file, run once. `github` and `inputs` are contexts its expressions see.

    It is `pending` while it waits for its turn in the group of its `concurrency`.
    """

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
    inputs: contexts.Context = field(default_factory=dict)
    concurrency: Concurrency | None = None
    state: Literal["pending", "running", "finished"] = "running"
    conclusion: Literal["success", "failure", "cancelled"] | None = None
    cancelled_by: str | None = None
    created: Micros
    finished: Micros | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job of a run; `why` says in words what no log says.

    `attempt` counts the times a runner took it; `stop` asks that runner to end it. `caller` is
    the job that called the workflow it belongs to, empty for one of the run's own file.
    """

    id: str
    run: str
    position: int
    name: str
    spec: workflow.Job
    caller: str = ""
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
    jobs: tuple[workflow.Job, ...]


@dataclass(frozen=True)
class Ask:
    """The job may start as soon as it is its turn in a concurrency group."""

    job: str
    wanted: Concurrency


@dataclass(frozen=True)
class Queue:
    """The job may start: a runner can have it."""

    job: str


@dataclass(frozen=True)
class Enter:
    """The job is another workflow, called as `call` says: these jobs become part of the run."""

    job: str
    call: workflow.Call
    jobs: tuple[workflow.Job, ...]


@dataclass(frozen=True)
class Return:
    """All jobs of a called workflow have ended: the job that called it ends like this."""

    job: str
    conclusion: Conclusion
    outputs: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


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


Action = Expand | Ask | Queue | Enter | Return | Conclude | Stop | Finish


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

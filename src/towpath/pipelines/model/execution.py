"""What a runner is handed and what it answers: the words of the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from towpath.pipelines.model import contexts, workflow

LEASE_SECONDS = 15.0
"""How long a silent runner keeps a job; heartbeats come every three seconds."""
LOG_CAP = 256 * 1024 * 1024
"""Most bytes of log one job may leave; what follows is dropped, and the log says so."""
MAX_OUTPUTS = 1024 * 1024
"""Most bytes of outputs of one job."""

RUNNER_USER = "towpath-runner"
"""Our own user: to it belong the tokens of the local runner, and of jobs that only read."""
JOB_USER = "towpath-job"
"""Our own user: to it belong the tokens of jobs that may write what their file says."""

MAX_SUMMARIES = 1024 * 1024
"""Most bytes of step summaries of one job."""
MAX_ANNOTATIONS = 50
"""Most annotations of one job; of each kind a step may leave ten. Both as on GitHub."""

Verdict = Literal["success", "failure", "cancelled", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where to fetch from: a path on the server that gave the job.

    `token` reads this one repository and dies with the job.
    """

    path: str
    token: str = ""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One attempt at one job, complete: a runner asks nothing more.

    `lease` proves in every later request that the job is still this runner's. `debug` shows what
    steps say by `::debug::`. `secrets` are hidden in whatever the job says. `runtime` is the token
    with which the job's actions speak to the server themselves, of artifacts and caches.
    """

    job: str
    run: str
    attempt: int
    lease: str
    name: str
    spec: workflow.Job
    env: Mapping[str, str]
    github: contexts.Context
    needs: contexts.Context
    source: Source
    inputs: contexts.Context = field(default_factory=dict)
    lease_seconds: float = LEASE_SECONDS
    log_cap: int = LOG_CAP
    trace: str = ""
    debug: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    runtime: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What a step says about a place in a file, or about nothing in particular.

    Lines and columns count from 1; 0 is unknown.
    """

    level: Literal["error", "warning", "notice"]
    message: str
    title: str = ""
    file: str = ""
    line: int = 0
    end_line: int = 0
    column: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        title = f"{self.title}: " if self.title else ""
        return f"{place if self.file else ''}{title}{self.message}"


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """How a step is doing; offsets are bytes of the job's log.

    `name` is what its ${{ }} came to, when it has any. `summary` is markdown.
    """

    number: int
    name: str = ""
    state: Literal["running", "finished"]
    conclusion: Verdict | None = None
    why: str = ""
    log_from: int
    log_to: int | None = None
    seconds: float | None = None
    annotations: tuple[Annotation, ...] = ()
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attempt ended. "released" gives the job back unjudged, to be run again."""

    conclusion: Literal["success", "failure", "cancelled", "released"]
    why: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[StepReport, ...] = ()
    log_bytes: int = 0

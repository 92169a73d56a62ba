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
"""Our own user, whom the tokens of jobs and of the local runner belong to."""

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

    `lease` proves in every later request that the job is still this runner's.
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
    lease_seconds: float = LEASE_SECONDS
    log_cap: int = LOG_CAP
    trace: str = ""


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """How a step is doing; offsets are bytes of the job's log.

    `name` is what its ${{ }} came to, when it has any.
    """

    number: int
    name: str = ""
    state: Literal["running", "finished"]
    conclusion: Verdict | None = None
    why: str = ""
    log_from: int
    log_to: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attempt ended. "released" gives the job back unjudged, to be run again."""

    conclusion: Literal["success", "failure", "cancelled", "released"]
    why: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[StepReport, ...] = ()
    log_bytes: int = 0

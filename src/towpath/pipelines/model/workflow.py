"""A workflow file as the rest of us sees it.

Text that may hold ${{ }} stays text. Where a boolean or a number may be written as one, the field
is `bool | str` or `float | str`, and the text is always a whole ${{ }}. `unrun` of a workflow and
of its jobs says what is understood, and kept here, but not run yet: whoever plans refuses it by
these words. `warnings` says what is harmless to run but surely not meant, `dangers` where a
stranger could write into a script.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from towpath.kernel.errors import InvalidInput

FOLDERS = (".towpath/workflows", ".github/workflows")
"""Where files are looked for; the first folder that has any is the one that counts."""
DEFAULT_TIMEOUT_MINUTES = 360.0
"""As on GitHub."""


@dataclass(frozen=True)
class Problem:
    """What is wrong in a file, where (line and column count from 1), and what was expected."""

    file: str
    line: int
    column: int
    key: str
    message: str
    expected: tuple[str, ...] = ()

    def __str__(self) -> str:
        hint = f" Expected: {', '.join(self.expected)}." if self.expected else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


class InvalidWorkflow(InvalidInput):
    """A workflow file cannot be used; `problems` holds all that was found, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(
            "\n".join(str(problem) for problem in problems),
            next_step="Correct the lines named above.",
        )
        self.problems = problems


@dataclass(frozen=True)
class Filter:
    """Patterns of which the last one that matches decides; `!` at the start of one excludes.

    With `ignore`, a match excludes instead.
    """

    patterns: tuple[str, ...]
    ignore: bool = False


@dataclass(frozen=True)
class Schedule:
    cron: str
    timezone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class Input:
    """What a person, or a calling workflow, may hand in. A default of None was not written.

    `type` is string, boolean, number, choice (one of `options`) or environment.
    """

    type: str = "string"
    required: bool = False
    default: str | bool | float | None = None
    options: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class Trigger:
    """One event and what narrows it; `inputs`, `secrets` and `outputs` are those of a call.

    `secrets` says of each name whether it is required, `outputs` where each value comes from.
    """

    event: str
    branches: Filter | None = None
    paths: Filter | None = None
    tags: Filter | None = None
    types: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    inputs: Mapping[str, Input] = field(default_factory=dict)
    secrets: Mapping[str, bool] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Permissions:
    """What a job's token may do: `others` for every scope that is not named in `scopes`."""

    scopes: Mapping[str, str] = field(default_factory=dict)
    others: Literal["none", "read", "write"] = "none"

    def of(self, scope: str) -> str:
        return self.scopes.get(scope, self.others)


@dataclass(frozen=True)
class Concurrency:
    """Runs or jobs of one group do not run at once; of those that wait, `single` keeps one."""

    group: str
    cancel_in_progress: bool | str = False
    queue: Literal["single", "max"] = "single"


@dataclass(frozen=True)
class Strategy:
    """`matrix` is the mapping as written, or the text of one ${{ }} that gives it; None is none.

    Text anywhere within may hold ${{ }}: `templates.filled` evaluates it all.
    """

    matrix: Mapping[str, Any] | str | None = None
    fail_fast: bool | str = True
    max_parallel: float | str | None = None


@dataclass(frozen=True)
class Variant:
    """Which of its strategy's jobs a job is; there is one even without a matrix."""

    matrix: Mapping[str, Any]
    index: int
    total: int
    fail_fast: bool = True
    max_parallel: int = 0


@dataclass(frozen=True)
class Environment:
    name: str
    url: str = ""
    deployment: bool | str = True


@dataclass(frozen=True, kw_only=True)
class Container:
    """Where a job, or a service beside it, runs. An empty image, once evaluated, is none."""

    image: str = ""
    username: str = ""
    password: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    options: str = ""
    entrypoint: str = ""
    command: str = ""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A job that is another workflow; `inherit` hands it all secrets of this one."""

    workflow: str
    inputs: Mapping[str, str | bool | float] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    inherit: bool = False


@dataclass(frozen=True)
class Checkout:
    """The built-in `actions/checkout`: `depth` 0 is all history, no `ref` is the run's commit."""

    depth: int = 1
    ref: str = ""
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a step does stands in one field alone; `line` is where it begins.

    `run` is a script. `uses` is an action with its `inputs`; when it is our own checkout,
    `checkout` holds what they mean. `waits` are steps to wait for (all of them, when empty),
    `cancels` is one to end, and `parallel` holds steps that run at once.
    """

    number: int
    line: int
    id: str = ""
    name: str = ""
    condition: str = ""
    run: str | None = None
    uses: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    checkout: Checkout | None = None
    background: bool = False
    waits: tuple[str, ...] | None = None
    cancels: str = ""
    parallel: "tuple[Step, ...]" = ()
    env: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = ""
    shell: str = ""
    timeout_minutes: float | str | None = None
    continue_on_error: bool | str = False

    @property
    def minutes(self) -> float | None:
        """The limit of time, once a ${{ }} has been evaluated."""
        return None if isinstance(self.timeout_minutes, str) else self.timeout_minutes

    @property
    def title(self) -> str:
        """What people call this step."""
        if self.name:
            return self.name
        if self.checkout is not None:
            return "Checkout"
        if self.run is None:
            return f"Run {self.uses}" if self.uses else "Wait"
        lines = self.run.strip().splitlines()
        return f"Run {lines[0]}" if lines else "Run"


@dataclass(frozen=True, kw_only=True)
class Job:
    """Either `steps`, or with `call` another workflow. `runs_on` may hold ${{ }}.

    With a `variant` all is evaluated that is not a step's, and the job is one of its strategy.
    """

    id: str
    line: int
    column: int = 1
    name: str = ""
    needs: tuple[str, ...] = ()
    runs_on: tuple[str, ...] = ()
    runner_group: str = ""
    condition: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = ""
    shell: str = ""
    timeout_minutes: float | str = DEFAULT_TIMEOUT_MINUTES
    cancel_timeout_minutes: float | str | None = None
    continue_on_error: bool | str = False
    permissions: Permissions | None = None
    concurrency: Concurrency | None = None
    strategy: Strategy | None = None
    variant: Variant | None = None
    environment: Environment | None = None
    container: Container | None = None
    services: Mapping[str, Container] = field(default_factory=dict)
    call: Call | None = None
    steps: tuple[Step, ...] = ()
    unrun: tuple[Problem, ...] = ()

    @property
    def uses_actions(self) -> bool:
        """Whether a step uses an action, which may want tools of the machine."""
        return any(step.uses and step.checkout is None for step in self.steps)

    @property
    def minutes(self) -> float:
        """The limit of time, once a ${{ }} has been evaluated."""
        limit = self.timeout_minutes
        return DEFAULT_TIMEOUT_MINUTES if isinstance(limit, str) else limit


@dataclass(frozen=True, kw_only=True)
class Workflow:
    path: str
    name: str
    run_name: str = ""
    triggers: tuple[Trigger, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    permissions: Permissions | None = None
    concurrency: Concurrency | None = None
    jobs: tuple[Job, ...] = ()
    unrun: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    dangers: tuple[Problem, ...] = ()

    def trigger(self, event: str) -> Trigger | None:
        """Find what an event must be to start it; None when none of that name does."""
        return next((each for each in self.triggers if each.event == event), None)

    @property
    def steps(self) -> Iterator[Step]:
        """All steps of all jobs, those that run at once too."""
        return (step for job in self.jobs for step in _all(job.steps))

    @property
    def refusals(self) -> tuple[Problem, ...]:
        """All that is not run yet, in the order of the lines."""
        found = {*self.unrun, *(problem for job in self.jobs for problem in job.unrun)}
        return tuple(sorted(found, key=lambda problem: (problem.line, problem.column)))


def _all(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _all(step.parallel)

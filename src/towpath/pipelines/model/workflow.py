"""A workflow file as the rest of us sees it. Text that may hold ${{ }} stays text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from towpath.kernel.errors import InvalidInput

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
class Trigger:
    event: str
    branches: Filter | None = None
    paths: Filter | None = None


@dataclass(frozen=True)
class Checkout:
    """The built-in `actions/checkout`: `depth` 0 is all history, no `ref` is the run's commit."""

    depth: int = 1
    ref: str = ""
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """`run` is a script, or None when `checkout` says what to fetch. `line` is where it begins."""

    number: int
    line: int
    id: str = ""
    name: str = ""
    condition: str = ""
    run: str | None = None
    checkout: Checkout | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = ""
    shell: str = ""
    timeout_minutes: float | None = None
    continue_on_error: bool = False

    @property
    def title(self) -> str:
        """What people call this step."""
        if self.name:
            return self.name
        if self.run is None:
            return "Checkout"
        lines = self.run.strip().splitlines()
        return f"Run {lines[0]}" if lines else "Run"


@dataclass(frozen=True, kw_only=True)
class Job:
    id: str
    line: int
    name: str = ""
    needs: tuple[str, ...] = ()
    runs_on: tuple[str, ...] = ()
    condition: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = ""
    shell: str = ""
    timeout_minutes: float = DEFAULT_TIMEOUT_MINUTES
    continue_on_error: bool = False
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Workflow:
    path: str
    name: str
    run_name: str = ""
    triggers: tuple[Trigger, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    jobs: tuple[Job, ...] = ()

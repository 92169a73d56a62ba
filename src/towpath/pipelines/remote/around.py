"""What steps need of whoever runs them, and what passes between the parts of the engine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from towpath.pipelines.model.execution import Annotation, StepReport, Verdict
from towpath.pipelines.model.workflow import Checkout, Step
from towpath.pipelines.remote.session import Box
from towpath.pipelines.remote.standing import Frame


class Log(Protocol):
    """Where output goes; offsets are bytes from the beginning."""

    @property
    def size(self) -> int: ...

    def write(self, data: bytes) -> None: ...

    def note(self, line: str) -> None: ...


@dataclass(frozen=True)
class Surround:
    """What a job's steps need of whoever runs them.

    `fetch` brings a commit into the workspace. `cancel` asks for an orderly end. `runtime`
    is what actions see beside all that a step sees: where they find the server. With `explain` the
    log says how each condition and expression came out.
    """

    box: Box
    log: Log
    fetch: Callable[[Checkout, Event, float], None]
    report: Callable[[StepReport], None]
    cancel: Event
    environment: Mapping[str, str] = field(default_factory=dict)
    runtime: Mapping[str, str] = field(default_factory=dict)
    explain: bool = False


@dataclass(frozen=True)
class Ended:
    """How a step ended; `outcome` is the truth, `conclusion` what the job goes by."""

    outcome: Verdict
    conclusion: Verdict
    why: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    annotations: tuple[Annotation, ...] = ()
    summary: str = ""


@dataclass(frozen=True)
class Command:
    """What a step starts: words, the whole environment, and where."""

    argv: list[str]
    env: Mapping[str, str]
    directory: str = ""


@dataclass(frozen=True)
class Later:
    """What an action's program does at the end of the job, with the state it left by then."""

    step: Step
    frame: Frame
    program: str
    variables: Mapping[str, str]
    state: Mapping[str, str]

"""What steps need of whoever runs them, and what passes between the parts of the engine."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from towpath.kernel.errors import Denied
from towpath.pipelines.model.addresses import Address
from towpath.pipelines.model.execution import Annotation, StepReport, Verdict
from towpath.pipelines.model.workflow import Checkout, Step
from towpath.pipelines.remote.actions import Bring
from towpath.pipelines.remote.session import Box, Exit
from towpath.pipelines.remote.standing import Frame


class Log(Protocol):
    """Where output goes; offsets are bytes from the beginning."""

    @property
    def size(self) -> int: ...

    def write(self, data: bytes) -> None: ...

    def note(self, line: str) -> None: ...


def _nowhere(address: Address) -> bytes:
    raise Denied(f"{address} cannot be used: nothing says where actions come from.")


@dataclass(frozen=True)
class Surround:
    """What a job's steps need of whoever runs them.

    `fetch` brings a commit into the workspace, `bring` an action of others. `cancel` asks for an
    orderly end. `runtime` is what actions see beside all that a step sees: where they find the
    server. With `explain` the log says how each condition and expression came out.
    """

    box: Box
    log: Log
    fetch: Callable[[Checkout, Event, float], None]
    report: Callable[[StepReport], None]
    cancel: Event
    environment: Mapping[str, str] = field(default_factory=dict)
    runtime: Mapping[str, str] = field(default_factory=dict)
    explain: bool = False
    bring: Bring = _nowhere


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
    """One of an action's programs, with the state that those before it left by then."""

    step: Step
    frame: Frame
    program: str
    variables: Mapping[str, str]
    state: MutableMapping[str, str]


def complaint(ended: Exit, too_long: str) -> str:
    """Say why a command that ended so has failed; empty when it has not."""
    if ended.reason == "lost":
        return "The sandbox ended unexpectedly."
    if ended.reason == "timeout":
        return too_long
    if ended.signal:
        return f"The command was ended by signal {ended.signal}."
    return f"The command ended with exit code {ended.code}." if ended.code else ""

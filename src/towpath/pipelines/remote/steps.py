"""The steps of one job, one after the other: the same engine for a runner and for `towpath run`.

What a step may say to those after it (outputs, environment, PATH) passes through small files.
"""

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any, Literal, Protocol

from towpath.kernel.errors import TowpathError
from towpath.pipelines.formats import exchanged
from towpath.pipelines.formats.masking import Masks
from towpath.pipelines.model import contexts
from towpath.pipelines.model.execution import (
    MAX_ANNOTATIONS,
    MAX_SUMMARIES,
    Annotation,
    Assignment,
    Outcome,
    StepReport,
    Verdict,
)
from towpath.pipelines.model.expressions import functions, syntax, templates
from towpath.pipelines.model.expressions.evaluation import Status, Surroundings
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.workflow import Checkout, Step
from towpath.pipelines.remote import shells
from towpath.pipelines.remote.listening import Ear
from towpath.pipelines.remote.session import Box, Exit
from towpath.pipelines.remote.words import Words, allows_unsafe

CLEAN_UP_SECONDS = 300.0
"""How long steps with always() or cancelled() may take after a cancel, as on GitHub."""
_NAMES = frozenset({"github", "env", "needs", "steps", "job", "runner"})
_PLAIN = syntax.Scope(_NAMES, functions.PLAIN)
_CONDITION = syntax.Scope(_NAMES, functions.WITH_STATUS)
_OWN = {"CI": "true"}
"""What a file may set otherwise; GITHUB_* and RUNNER_* it may not."""
_MOST_SHOWN = 100
_BOLD, _DIM, _RED, _PLAIN_LOOK = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"


class Log(Protocol):
    """Where output goes; offsets are bytes from the beginning."""

    @property
    def size(self) -> int: ...

    def write(self, data: bytes) -> None: ...

    def note(self, line: str) -> None: ...


@dataclass(frozen=True)
class Surround:
    """What a job's steps need of whoever runs them.

    `fetch` brings a commit into the workspace. `cancel` asks for an orderly end.
    """

    box: Box
    log: Log
    fetch: Callable[[Checkout, Event, float], None]
    report: Callable[[StepReport], None]
    cancel: Event
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a step ended; `outcome` is the truth, `conclusion` what the job goes by."""

    outcome: Verdict
    conclusion: Verdict
    why: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    annotations: tuple[Annotation, ...] = ()
    summary: str = ""


class _StepError(Exception):
    """A step fails for a reason of ours; the message is for people."""


class Job:
    """One attempt at a job."""

    def __init__(self, assignment: Assignment, around: Surround) -> None:
        self._given = assignment
        self._around = around
        self._masks = Masks()
        self._ends_at = time.monotonic() + assignment.spec.minutes * 60
        self._steps: dict[str, Any] = {}
        self._env: dict[str, str] = {}
        self._paths: list[str] = []
        self._reports: list[StepReport] = []
        self._failed = ""
        self._name, self._from = "", 0
        self._timed_out = False
        self._cleaning: float | None = None

    def run(self) -> Outcome:
        """Run all steps that are to run; never raises for what a step did."""
        try:
            self._env = self._outer_environment()
        except ExpressionError as error:
            return self._outcome("failure", f"`env` cannot be evaluated: {error}")
        for step in self._given.spec.steps:
            self._one(step)
        if self._around.cancel.is_set():
            return self._outcome("cancelled")
        if self._failed or self._timed_out:
            return self._outcome("failure", self._failed if self._timed_out else "")
        return self._with_outputs()

    def _one(self, step: Step) -> None:
        began = time.monotonic()
        self._name, self._from = "", self._around.log.size
        if self._around.cancel.is_set() and self._cleaning is None:
            self._cleaning = began + CLEAN_UP_SECONDS
        ended = self._guarded(step)
        if ended.outcome == "failure" and ended.why:
            self._note(f"{_RED}{ended.why}{_PLAIN_LOOK}")
        if ended.conclusion == "failure":
            self._failed = self._failed or ended.why or "A step failed."
        if step.id:
            self._steps[step.id] = {
                "outcome": ended.outcome,
                "conclusion": ended.conclusion,
                "outputs": dict(ended.outputs),
            }
        self._tell(
            StepReport(
                number=step.number, name=self._name, state="finished",
                conclusion=ended.conclusion, why=self._masks.text(ended.why), log_from=self._from,
                log_to=self._around.log.size, seconds=time.monotonic() - began,
                annotations=ended.annotations[: self._room_for_annotations()],
                summary=ended.summary,
            )
        )  # fmt: skip

    def _guarded(self, step: Step) -> Ended:
        try:
            if self._timed_out or not self._is_wanted(step):
                ended: Verdict = "cancelled" if self._around.cancel.is_set() else "skipped"
                return Ended(ended, ended)
            return self._started(step)
        except (ExpressionError, _StepError, TowpathError, exchanged.Unreadable) as error:
            return self._failure(step, str(error))

    def _is_wanted(self, step: Step) -> bool:
        condition = templates.parse_condition(step.condition, _CONDITION)
        return templates.holds(condition, self._surroundings(self._env))

    def _started(self, step: Step) -> Ended:
        env = self._env | self._rendered(step.env)
        around = self._surroundings(env)
        self._name = name = self._masks.text(self._text(step.name, around))
        self._note(f"{_BOLD}▸ {name or step.title}{_PLAIN_LOOK}")
        self._from = self._around.log.size
        self._tell(StepReport(number=step.number, name=name, state="running", log_from=self._from))
        if step.checkout is not None:
            return self._fetched(step, step.checkout, around)
        return self._ran(step, env, around)

    def _fetched(self, step: Step, wanted: Checkout, around: Surroundings) -> Ended:
        resolved = Checkout(wanted.depth, self._text(wanted.ref, around), wanted.path)
        seconds, _ = self._seconds(step)
        self._around.fetch(resolved, self._cancel_of_step(), seconds)
        if self._around.cancel.is_set():
            return Ended("cancelled", "cancelled")
        return Ended("success", "success")

    def _ran(self, step: Step, env: Mapping[str, str], around: Surroundings) -> Ended:
        script = self._text(step.run or "", around)
        self._show(script)
        words = Words(
            self._around.box, str(step.number), self._masks,
            debug=self._given.debug, unsafe=allows_unsafe(env),
        )  # fmt: skip
        ear = Ear(self._around.log.write, self._masks, words.heed)
        whole = {**_OWN, **env, **self._variables(), **self._path(env), **words.files()}
        seconds, whose = self._seconds(step)
        ended = self._around.box.run(
            self._command(step, script, whole.get("PATH", "")),
            env=whole,
            cwd=self._directory(step, around),
            output=ear.write,
            timeout=seconds,
            cancelled=self._cancel_of_step(),
        )
        ear.end()
        return self._heard(step, words, self._judged(step, ended, whose))

    def _judged(self, step: Step, ended: Exit, whose: Literal["step", "job"]) -> Ended:
        if ended.reason == "cancelled":
            return Ended("cancelled", "cancelled")
        if ended.reason == "lost":
            self._timed_out = True
            return self._failure(step, "The sandbox ended unexpectedly.")
        if ended.reason == "timeout":
            self._timed_out = whose == "job"
            limit = step.minutes if whose == "step" else self._given.spec.minutes
            return self._failure(step, f"The {whose} took longer than {limit:g} minutes.")
        if ended.signal:
            return self._failure(step, f"The command was ended by signal {ended.signal}.")
        if ended.code:
            return self._failure(step, f"The command ended with exit code {ended.code}.")
        return Ended("success", "success")

    def _heard(self, step: Step, words: Words, ended: Ended) -> Ended:
        """Take over what the step said to those after it and to people."""
        try:
            said = words.gather(self._room_for_summary())
        except (exchanged.Unreadable, TowpathError) as error:
            ended, said = self._failure(step, str(error)), []
        for line in said:
            self._note(line)
        if words.failed and ended.outcome == "success":
            ended = self._failure(step, words.failed)
        self._env |= words.env
        self._paths = [*reversed(words.paths), *self._paths]
        return replace(
            ended, outputs=words.outputs, annotations=words.hidden(), summary=words.summary
        )

    def _failure(self, step: Step, why: str) -> Ended:
        forgiven = step.continue_on_error and not self._timed_out
        return Ended("failure", "success" if forgiven else "failure", why)

    def _room_for_summary(self) -> int:
        return MAX_SUMMARIES - sum(len(each.summary.encode()) for each in self._reports)

    def _room_for_annotations(self) -> int:
        return MAX_ANNOTATIONS - sum(len(each.annotations) for each in self._reports)

    def _note(self, line: str) -> None:
        self._around.log.note(self._masks.text(line))

    def _command(self, step: Step, text: str, path: str) -> list[str]:
        prepared = shells.script(step.shell or self._given.spec.shell, text, path)
        name = f"step-{step.number}{prepared.ending}"
        return prepared.command(self._around.box.put(name, prepared.text.encode()))

    def _directory(self, step: Step, around: Surroundings) -> str | None:
        return self._text(step.working_directory or self._given.spec.working_directory, around)

    def _seconds(self, step: Step) -> tuple[float, Literal["step", "job"]]:
        """How long a step may still take, and whose limit that is."""
        left = (self._cleaning or self._ends_at) - time.monotonic()
        own = step.minutes * 60 if step.minutes else None
        return (own, "step") if own is not None and own < left else (max(left, 0.0), "job")

    def _cancel_of_step(self) -> Event:
        """Steps that clean up after a cancel are not themselves cancelled by it."""
        return Event() if self._cleaning is not None else self._around.cancel

    def _show(self, script: str) -> None:
        lines = script.strip().splitlines()
        for line in lines[:_MOST_SHOWN]:
            self._note(f"{_DIM}$ {line}{_PLAIN_LOOK}")
        if len(lines) > _MOST_SHOWN:
            self._note(f"{_DIM}… {len(lines) - _MOST_SHOWN} more lines{_PLAIN_LOOK}")

    def _surroundings(self, env: Mapping[str, str]) -> Surroundings:
        cancelled = self._around.cancel.is_set()
        status = Status(
            success=not self._failed and not cancelled,
            failure=bool(self._failed) and not cancelled,
            cancelled=cancelled,
        )
        word = "cancelled" if cancelled else "failure" if self._failed else "success"
        return Surroundings(
            {
                "github": {**self._given.github, "workspace": self._around.box.workspace},
                "env": env,
                "needs": self._given.needs,
                "steps": self._steps,
                "job": {"status": word},
                "runner": self._runner(),
            },
            status,
        )

    def _variables(self) -> dict[str, str]:
        github = {**self._given.github, "workspace": self._around.box.workspace}
        named = {"GITHUB_ACTIONS": "true", "TOWPATH": "true"}
        runner = {f"RUNNER_{name.upper()}": value for name, value in self._runner().items()}
        return {**named, **runner, **contexts.variables(github), **self._around.environment}

    def _runner(self) -> dict[str, str]:
        machine = platform.machine()
        return {
            "os": platform.system(),
            "arch": {"x86_64": "X64", "aarch64": "ARM64"}.get(machine, machine.upper()),
            "name": "towpath",
            "temp": self._around.box.environment["TMPDIR"],
            "environment": "self-hosted",
            **({"debug": "1"} if self._given.debug else {}),
        }

    def _path(self, env: Mapping[str, str]) -> dict[str, str]:
        behind = env.get("PATH", self._around.box.environment["PATH"])
        return {"PATH": ":".join((*self._paths, behind))}

    def _outer_environment(self) -> dict[str, str]:
        outer = {"github": self._given.github, "needs": self._given.needs}
        whole = self._rendered(self._given.env, Surroundings(outer))
        return whole | self._rendered(self._given.spec.env, Surroundings(outer))

    def _rendered(
        self, env: Mapping[str, str], around: Surroundings | None = None
    ) -> dict[str, str]:
        around = around or self._surroundings(self._env)
        return {name: self._text(value, around) for name, value in env.items()}

    def _text(self, source: str, around: Surroundings) -> str:
        if templates.OPEN not in source:
            return source
        text = templates.render(templates.parse(source, _PLAIN), around)
        if "\0" in text:
            raise _StepError("An expression gave a NUL character, which no command can take.")
        return text

    def _with_outputs(self) -> Outcome:
        try:
            outputs = self._rendered(self._given.spec.outputs)
        except (ExpressionError, _StepError) as error:
            return self._outcome("failure", f"`outputs` cannot be evaluated: {error}")
        shown = {
            name: value for name, value in outputs.items() if self._masks.text(value) == value
        }
        for name in sorted(outputs.keys() - shown.keys()):
            self._note(f"The output `{name}` is left out: it may hold a secret.")
        return self._outcome("success", outputs=shown)

    def _outcome(
        self,
        conclusion: Literal["success", "failure", "cancelled"],
        why: str = "",
        outputs: Mapping[str, str] | None = None,
    ) -> Outcome:
        return Outcome(
            conclusion=conclusion,
            why=why,
            outputs=outputs or {},
            steps=tuple(self._reports),
            log_bytes=self._around.log.size,
        )

    def _tell(self, report: StepReport) -> None:
        if report.state == "finished":
            self._reports.append(report)
        self._around.report(report)

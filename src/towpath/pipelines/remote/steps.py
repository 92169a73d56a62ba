"""The steps of one job, one after the other: the same engine for a runner and for `towpath run`.

What a step may say to those after it (outputs, environment, PATH) passes through small files.
"""

import time
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import replace
from threading import Event
from typing import Literal

from towpath.kernel.errors import TowpathError
from towpath.pipelines.formats import exchanged
from towpath.pipelines.formats.masking import Masks
from towpath.pipelines.model import action, addresses, explaining
from towpath.pipelines.model.action import Action
from towpath.pipelines.model.execution import (
    MAX_ANNOTATIONS,
    MAX_SUMMARIES,
    Annotation,
    Assignment,
    Outcome,
    StepReport,
    Verdict,
)
from towpath.pipelines.model.expressions import templates
from towpath.pipelines.model.expressions.evaluation import Surroundings
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.workflow import Checkout, Step
from towpath.pipelines.remote import actions, files, programs, shells
from towpath.pipelines.remote.around import Command, Ended, Later, Surround, complaint
from towpath.pipelines.remote.listening import Ear
from towpath.pipelines.remote.matching import Listener, Matching
from towpath.pipelines.remote.session import Exit
from towpath.pipelines.remote.standing import CONDITION, Frame, Standing, StepError
from towpath.pipelines.remote.words import Words, allows_unsafe

CLEAN_UP_SECONDS = 300.0
"""How long steps with always() or cancelled() may take after a cancel, as on GitHub."""
_BOLD, _DIM, _RED, _PLAIN_LOOK = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"


class Job:
    """One attempt at a job."""

    def __init__(self, assignment: Assignment, around: Surround) -> None:
        self._given = assignment
        self._around = around
        self._masks = Masks()
        self._standing = Standing(assignment, around.box, around.environment)
        if around.explain:
            self._standing.explain = self._explain
        for value in (*self._standing.secrets.values(), assignment.runtime):
            self._masks.add(value)
        self._top = Frame(ends_at=time.monotonic() + assignment.spec.minutes * 60)
        self._reports: list[StepReport] = []
        self._shelf = actions.Shelf(around.box, around.bring)
        self._matching = Matching(lambda path: files.read(around.box, path))
        self._states: dict[str, dict[str, str]] = {}
        self._later: list[Later] = []
        self._name, self._from = "", 0
        self._timed_out = False
        self._cleaning: float | None = None

    def run(self) -> Outcome:
        """Run all steps that are to run; never raises for what a step did."""
        with self._matching:
            return self._run()

    def _run(self) -> Outcome:
        try:
            self._standing.begin()
            self._prepare()
        except (ExpressionError, StepError) as error:
            return self._outcome("failure", f"`env` cannot be evaluated: {error}")
        except TowpathError as error:
            self._note(f"{_RED}{error}{_PLAIN_LOOK}")
            return self._outcome("failure", self._masks.text(str(error)))
        for step in self._given.spec.steps:
            self._one(step)
        for number, later in enumerate(reversed(self._later), len(self._given.spec.steps) + 1):
            self._one(replace(later.step, number=number), later)
        if self._around.cancel.is_set():
            return self._outcome("cancelled")
        if self._top.failed or self._timed_out:
            return self._outcome("failure", self._top.failed if self._timed_out else "")
        return self._with_outputs()

    def _prepare(self) -> None:
        """Bring the actions of others, and run what they do before all steps."""
        named = [(step, addresses.of(step.uses)) for step in self._given.spec.steps]
        found = [(step, self._shelf.of_others(address)) for step, address in named if address]
        early = [(step, each) for step, each in found if each.action.pre]
        for number, (step, each) in enumerate(early, 1 - len(early)):
            env, top = self._standing.env, self._top
            inner = self._inner(step, top, each, env, self._seen(top, env))
            condition = each.action.pre_condition
            first = Step(number=number, line=0, name=f"Pre {step.title}", condition=condition)
            self._one(first, self._left(inner, each.action.pre, step))

    def _one(self, step: Step, later: Later | None = None) -> None:
        """Run one of the job's own steps, or what an action left for its end, and report it."""
        began = time.monotonic()
        self._name, self._from = later.step.name if later else "", self._around.log.size
        ended = self._within(step, self._top, later)
        self._tell(
            StepReport(
                number=step.number, name=self._name, state="finished",
                conclusion=ended.conclusion, why=self._masks.text(ended.why), log_from=self._from,
                log_to=self._around.log.size, seconds=time.monotonic() - began,
                annotations=ended.annotations[: self._room_for_annotations()],
                summary=ended.summary,
            )
        )  # fmt: skip

    def _within(self, step: Step, frame: Frame, later: Later | None = None) -> Ended:
        """Run a step of a job or of an action, and let those after it know how it ended."""
        if self._around.cancel.is_set() and self._cleaning is None:
            self._cleaning = time.monotonic() + CLEAN_UP_SECONDS
        ended = self._guarded(step, frame, later)
        if ended.outcome == "failure" and ended.why:
            self._note(f"{_RED}{ended.why}{_PLAIN_LOOK}")
        if ended.conclusion == "failure":
            frame.failed = frame.failed or ended.why or "A step failed."
        if step.id:
            frame.steps[step.id] = {
                "outcome": ended.outcome,
                "conclusion": ended.conclusion,
                "outputs": dict(ended.outputs),
            }
        return ended

    def _guarded(self, step: Step, frame: Frame, later: Later | None) -> Ended:
        plain = replace(step, timeout_minutes=step.minutes, continue_on_error=False)
        try:
            env = {**self._standing.env, **frame.env}
            if self._timed_out or not self._is_wanted(step, self._seen(frame, env)):
                ended: Verdict = "cancelled" if self._around.cancel.is_set() else "skipped"
                return Ended(ended, ended)
            env |= self._standing.rendered(step.env, self._seen(frame, env))
            around = self._seen(frame, env)
            plain = replace(
                step,
                timeout_minutes=self._standing.minutes(step.timeout_minutes, around),
                continue_on_error=self._standing.forgives(step.continue_on_error, around),
            )
            self._announce(plain, frame, around)
            if later:
                return self._finished_up(plain, later, env)
            return self._started(plain, frame, env, around)
        except (ExpressionError, StepError, TowpathError, exchanged.Unreadable) as error:
            return self._failure(plain, str(error))

    def _is_wanted(self, step: Step, around: Surroundings) -> bool:
        if self._around.explain and step.condition:
            self._note(f"{_DIM}{step.name or step.title}{_PLAIN_LOOK}")
            self._explain(explaining.condition(step.condition, CONDITION, around))
        return templates.holds(templates.parse_condition(step.condition, CONDITION), around)

    def _explain(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._note(f"{_DIM}  ? {line}{_PLAIN_LOOK}")

    def _announce(self, step: Step, frame: Frame, around: Surroundings) -> None:
        name = self._masks.text(self._standing.text(step.name, around))
        mark = "▸" if frame is self._top else "  ▹"
        self._note(f"{_BOLD}{mark} {name or step.title}{_PLAIN_LOOK}")
        if frame is self._top:
            self._name, self._from = name, self._around.log.size
            self._tell(
                StepReport(number=step.number, name=name, state="running", log_from=self._from)
            )

    def _started(
        self, step: Step, frame: Frame, env: Mapping[str, str], around: Surroundings
    ) -> Ended:
        if step.checkout is not None:
            return self._fetched(step, frame, step.checkout, around)
        if step.uses:
            return self._acted(step, frame, env, around)
        return self._ran(step, frame, env, around)

    def _acted(
        self, step: Step, frame: Frame, env: Mapping[str, str], around: Surroundings
    ) -> Ended:
        """Use an action: a built-in one, one of the repository itself, or one of others."""
        if name := addresses.built_in(step.uses):
            return self._set_up(name, self._standing.rendered(step.inputs, around))
        if frame.depth >= action.DEEPEST:
            raise StepError(f"Actions use each other more than {action.DEEPEST} deep.")
        found = self._shelf.find(step.uses)
        given = self._standing.rendered(step.inputs, around)
        for name in action.unknown(found.action, given):
            self._note(f"The action has no input `{name}`.")
        if lacking := action.missing(found.action, given):
            raise StepError(f"The action needs the input `{lacking[0]}`.")
        inner = self._inner(step, frame, found, env, around)
        if found.action.main:
            return self._programmed(step, inner, found.action, env)
        return self._composed(step, inner, found.action)

    def _set_up(self, name: str, given: Mapping[str, str]) -> Ended:
        from towpath.pipelines.remote import tooling  # a job without it begins sooner

        made = tooling.set_up(self._around.box, name, given)
        for line in made.notes:
            self._note(line)
        self._standing.learn(made)
        return Ended("success", "success", outputs=made.outputs)

    def _inner(
        self, step: Step, frame: Frame, found: actions.Found, env: Mapping[str, str],
        around: Surroundings,
    ) -> Frame:  # fmt: skip
        """Make the frame of one use of an action."""
        inner = Frame(
            name=f"{frame.name}{step.number}-", folder=found.folder, env=env, origin=found.origin,
            ends_at=time.monotonic() + self._seconds(step, frame)[0], depth=frame.depth + 1,
        )  # fmt: skip
        given = self._standing.rendered(step.inputs, around)
        inner.inputs = self._standing.rendered(
            action.filled(found.action, given), self._seen(inner, env)
        )
        return inner

    def _left(self, inner: Frame, program: str, step: Step) -> Later:
        """Remember a program of an action for another time; its runs share what they save."""
        state = self._states.setdefault(inner.name, {})
        own = action.variables({**step.inputs, **(inner.inputs or {})})
        return Later(step, inner, program, own, state)

    def _composed(self, step: Step, inner: Frame, used: Action) -> Ended:
        said: list[Annotation] = []
        summary = ""
        for each in used.steps:
            ended = self._within(each, inner)
            said += ended.annotations
            summary += ended.summary
        if self._around.cancel.is_set() and self._cleaning is None:
            return Ended("cancelled", "cancelled")
        if len(summary.encode()) > self._room_for_summary():
            summary = ""
        outputs = self._standing.rendered(used.outputs, self._seen(inner, inner.env))
        why = f"A step of the action failed: {inner.failed}"
        ended = self._failure(step, why) if inner.failed else Ended("success", "success")
        return replace(ended, outputs=outputs, annotations=tuple(said), summary=summary)

    def _programmed(self, step: Step, inner: Frame, used: Action, env: Mapping[str, str]) -> Ended:
        """Run an action's program, and remember what it leaves for the end of the job."""
        if used.post:
            left = Step(
                number=0, line=step.line, name=f"Post {step.title}", condition=used.post_condition
            )
            self._later.append(replace(self._left(inner, used.post, step), step=left))
        return self._finished_up(step, self._left(inner, used.main, step), env)

    def _finished_up(self, step: Step, later: Later, env: Mapping[str, str]) -> Ended:
        """Run one of an action's programs, with what the others saved."""
        states = {f"STATE_{name}": value for name, value in later.state.items()}
        whole = self._standing.variables(later.frame, env)
        whole |= {**self._around.runtime, **later.variables, **states}
        argv = programs.command(self._around.box, later.frame.folder, later.program)
        command = Command(argv, whole)
        return self._commanded(step, self._top, command, f"{later.frame.name}x", later.state)

    def _fetched(self, step: Step, frame: Frame, wanted: Checkout, around: Surroundings) -> Ended:
        resolved = Checkout(wanted.depth, self._standing.text(wanted.ref, around), wanted.path)
        seconds, _ = self._seconds(step, frame)
        self._around.fetch(resolved, self._cancel_of_step(), seconds)
        if self._around.cancel.is_set():
            return Ended("cancelled", "cancelled")
        return Ended("success", "success")

    def _ran(
        self, step: Step, frame: Frame, env: Mapping[str, str], around: Surroundings
    ) -> Ended:
        text = self._standing.text(step.run or "", around)
        self._show(text)
        whole = self._standing.variables(frame, env)
        shell = self._standing.text(step.shell or self._given.spec.shell, around)
        script = shells.script(shell, text, whole["PATH"])
        name = f"{frame.name}{step.number}"
        file = self._around.box.put(f"step-{name}{script.ending}", script.text.encode())
        directory = step.working_directory or self._given.spec.working_directory
        command = Command(script.command(file), whole, self._standing.text(directory, around))
        return self._commanded(step, frame, command, name)

    def _commanded(
        self,
        step: Step,
        frame: Frame,
        command: Command,
        name: str,
        state: MutableMapping[str, str] | None = None,
    ) -> Ended:
        """Run a command of a step, listen to it, and judge how it ended."""
        words = Words(
            self._around.box, name, self._masks,
            debug=self._given.debug, unsafe=allows_unsafe(command.env),
        )  # fmt: skip
        listener = Listener(self._matching, self._around.box.workspace, words.annotate, words.warn)
        words.changes = listener.change
        ear = Ear(self._around.log.write, self._masks, words.heed, listener.hear)
        seconds, whose = self._seconds(step, frame)
        ended = self._around.box.run(
            command.argv, env={**command.env, **words.files()}, cwd=command.directory,
            output=ear.write, timeout=seconds, cancelled=self._cancel_of_step(),
        )  # fmt: skip
        ear.end()
        listener.end()
        heard = self._heard(step, words, self._judged(step, ended, whose))
        if state is not None:
            state.update(words.state)
        return heard

    def _judged(self, step: Step, ended: Exit, whose: Literal["step", "job"]) -> Ended:
        if ended.reason == "cancelled":
            return Ended("cancelled", "cancelled")
        if ended.reason == "lost" or (ended.reason == "timeout" and whose == "job"):
            self._timed_out = True
        limit = step.minutes if whose == "step" else self._given.spec.minutes
        why = complaint(ended, f"The {whose} took longer than {limit or 0:g} minutes.")
        return self._failure(step, why) if why else Ended("success", "success")

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
        self._standing.learn(words)
        return replace(
            ended, outputs=words.outputs, annotations=words.hidden(), summary=words.summary
        )

    def _failure(self, step: Step, why: str) -> Ended:
        forgiven = step.continue_on_error is True and not self._timed_out
        return Ended("failure", "success" if forgiven else "failure", why)

    def _room_for_summary(self) -> int:
        return MAX_SUMMARIES - sum(len(each.summary.encode()) for each in self._reports)

    def _room_for_annotations(self) -> int:
        return MAX_ANNOTATIONS - sum(len(each.annotations) for each in self._reports)

    def _note(self, line: str) -> None:
        self._around.log.note(self._masks.text(line))

    def _seconds(self, step: Step, frame: Frame) -> tuple[float, Literal["step", "job"]]:
        """How long a step may still take, and whose limit that is."""
        left = (self._cleaning or self._top.ends_at) - time.monotonic()
        within = frame.ends_at - time.monotonic() if frame is not self._top else left
        own = min(step.minutes * 60 if step.minutes else left, within)
        return (max(own, 0.0), "step") if own < left else (max(left, 0.0), "job")

    def _cancel_of_step(self) -> Event:
        """Steps that clean up after a cancel are not themselves cancelled by it."""
        return Event() if self._cleaning is not None else self._around.cancel

    def _show(self, script: str) -> None:
        for line in shells.shown(script):
            self._note(f"{_DIM}{line}{_PLAIN_LOOK}")

    def _seen(self, frame: Frame, env: Mapping[str, str]) -> Surroundings:
        return self._standing.surroundings(frame, env, cancelled=self._around.cancel.is_set())

    def _with_outputs(self) -> Outcome:
        try:
            around = self._seen(self._top, self._standing.env)
            outputs = self._standing.rendered(self._given.spec.outputs, around)
        except (ExpressionError, StepError) as error:
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
            conclusion=conclusion, why=why, outputs=outputs or {}, steps=tuple(self._reports),
            log_bytes=self._around.log.size,
        )  # fmt: skip

    def _tell(self, report: StepReport) -> None:
        if report.state == "finished":
            self._reports.append(report)
        self._around.report(report)

"""What the steps of one job see: contexts in expressions, variables, PATH. It grows as they go."""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from towpath.pipelines.model import contexts, explaining, variants
from towpath.pipelines.model.addresses import Address
from towpath.pipelines.model.execution import Assignment
from towpath.pipelines.model.expressions import functions, syntax, templates
from towpath.pipelines.model.expressions.evaluation import Status, Surroundings
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.remote import files
from towpath.pipelines.remote.session import Box

_NAMES = frozenset(
    {
        "github", "env", "needs", "steps", "job", "runner", "strategy", "matrix", "inputs", "vars",
        "secrets",
    }
)  # fmt: skip
PLAIN = syntax.Scope(_NAMES, {**functions.PLAIN, **functions.FILES})
CONDITION = syntax.Scope(_NAMES, {**functions.WITH_STATUS, **functions.FILES})
_OWN = {"CI": "true"}
"""What a file may set otherwise; GITHUB_* and RUNNER_* it may not."""


class Said(Protocol):
    """What a step leaves for those after it."""

    @property
    def env(self) -> Mapping[str, str]: ...

    @property
    def paths(self) -> Sequence[str]: ...


class StepError(Exception):
    """A step fails for a reason of ours; the message is for people."""


@dataclass
class Frame:
    """Steps that know each other: those of a job, or those of one use of a composite action.

    `failed` says why those that follow are skipped. `folder` is where the action lies, `origin`
    where it comes from when others made it, and `ends_at` when whoever uses it loses patience;
    `name` tells its files from others'.
    """

    name: str = ""
    inputs: Mapping[str, str] | None = None
    folder: str = ""
    origin: Address | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    ends_at: float = float("inf")
    depth: int = 0
    steps: dict[str, Any] = field(default_factory=dict)
    failed: str = ""


class Standing:
    """Holds what steps have said to those after them, and says what each of them sees."""

    def __init__(self, given: Assignment, box: Box, environment: Mapping[str, str]) -> None:
        self._given = given
        self._box = box
        self._environment = environment
        self._paths: list[str] = []
        self.env: dict[str, str] = {}
        self.explain: Callable[[Iterable[str]], None] = lambda _: None
        token = given.source.token or given.secrets.get("GITHUB_TOKEN", "")
        self.secrets = {**given.secrets, "GITHUB_TOKEN": token}
        self._event = ""

    def begin(self) -> None:
        """Evaluate the outer environment; ExpressionError if that cannot be done."""
        event = json.dumps(self._given.github.get("event", {}))
        self._event = self._box.put("event.json", event.encode())
        outer = Surroundings(
            {
                "github": self._given.github,
                "needs": self._given.needs,
                "inputs": self._given.inputs,
                "secrets": self.secrets,
                **variants.surroundings(self._given.spec.variant),
            }
        )
        self.env = self.rendered(self._given.env, outer)
        self.env |= self.rendered(self._given.spec.env, outer)

    def learn(self, words: Said) -> None:
        """Keep what a step said to those after it."""
        self.env.update(words.env)
        self._paths = [*reversed(words.paths), *self._paths]

    def surroundings(
        self, frame: Frame, env: Mapping[str, str], *, cancelled: bool
    ) -> Surroundings:
        status = Status(
            success=not frame.failed and not cancelled,
            failure=bool(frame.failed) and not cancelled,
            cancelled=cancelled,
        )
        word = "cancelled" if cancelled else "failure" if frame.failed else "success"
        return Surroundings(
            {
                "github": self._github(frame),
                "env": env,
                "needs": self._given.needs,
                "steps": frame.steps,
                "job": {"status": word},
                "runner": self._runner(),
                "secrets": self.secrets if frame.inputs is None else {},
                **variants.surroundings(self._given.spec.variant),
                "inputs": self._given.inputs if frame.inputs is None else frame.inputs,
            },
            status,
            lambda patterns: files.hashed(self._box, patterns),
        )

    def variables(self, frame: Frame, env: Mapping[str, str]) -> dict[str, str]:
        """Build the whole environment of one command."""
        runner = {f"RUNNER_{name.upper()}": value for name, value in self._runner().items()}
        behind = env.get("PATH", self._box.environment["PATH"])
        return {
            **_OWN,
            **env,
            "GITHUB_ACTIONS": "true",
            "TOWPATH": "true",
            **runner,
            **contexts.variables(self._github(frame)),
            **self._environment,
            "PATH": ":".join((*self._paths, behind)),
        }

    def rendered(self, env: Mapping[str, str], around: Surroundings) -> dict[str, str]:
        return {name: self.text(value, around) for name, value in env.items()}

    def text(self, source: str, around: Surroundings) -> str:
        if templates.OPEN not in source:
            return source
        self.explain(explaining.text(source, PLAIN, around))
        text = templates.render(templates.parse(source, PLAIN), around)
        if "\0" in text:
            raise StepError("An expression gave a NUL character, which no command can take.")
        return text

    def minutes(self, value: float | str | None, around: Surroundings) -> float | None:
        """Evaluate a limit of time."""
        found = templates.filled(value, PLAIN, around)
        if found is None or (isinstance(found, int | float) and found is not True and found > 0):
            return found
        raise ExpressionError("evaluation", f"`timeout-minutes` must be above 0, not {found!r}")

    def forgives(self, value: bool | str, around: Surroundings) -> bool:  # noqa: FBT001 - a field
        """Evaluate `continue-on-error`."""
        found = templates.filled(value, PLAIN, around)
        if isinstance(found, bool):
            return found
        raise ExpressionError("evaluation", f"`continue-on-error` must be a boolean: {found!r}")

    def _github(self, frame: Frame) -> contexts.Context:
        where = {"action_path": frame.folder} if frame.folder else {}
        if frame.origin:
            where |= {
                "action_repository": frame.origin.repository, "action_ref": frame.origin.ref
            }  # fmt: skip
        own = {"event_path": self._event, "token": self.secrets["GITHUB_TOKEN"]}
        return {**self._given.github, "workspace": self._box.workspace, **own, **where}

    def _runner(self) -> dict[str, str]:
        system = os.uname()
        return {
            "os": system.sysname,
            "arch": {"x86_64": "X64", "aarch64": "ARM64"}.get(
                system.machine, system.machine.upper()
            ),
            "name": "towpath",
            "temp": self._box.environment["TMPDIR"],
            "tool_cache": f"{self._box.environment['HOME']}/_tools",
            "environment": "self-hosted",
            **({"debug": "1"} if self._given.debug else {}),
        }

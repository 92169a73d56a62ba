"""Whether a job may call another workflow as it does: inputs, secrets, permissions, depth.

https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from towpath.pipelines.model import permissions
from towpath.pipelines.model.workflow import (
    Call,
    Input,
    Permissions,
    Problem,
    Trigger,
    Workflow,
)

MAX_DEPTH = 10
"""How many workflows may call each other in a row, the first one counted, as on GitHub."""
MAX_CALLED = 50
"""How many different workflows one may call, and all these call, as on GitHub."""
MAX_JUDGED = 500
MAX_TOLD = 100
_KINDS: Mapping[str, type | tuple[type, ...]] = {"boolean": bool, "number": (int, float)}


@dataclass(frozen=True)
class Rules:
    """`find` gives the workflow at an address, or None; `allowed` is the outermost token's."""

    find: Callable[[str], Workflow | None]
    allowed: Permissions = permissions.LIMITED
    depth: int = MAX_DEPTH


def problems(workflow: Workflow, rules: Rules) -> tuple[Problem, ...]:
    """Tell what is wrong with the calls of a workflow, and of all that it calls."""
    return _Judge(rules).of_jobs(workflow, workflow.permissions or rules.allowed, 1)


class _Judge:
    """Judges each workflow once for each depth and set of permissions it is called with.

    Files that call each other in many ways would take for ever otherwise.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._told: dict[tuple[str, int, tuple[str, ...]], tuple[Problem, ...]] = {}

    def of_jobs(self, workflow: Workflow, allowed: Permissions, depth: int) -> tuple[Problem, ...]:
        key = (workflow.path, depth, permissions.levels(allowed))
        if key not in self._told and len(self._told) < MAX_JUDGED:
            found = self._of_jobs(workflow, allowed, depth)
            self._told[key] = tuple(islice(found, MAX_TOLD))
        return self._told.get(key, ())

    def _of_jobs(self, workflow: Workflow, allowed: Permissions, depth: int) -> Iterator[Problem]:
        for job in workflow.jobs:
            if job.call is not None:
                for key, why in self._of_call(job.call, job.permissions or allowed, depth):
                    yield Problem(workflow.path, job.line, job.column, key, why)
                if len(self._told) >= MAX_JUDGED:
                    why = "These calls are too many, or too different, to be judged."
                    yield Problem(workflow.path, job.line, job.column, "uses", why)

    def _of_call(self, call: Call, allowed: Permissions, depth: int) -> Iterator[tuple[str, str]]:
        called = self._rules.find(call.workflow)
        if depth >= self._rules.depth:
            yield "uses", f"More than {self._rules.depth} workflows call each other in a row."
            return
        if called is None:
            yield "uses", f"There is no workflow `{call.workflow}`."
            return
        trigger = called.trigger("workflow_call")
        if trigger is None:
            yield "uses", f"`{call.workflow}` may not be called: it has no `on: workflow_call`."
            return
        yield from _inputs(call, trigger)
        yield from _secrets(call, trigger)
        yield from _permissions(call, called, allowed)
        for problem in self.of_jobs(called, called.permissions or allowed, depth + 1):
            where = f"In `{call.workflow}`, line {problem.line}, column {problem.column}"
            yield problem.key, f"{where}: {problem.message}"


def _permissions(call: Call, called: Workflow, allowed: Permissions) -> Iterator[tuple[str, str]]:
    for name, asked in _asked(called):
        if more := permissions.exceeding(asked, allowed):
            words = ", ".join(f"{scope}: {level}" for scope, level in more.items())
            what = f"{name} of `{call.workflow}` asks for more than allowed: {words}."
            yield "permissions", what


def _inputs(call: Call, trigger: Trigger) -> Iterator[tuple[str, str]]:
    for name, value in call.inputs.items():
        wanted = trigger.inputs.get(name)
        if wanted is None:
            yield name, f"`{call.workflow}` has no input `{name}`."
        elif not _fits(value, wanted):
            yield name, f"Input `{name}` of `{call.workflow}` must be a {wanted.type}."
    for name, wanted in trigger.inputs.items():
        if wanted.required and wanted.default is None and name not in call.inputs:
            yield name, f"`{call.workflow}` needs the input `{name}`."


def _fits(value: str | float, wanted: Input) -> bool:
    """Whether a value is of the kind that is wanted; a ${{ }} is seen when it has a value."""
    kind = _KINDS.get(wanted.type)
    if kind is None or (isinstance(value, str) and "${{" in value):
        return True
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)


def _secrets(call: Call, trigger: Trigger) -> Iterator[tuple[str, str]]:
    if call.inherit:
        return
    for name in call.secrets:
        if name not in trigger.secrets:
            yield name, f"`{call.workflow}` has no secret `{name}`."
    for name, required in trigger.secrets.items():
        if required and name not in call.secrets:
            yield name, f"`{call.workflow}` needs the secret `{name}`."


def _asked(called: Workflow) -> Iterator[tuple[str, Permissions]]:
    if called.permissions is not None:
        yield "The workflow", called.permissions
    for job in called.jobs:
        if job.permissions is not None:
            yield f"Job `{job.id}`", job.permissions

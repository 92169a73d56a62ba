"""Our workflow as their reader tells it, as far as both speak of the same."""

from typing import Any

from tests.pipelines.formats.reader import condition, ours
from towpath.pipelines.model.permissions import LIMITED
from towpath.pipelines.model.workflow import Concurrency, Container, Job, Step, Workflow

SILENT = {"input-definitions", "secret-definitions", "jobs", "defaults", "snapshot"}
"""What theirs repeats from called workflows, or ours keeps elsewhere."""


def job(found: Job, workflow: Workflow) -> dict[str, Any]:
    allowed = found.permissions or workflow.permissions
    told: dict[str, Any] = {
        "type": "reusableWorkflowJob" if found.call else "job",
        "id": found.id,
        "name": ours(found.name or found.id),
        "needs": list(found.needs),
        "if": condition(found.condition),
        "runs-on": _runs_on(found),
        "env": ours(found.env),
        "outputs": ours(found.outputs),
        "timeout-minutes": ours(found.timeout_minutes),
        "cancel-timeout-minutes": ours(found.cancel_timeout_minutes),
        "continue-on-error": ours(found.continue_on_error),
        "strategy": _strategy(found),
        "concurrency": concurrency(found.concurrency),
        "environment": _environment(found),
        "container": _container(found.container),
        "services": {name: _container(each) for name, each in found.services.items()},
        "permissions": allowed,
        "steps": [step(each) for each in found.steps],
    }
    if found.call:
        told |= {
            "ref": found.call.workflow,
            "input-values": ours(dict(found.call.inputs)),
            "secret-values": ours(found.call.secrets),
            "inherit-secrets": found.call.inherit,
        }
    return told


def _runs_on(found: Job) -> Any:
    labels = ours(found.runs_on)
    if found.runner_group:
        return {"group": ours(found.runner_group), "labels": labels}
    return labels


def _strategy(found: Job) -> dict[str, Any]:
    if found.strategy is None:
        return {}
    return {
        "matrix": ours(found.strategy.matrix),
        "fail-fast": ours(found.strategy.fail_fast),
        "max-parallel": ours(found.strategy.max_parallel),
    }


def concurrency(found: Concurrency | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "group": ours(found.group),
        "cancel-in-progress": ours(found.cancel_in_progress),
        "queue": found.queue,
    }


def _environment(found: Job) -> dict[str, Any]:
    where = found.environment
    return {} if where is None else {
        "name": ours(where.name), "url": ours(where.url), "deployment": ours(where.deployment)
    }  # fmt: skip


def _container(found: Container | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "image": ours(found.image),
        "env": ours(found.env),
        "ports": ours(found.ports),
        "volumes": ours(found.volumes),
        "options": ours(found.options),
        "entrypoint": ours(found.entrypoint),
        "command": ours(found.command),
        "credentials": {"username": ours(found.username), "password": ours(found.password)},
    }


def step(found: Step) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": ours(found.name),
        "if": condition(found.condition),
        "run": None if found.run is None else ours(found.run),
        "uses": found.uses,
        "with": ours(found.inputs),
        "env": ours(found.env),
        "working-directory": ours(found.working_directory),
        "shell": ours(found.shell),
        "timeout-minutes": ours(found.timeout_minutes),
        "continue-on-error": ours(found.continue_on_error),
        "background": found.background,
        "wait": list(found.waits or ()),
        "wait-all": found.waits == (),
        "cancel": found.cancels,
    }


def differences(told: dict[str, Any], expected: dict[str, Any], where: str) -> list[str]:
    """Every key of theirs whose value is not ours; `where` names it."""
    found = []
    for key, wanted in expected.items():
        if key in SILENT or (key in {"permissions", "outputs"} and "ref" in expected):
            continue  # of a call, they tell what the called workflow makes of it
        mine = told[key]
        if key == "steps":
            for at, (one, two) in enumerate(zip(mine, wanted, strict=True)):
                found += differences(one, two, f"{where}.steps[{at}]")
        elif not _same(key, mine, wanted):
            found.append(f"{where}.{key}: ours {mine!r}, theirs {wanted!r}")
    return found


def _same(key: str, mine: Any, wanted: Any) -> bool:
    if key == "permissions":
        return all((mine or LIMITED).of(scope) == level for scope, level in wanted.items())
    if (key == "id" and str(wanted).startswith("__")) or wanted in _MADE_UP:
        return True  # they make up an id or a name where a file gives none
    if isinstance(wanted, dict) and isinstance(mine, dict):
        return all(_same("", mine.get(name), value) for name, value in wanted.items())
    if isinstance(mine, dict):
        return next(iter(mine.values())) == wanted  # the short form of a mapping
    if isinstance(mine, list) and not isinstance(wanted, list):
        return mine == [wanted]
    return bool(mine == wanted)


_MADE_UP = ("Wait", "Wait for all", "Cancel")

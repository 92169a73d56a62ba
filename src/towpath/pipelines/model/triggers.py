"""Which workflows an event starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from towpath.pipelines.model import globs
from towpath.pipelines.model.workflow import Trigger, Workflow

STAND_IN = {"merge_group": "pull_request"}
"""A queue's candidate is judged like the request it comes from when no file speaks of queues."""
HEADS = frozenset({"opened", "synchronize", "reopened"})
"""The activities of a request that happen here: those in which it has a new head."""


@dataclass(frozen=True)
class Event:
    """`branch` is what branch filters look at: the branch pushed to, or a request's target.

    `changed` is None when nobody knows the changed files; path filters then let it through, for a
    check that runs too often is better than one that does not run.
    """

    name: str
    branch: str
    changed: tuple[str, ...] | None = None


def branch_of(name: str, ref: str, payload: Mapping[str, Any]) -> str:
    """Tell which branch an event's filters look at."""
    target = payload.get("target")
    chosen = target if name != "push" and isinstance(target, str) else ref
    return chosen.removeprefix("refs/heads/")


def matching(workflows: Sequence[Workflow], event: Event) -> list[Workflow]:
    """Pick the workflows to run, in file order."""
    name = event.name
    if not _named(workflows, name):
        name = STAND_IN.get(name, name)
    return [
        workflow
        for workflow in workflows
        if any(trigger.event == name and _admits(trigger, event) for trigger in workflow.triggers)
    ]


def filters_paths(workflows: Sequence[Workflow]) -> bool:
    """Whether anybody asks which files changed: finding out costs a diff."""
    return any(trigger.paths for workflow in workflows for trigger in workflow.triggers)


def _named(workflows: Sequence[Workflow], name: str) -> bool:
    return any(trigger.event == name for workflow in workflows for trigger in workflow.triggers)


def _admits(trigger: Trigger, event: Event) -> bool:
    if trigger.tags and not trigger.branches and event.name == "push":
        return False  # it waits for tags alone, and only branches are pushed here
    if trigger.types and trigger.event == "pull_request" and not HEADS & set(trigger.types):
        return False
    if trigger.branches and not globs.admits(trigger.branches, event.branch):
        return False
    if trigger.paths and event.changed is not None:
        chosen = trigger.paths
        return any(globs.admits(chosen, path) for path in event.changed)
    return True

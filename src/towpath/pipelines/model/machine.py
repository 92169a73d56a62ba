"""What one machine without a server makes of a workflow: what has no meaning there, or no place.

`towpath run` asks. There is one run, so none waits for another; no server takes its token; and the
machine has one operating system.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from towpath.pipelines.model.expressions.values import text
from towpath.pipelines.model.workflow import Job, Problem, Workflow

_MOOT = frozenset({"concurrency", "permissions"})
_OTHERS = ("windows", "macos")


def settled(workflow: Workflow) -> Workflow:
    """Leave out of what is not run yet what has nothing to do here."""
    jobs = tuple(replace(job, unrun=_left(job.unrun)) for job in workflow.jobs)
    return replace(workflow, jobs=jobs, unrun=_left(workflow.unrun))


def _left(unrun: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(problem for problem in unrun if problem.key not in _MOOT)


def runnable(workflow: Workflow) -> list[str]:
    """Name the jobs that can run on their own, if the whole file cannot."""
    refused = {job.id for job in workflow.jobs if job.unrun}
    while more := {job.id for job in workflow.jobs if refused & {*job.needs}} - refused:
        refused |= more
    return [] if workflow.unrun else [job.id for job in workflow.jobs if job.id not in refused]


def elsewhere(job: Job) -> str:
    """Say why a job belongs on another machine; empty when it may run here."""
    found = next((label for label in job.runs_on if label.lower().startswith(_OTHERS)), "")
    return f"It wants {found}, and this machine runs Linux." if found else ""


def left_out(job: Job, wanted: Mapping[str, str]) -> str:
    """Say why one of a matrix was not asked for; empty when it was, or has no such key."""
    given = job.variant.matrix if job.variant else {}
    other = next((key for key in wanted if key in given and _text(given[key]) != wanted[key]), "")
    return f"Only {other} {wanted[other]} was asked for." if other else ""


def _text(value: object) -> str:
    return text(value) if isinstance(value, str | bool | int | float) else str(value)

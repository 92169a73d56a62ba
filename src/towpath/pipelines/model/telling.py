"""What happened, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from towpath.pipelines.model.levels import leaves
from towpath.pipelines.model.run import Job, Run, Step


@dataclass(frozen=True)
class Cause:
    """Why a run was asked for; `number` is the merge request it is about, if it is about one."""

    words: str
    number: int | None = None


def cause(run: Run) -> Cause:
    """Say what a run tests, as people call it."""
    event = run.github.get("event", {})
    number, target = event.get("number"), event.get("target")
    if run.event == "merge_group" and isinstance(number, int):
        return Cause(f"request #{number} merged onto {target}", number)
    if run.event == "pull_request" and isinstance(number, int):
        return Cause(f"request #{number} by itself", number)
    return Cause(f"{run.event} to {run.ref.removeprefix('refs/heads/')}")


_LONGEST_REASON = 500


def first_failure(jobs: Sequence[Job]) -> Job | None:
    """Find the job that failed before the others; what failed and may is no failure."""
    ran = {job.id for job in leaves(jobs)}
    failed = (job for job in jobs if job.result == "failure" and (job.id in ran or job.why))
    return min(failed, key=lambda job: (job.finished or 0, job.position), default=None)


def summary(run: Run, jobs: Sequence[Job], steps: Sequence[Step]) -> str:
    """Say how a run ended; `steps` are those of the job that failed first."""
    failed = first_failure(jobs)
    if run.cancelled_by:
        return f"cancelled by {run.cancelled_by}"
    if failed:
        return failure(failed, steps)
    jobs = leaves(jobs)
    given_up = next((job for job in jobs if job.result == "cancelled" and job.why), None)
    if given_up:
        return f"job “{given_up.name}” was cancelled: {given_up.why}"
    passed = sum(job.result == "success" for job in jobs)
    skipped = sum(job.result == "skipped" for job in jobs)
    if passed == len(jobs):
        return "the job passed" if passed == 1 else f"all {passed} jobs passed"
    left = f", {skipped} skipped" if skipped else ""
    return f"{passed} of {len(jobs)} jobs passed{left}"


def build(run: Run, number: int) -> dict[str, Any]:
    """Say of a run what a forge wants to know of a build, under the forge's names."""
    names = ("id", "workflow", "path", "title", "event", "ref", "sha", "conclusion")
    told = {name: getattr(run, name) for name in (*names, "created", "finished")}
    return told | {"number": number, "attempt": 1, "actor": run.github.get("actor", "")}


_STATUS = {
    "waiting": "queued", "queued": "queued", "running": "in_progress", "finished": "completed",
}  # fmt: skip


def build_job(job: Job, steps: Sequence[Step]) -> dict[str, Any]:
    """Say of a job what a forge wants to know of it, under the forge's names."""
    names = ("id", "name", "conclusion", "attempt", "runner", "queued", "started", "finished")
    told = {name: getattr(job, name) for name in names}
    return told | {
        "status": _STATUS[job.state],
        "labels": tuple(job.spec.runs_on),
        "steps": tuple(map(_build_step, steps)),
    }


def _build_step(step: Step) -> dict[str, Any]:
    names = ("number", "name", "conclusion", "started", "finished")
    return {name: getattr(step, name) for name in names} | {"status": _STATUS[step.state]}


def failure(job: Job, steps: Sequence[Step]) -> str:
    """Say which job failed, at which step, and why if that is known."""
    step = next((each for each in steps if each.conclusion == "failure"), None)
    where = f"job “{job.name}” failed" + (f" at step “{step.name}”" if step else "")
    why = (job.why or (step.why if step else ""))[:_LONGEST_REASON]
    return f"{where}: {why}" if why else where

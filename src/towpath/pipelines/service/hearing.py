"""What those hear who want to know of single jobs: by the forge's webhooks.

Nothing is made ready that nobody hears.
"""

from collections.abc import Collection, Iterable
from typing import Any

from towpath.forge import service as forge
from towpath.kernel.db.interface import Tx
from towpath.pipelines.model import telling
from towpath.pipelines.model.execution import Assignment
from towpath.pipelines.model.run import Job, Run
from towpath.pipelines.store import jobs as job_rows
from towpath.pipelines.store import leases
from towpath.pipelines.store import suites as suite_rows


def tell_jobs(tx: Tx, of: Run, moved: Collection[str]) -> None:
    """Let it be heard how these jobs of a run stand now."""
    if moved and forge.hears(tx, of.repository, "workflow_job"):
        build = _build(tx, of)
        jobs = (each for each in job_rows.jobs_of(tx, [of.id]) if each.id in moved)
        forge.report_jobs(tx, of.repository, [_job(tx, build, each) for each in jobs])


def claim(
    tx: Tx,
    runner: str,
    labels: Iterable[str],
    lease: str,
    version: str = "",
    but: Collection[str] = (),
) -> Assignment | None:
    """Take a job for a runner, and let it be heard; a claim that is repeated is no news.

    It is given none of the repositories in `but`.
    """
    known = job_rows.held_by(tx, leases.digest(lease))
    taken = leases.claim(tx, runner, labels, lease, version, but)
    if taken and known is None:
        _tell_taken(tx, taken)
    return taken


def _tell_taken(tx: Tx, taken: Assignment) -> None:
    of = suite_rows.run(tx, taken.run)
    if not forge.hears(tx, of.repository, "workflow_job", "workflow_run"):
        return
    others = (
        each
        for each in job_rows.jobs_of(tx, [of.id])
        if each.id != taken.job and each.spec.call is None
    )
    if taken.attempt == 1 and all(each.started is None for each in others):
        forge.report_begun(tx, of.repository, _build(tx, of))
    tell_jobs(tx, of, [taken.job])


def _build(tx: Tx, of: Run) -> forge.Build:
    return forge.Build(**telling.build(of, suite_rows.number_of(tx, of)))


def _job(tx: Tx, build: forge.Build, job: Job) -> forge.BuildJob:
    reached = job_rows.steps(tx, job.id, job.attempt) if job.attempt else ()
    told: dict[str, Any] = telling.build_job(job, reached)
    steps = tuple(forge.BuildStep(**each) for each in told.pop("steps"))
    return forge.BuildJob(build=build, steps=steps, **told)

"""Jobs, who holds them, and their steps."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import msgspec
from sqlalchemy import RowMapping, insert, select, update

from towpath.kernel import ids
from towpath.kernel.clock import Micros, after
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound
from towpath.pipelines.model import contexts, planning, workflow
from towpath.pipelines.model.execution import Annotation, StepReport
from towpath.pipelines.model.run import Enter, Job, Step
from towpath.pipelines.store import turns
from towpath.pipelines.store.suites import encoded
from towpath.pipelines.store.tables import JOB, RUN, STEP

_FIELDS = tuple(field.name for field in fields(Job))
_STEP_FIELDS = tuple(field.name for field in fields(Step))
_LOOKED_AT = 200


@dataclass(frozen=True)
class Lease:
    """Who holds a job: `digest` of the secret the holder shows, and the token made for it."""

    digest: str | None
    until: Micros | None
    token: str | None
    trace: str = ""


def add_jobs(tx: Tx, jobs: Sequence[Job]) -> None:
    tx.execute(insert(JOB), [_row(job) for job in jobs])


def job(tx: Tx, job_id: str) -> Job:
    """Find a job; NotFound otherwise."""
    return held_job(tx, job_id)[0]


def run_of(tx: Tx, job_id: str) -> str | None:
    """Of which run a job is; None when there is none of this id."""
    found = tx.scalar(select(JOB.c.run).where(JOB.c.id == job_id))
    return None if found is None else str(found)


def held_job(tx: Tx, job_id: str) -> tuple[Job, Lease]:
    """Find a job and who holds it; NotFound otherwise."""
    row = tx.row(select(JOB).where(JOB.c.id == job_id))
    if row is None:
        raise NotFound("There is no such job.", next_step="It may have been forgotten with age.")
    return _job(row), Lease(row["lease"], row["lease_until"], row["token"], row["trace"] or "")


def held_by(tx: Tx, digest: str) -> Job | None:
    """Find the running job that a lease holds, by the digest of its secret."""
    row = tx.row(select(JOB).where(JOB.c.state == "running", JOB.c.lease == digest))
    return _job(row) if row else None


def by_runtime(tx: Tx, job_id: str) -> tuple[Job, str] | None:
    """Find a running job, and the digest of the secret that it shows itself."""
    row = tx.row(select(JOB).where(JOB.c.id == job_id, JOB.c.state == "running"))
    return (_job(row), row["runtime"] or "") if row else None


def jobs_of(tx: Tx, run_ids: Sequence[str]) -> list[Job]:
    """List the jobs of some runs, in file order."""
    rows = tx.rows(select(JOB).where(JOB.c.run.in_(run_ids)).order_by(JOB.c.run, JOB.c.position))
    return [_job(row) for row in rows]


def queued(tx: Tx, but: Collection[str] = ()) -> list[Job]:
    """List jobs that wait for a runner, longest first, but those of some repositories."""
    chosen = select(JOB).where(JOB.c.state == "queued")
    if but:
        theirs = select(RUN.c.id).where(RUN.c.repository.in_(but))
        chosen = chosen.where(JOB.c.run.not_in(theirs))
    rows = tx.rows(chosen.order_by(JOB.c.queued, JOB.c.position, JOB.c.id).limit(_LOOKED_AT))
    return [_job(row) for row in rows]


def move_job(tx: Tx, before: Job, **values: Any) -> bool:
    """Change a job that is still in the state and attempt of `before`; False when it is not.

    A job that is queued follows from what queued it.
    """
    if values.get("state") == "queued" and tx.trace:
        values["trace"] = tx.trace
    changed = tx.execute(
        update(JOB)
        .where(JOB.c.id == before.id, JOB.c.state == before.state, JOB.c.attempt == before.attempt)
        .values({name: _encoded(name, value) for name, value in values.items()})
    )
    if changed.rowcount != 1:
        return False
    if values.get("state") == "finished" and before.spec.concurrency:
        turns.leave(tx, before.id)
    return True


def ask(tx: Tx, before: Job, repository: str, wanted: workflow.Concurrency) -> None:
    """Let a job wait for its turn in a concurrency group; it knows what it is part of."""
    within, above = [before.run], before.caller
    while above:
        within.append(above)
        above = job(tx, above).caller
    if move_job(tx, before, state="pending"):
        turns.ask(tx, repository, before.id, wanted, within)


def expand(tx: Tx, before: Job, variants: Sequence[workflow.Job]) -> None:
    """Put the variants of a job in its place; the first keeps its id, the others follow it."""
    first, *others = variants
    made = [
        replace(before, id=ids.new("job"), position=before.position + n, name=each.name, spec=each)
        for n, each in enumerate(others, 1)
    ]
    if move_job(tx, before, spec=first, name=first.name) and made:
        add_jobs(tx, made)


def enter(tx: Tx, before: Job, action: Enter, known: contexts.Context) -> None:
    """Let the jobs of a called workflow become part of the run."""
    caller = replace(before, spec=replace(before.spec, call=action.call))
    if move_job(tx, before, state="calling", spec=caller.spec, started=tx.now):
        add_jobs(tx, planning.jobs(before.run, action.jobs, known, caller))


def add_steps(tx: Tx, job: Job, attempt: int) -> None:
    """Write the steps of an attempt, all of them still to come."""
    rows = [
        {"job": job.id, "attempt": attempt, "number": step.number, "name": step.title,
         "state": "waiting", "why": ""}
        for step in job.spec.steps
    ]  # fmt: skip
    tx.execute(insert(STEP), rows)


def steps(tx: Tx, job_id: str, attempt: int) -> list[Step]:
    rows = tx.rows(
        select(STEP).where(STEP.c.job == job_id, STEP.c.attempt == attempt).order_by(STEP.c.number)
    )
    return [_step(row) for row in rows]


def report_step(tx: Tx, job: Job, report: StepReport) -> None:
    """Write what a runner says of a step; a step that has ended stays as it is."""
    values: dict[str, Any] = {
        **({"name": report.name} if report.name else {}),
        "state": report.state,
        "conclusion": report.conclusion,
        "why": report.why,
        "log_from": report.log_from,
        "log_to": report.log_to,
        **({"annotations": encoded(report.annotations)} if report.annotations else {}),
        **({"summary": report.summary} if report.summary else {}),
    }
    if report.state == "finished":
        values |= {"finished": tx.now, "started": after(tx.now, -(report.seconds or 0.0))}
    else:
        values |= {"started": tx.now}
    if not 0 < report.number <= len(job.spec.steps):
        _add_late_step(tx, job, report)
    tx.execute(
        update(STEP)
        .where(
            STEP.c.job == job.id,
            STEP.c.attempt == job.attempt,
            STEP.c.number == report.number,
            STEP.c.state != "finished",
        )
        .values(values)
    )


def _add_late_step(tx: Tx, job: Job, report: StepReport) -> None:
    """Make a row, unless there is one, for what an action does at the end of its job."""
    key = {"job": job.id, "attempt": job.attempt, "number": report.number}
    found = select(STEP.c.number).where(*(STEP.c[name] == value for name, value in key.items()))
    if tx.row(found) is None:
        tx.execute(
            insert(STEP).values({**key, "name": report.name, "state": "waiting", "why": ""})
        )


def _row(job: Job) -> dict[str, Any]:
    return {name: _encoded(name, getattr(job, name)) for name in _FIELDS}


def _encoded(name: str, value: Any) -> Any:
    return encoded(value) if name in {"spec", "outputs"} else value


def _job(row: RowMapping) -> Job:
    values: Mapping[str, Any] = {name: row[name] for name in _FIELDS}
    decoded = {
        "spec": msgspec.json.decode(row["spec"], type=workflow.Job),
        "outputs": msgspec.json.decode(row["outputs"]),
    }
    return Job(**{**values, **decoded, "caller": row["caller"] or ""})


def _step(row: RowMapping) -> Step:
    said = msgspec.json.decode(row["annotations"] or "[]", type=tuple[Annotation, ...])
    values: Mapping[str, Any] = {name: row[name] for name in _STEP_FIELDS}
    return Step(**{**values, "annotations": said, "summary": row["summary"] or ""})

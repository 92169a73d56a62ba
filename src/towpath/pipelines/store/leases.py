"""Who holds which job, for how long, and the token that was made for it."""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress

from sqlalchemy import update

from towpath.kernel.access import service as access
from towpath.kernel.clock import Micros, after
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, NotFound
from towpath.kernel.work import service as work
from towpath.pipelines.model import permissions, runtime
from towpath.pipelines.model.execution import (
    JOB_USER,
    LEASE_SECONDS,
    RUNNER_USER,
    Assignment,
    Source,
    StepReport,
)
from towpath.pipelines.model.levels import levels, needs
from towpath.pipelines.model.run import Job, Run
from towpath.pipelines.store import jobs, suites
from towpath.pipelines.store.crew import note_runner
from towpath.pipelines.store.jobs import Lease
from towpath.pipelines.store.tables import JOB

EXPIRY = "pipelines.lease"
"""The kind of work that looks at a lease when it should have ended."""
QUEUED = "pipelines:queued"
"""The channel that runners wait on."""


def claim(
    tx: Tx,
    runner: str,
    labels: Iterable[str],
    lease: str,
    version: str = "",
    but: Collection[str] = (),
) -> Assignment | None:
    """Take the job that waits longest of those whose `runs-on` this runner serves.

    It gets none of the repositories in `but`. A lease that holds a job already gets it again: the
    answer to its claim was lost.
    """
    note_runner(tx, runner, version)
    if mine := jobs.held_by(tx, digest(lease)):
        return _assignment(tx, mine, lease)
    served = {label.lower() for label in labels}
    for waiting in jobs.queued(tx, but):
        if {label.lower() for label in waiting.spec.runs_on} <= served:
            return _assign(tx, waiting, runner, lease)
    return None


def _assign(tx: Tx, waiting: Job, runner: str, lease: str) -> Assignment | None:
    attempt = waiting.attempt + 1
    until = _end(tx)
    taken = jobs.move_job(
        tx, waiting, state="running", attempt=attempt, runner=runner, stop=False, why="",
        started=tx.now, lease=digest(lease), lease_until=until, log_bytes=0,
    )  # fmt: skip
    if not taken:
        return None
    jobs.add_steps(tx, waiting, attempt)
    payload = {"job": waiting.id, "attempt": attempt}
    work.add(tx, EXPIRY, payload, key=f"{waiting.id}/{attempt}", due=until)
    return _assignment(tx, jobs.job(tx, waiting.id), lease)


def _assignment(tx: Tx, taken: Job, lease: str) -> Assignment:
    of = suites.run(tx, taken.run)
    all_of_them = jobs.jobs_of(tx, [of.id])
    world = suites.world(tx, of, all_of_them)
    level = levels(all_of_them, world)[taken.caller]
    github = {**of.github, "job": taken.key, "run_attempt": str(taken.attempt)}
    holder = jobs.held_job(tx, taken.id)[1]
    revoke(tx, holder)
    token_id, token = _token(tx, taken, of)
    own = runtime.secret_of(lease)
    jobs.move_job(tx, taken, token=token_id, runtime=digest(own))
    suites.wake(tx, of)
    return Assignment(
        job=taken.id, run=of.id, attempt=taken.attempt, lease=lease, name=taken.name,
        spec=taken.spec, env=level.env(world, of.env), github=github,
        needs=needs(taken, level.jobs), inputs=level.known["inputs"],
        source=Source(path=f"/{github['repository']}.git", token=token), trace=holder.trace,
        runtime=runtime.token(of.id, taken.id, own),
    )  # fmt: skip


def _token(tx: Tx, waiting: Job, of: Run) -> tuple[str, str]:
    given = waiting.spec.permissions or permissions.LIMITED
    strange = bool(of.github.get("event", {}).get("fork"))
    scopes = permissions.token_scopes(given, of.repository, strange=strange)
    if len(scopes) > 1:
        user = access.ensure_system_user(tx, JOB_USER, "A job", access.Role.member)
    else:
        user = access.ensure_system_user(tx, RUNNER_USER, "The runner", access.Role.viewer)
    expires = after(tx.now, waiting.spec.minutes * 60 + 3600)
    return access.create_token(tx, user.login, waiting.id, scopes=scopes, expires=expires)


def running_by(tx: Tx, token: str) -> Job:
    """Find the running job that shows its own token; Unauthenticated when it is over."""
    shown = runtime.read(token)
    found = jobs.by_runtime(tx, shown.job)
    if found is None or not hmac.compare_digest(found[1], digest(shown.secret)):
        raise runtime.unknown()
    return found[0]


def held(tx: Tx, job_id: str, lease: str) -> Job:
    """Find the job that this lease holds; Conflict when it is another's by now, or over."""
    found, holder = jobs.held_job(tx, job_id)
    if found.state != "running" or holder.digest != digest(lease):
        raise Conflict(
            "This job is no longer yours: it was given back, taken over, or is over.",
            next_step="Stop it and throw its results away.",
        )
    return found


def heartbeat(tx: Tx, job_id: str, lease: str) -> bool:
    """Keep a job for another lease; True when it is to be stopped."""
    mine = held(tx, job_id, lease)
    _renew(tx, job_id)
    return mine.stop


def stopping(tx: Tx, job_id: str, lease: str) -> bool:
    """Whether a job is to be stopped, without keeping it."""
    return held(tx, job_id, lease).stop


def report(tx: Tx, job_id: str, lease: str, reports: Sequence[StepReport]) -> bool:
    """Write how steps are doing; True when the job is to be stopped."""
    mine = held(tx, job_id, lease)
    for each in reports:
        jobs.report_step(tx, mine, each)
    suites.wake_run(tx, mine.run)
    return mine.stop


def stop_channel(job_id: str) -> str:
    """The channel that tells whoever runs a job that it must end."""
    return f"pipelines:stop:{job_id}"


def revoke(tx: Tx, holder: Lease) -> None:
    if holder.token:
        for user in (RUNNER_USER, JOB_USER):
            with suppress(NotFound):  # it is the other's, or has died of age
                access.revoke_token(tx, user, holder.token)


def digest(lease: str) -> str:
    return hashlib.sha256(lease.encode()).hexdigest()


def _renew(tx: Tx, job_id: str) -> None:
    """Move the end of a lease on, unless most of it is left: then nothing is written."""
    soon = after(tx.now, LEASE_SECONDS * 2 / 3)
    chosen = update(JOB).where(JOB.c.id == job_id, JOB.c.lease_until < soon)
    tx.execute(chosen.values(lease_until=_end(tx)))


def believed(tx: Tx, job: Job, until: Micros) -> Micros:
    """The end of a lease; one further off than any lease is of a clock that was set back."""
    if until <= _end(tx):
        return until
    tx.execute(update(JOB).where(JOB.c.id == job.id).values(lease_until=_end(tx)))
    return _end(tx)


def renew_all(tx: Tx) -> None:
    """Give every holder a whole lease: nobody could renew while no server was there."""
    tx.execute(update(JOB).where(JOB.c.state == "running").values(lease_until=_end(tx)))


def _end(tx: Tx) -> Micros:
    return after(tx.now, LEASE_SECONDS)

"""From the first job to the end of a suite: whatever changes a job asks what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from towpath.facts.pipelines import SuiteFinished
from towpath.forge import service as forge
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput
from towpath.kernel.outbox import announce
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Item
from towpath.pipelines.model import telling
from towpath.pipelines.model.decide import decide
from towpath.pipelines.model.execution import Assignment, Outcome
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.levels import World, known_secrets, levels
from towpath.pipelines.model.run import (
    Ask,
    Conclude,
    Enter,
    Expand,
    Finish,
    Job,
    Queue,
    Return,
    Run,
    Stop,
    Suite,
    SuiteConclusion,
    lost,
)
from towpath.pipelines.service.hearing import tell_jobs
from towpath.pipelines.store import jobs as job_rows
from towpath.pipelines.store import leases
from towpath.pipelines.store import suites as suite_rows
from towpath.pipelines.store.leases import (
    EXPIRY,
    QUEUED,
)


def advance(tx: Tx, run_id: str) -> None:
    """Do what decide() says until it says nothing more."""
    current = suite_rows.run(tx, run_id)
    while current.state == "running" or (current.state == "pending" and current.cancelled_by):
        jobs = job_rows.jobs_of(tx, [run_id])
        cancelled = current.cancelled_by is not None
        world = suite_rows.world(tx, current, jobs)
        actions = decide(jobs, world, cancelled=cancelled)
        if not actions:
            break
        by_id = {each.id: each for each in jobs}
        for action in actions:
            if isinstance(action, Finish):
                _finish_run(tx, current, action.conclusion, jobs)
                return
            if isinstance(action, Ask):
                job_rows.ask(tx, by_id[action.job], current.repository, action.wanted)
            else:
                _apply(tx, by_id[action.job], action, world)
        tell_jobs(tx, current, [one.job for one in actions if isinstance(one, Queue | Conclude)])
    suite_rows.wake(tx, current)


def _apply(
    tx: Tx, before: Job, action: Expand | Queue | Enter | Return | Conclude | Stop, world: World
) -> None:
    match action:
        case Expand(_, made):
            job_rows.expand(tx, before, made)
        case Enter(_, call):
            job_rows.enter(tx, before, action, {"github": world.github, "inputs": call.inputs})
        case Return(_, conclusion, outputs, why):
            job_rows.move_job(
                tx, before, state="finished", conclusion=conclusion, why=why, outputs=outputs,
                finished=tx.now,
            )  # fmt: skip
        case Queue():
            job_rows.move_job(tx, before, state="queued", queued=tx.now)
            tx.wake(QUEUED)
        case Conclude(_, conclusion, why):
            job_rows.move_job(
                tx, before, state="finished", conclusion=conclusion, why=why, finished=tx.now
            )
        case Stop():
            job_rows.move_job(tx, before, stop=True)
            tx.wake(leases.stop_channel(before.id))


def _finish_run(tx: Tx, ended: Run, conclusion: Any, jobs: Sequence[Job]) -> None:
    if not suite_rows.finish_run(tx, ended.id, conclusion):
        return
    ended = suite_rows.run(tx, ended.id)
    say(tx, ended, _summary(tx, ended, jobs))
    suite_rows.wake(tx, ended)
    siblings = suite_rows.runs_of(tx, [ended.suite])
    if all(each.state == "finished" for each in siblings):
        _conclude_suite(tx, suite_rows.suite(tx, ended.suite), siblings)


def _conclude_suite(tx: Tx, ended: Suite, members: Sequence[Run]) -> None:
    order: tuple[SuiteConclusion, ...] = ("failure", "cancelled", "success")
    conclusion = next(each for each in order if each in {one.conclusion for one in members})
    shown = next(each for each in members if each.conclusion == conclusion)
    summary = _summary(tx, shown, job_rows.jobs_of(tx, [shown.id]))
    finish_suite(tx, ended, conclusion, f"{shown.workflow}: {summary}", shown.id)


def finish_suite(
    tx: Tx, ended: Suite, conclusion: SuiteConclusion, summary: str, run_id: str | None
) -> None:
    values = {"conclusion": conclusion, "summary": summary, "run": run_id, "finished": tx.now}
    if suite_rows.move_suite(tx, ended.id, "running", state="finished", **values):
        announce(
            tx,
            SuiteFinished(
                ended.repository, ended.id, ended.key, ended.sha, conclusion, summary, run_id
            ),
        )


def _summary(tx: Tx, ended: Run, jobs: Sequence[Job]) -> str:
    failed = telling.first_failure(jobs)
    reached = job_rows.steps(tx, failed.id, failed.attempt) if failed else ()
    return telling.summary(ended, jobs, reached)


def say(tx: Tx, about: Run, words: str) -> None:
    url = f"{about.github['server_url']}/runs/{about.id}"
    heard = forge.hears(tx, about.repository, "workflow_run")
    number = suite_rows.number_of(tx, about) if heard else 0
    build = forge.Build(**telling.build(about, number))
    forge.report_run(tx, about.repository, build, words[:900], url)


def cancel_run(tx: Tx, run_id: str, by: str) -> Run:
    """End a run: what waits is cancelled now, what runs is told to stop. Conflict when over."""
    if (
        not suite_rows.cancel_run(tx, run_id, by)
        and suite_rows.run(tx, run_id).state == "finished"
    ):
        raise Conflict("This run is over.", next_step="Nothing is left to cancel.")
    advance(tx, run_id)
    return suite_rows.run(tx, run_id)


def cancel_suite(tx: Tx, suite_id: str, by: str = "towpath") -> None:
    """End all that a trigger asked for; nothing happens when it is over."""
    asked = suite_rows.suite(tx, suite_id)
    if suite_rows.move_suite(tx, suite_id, "planning", state="running"):
        finish_suite(tx, asked, "cancelled", f"cancelled by {by}", None)
        return
    for each in suite_rows.runs_of(tx, [suite_id]):
        if each.state != "finished" and suite_rows.cancel_run(tx, each.id, by):
            advance(tx, each.id)


def finish(tx: Tx, job_id: str, lease: str, outcome: Outcome) -> None:
    """Write how an attempt ended; the same lease may say so again, and nothing changes."""
    found, holder = job_rows.held_job(tx, job_id)
    if found.state == "finished" and holder.digest == leases.digest(lease):
        return
    mine = leases.held(tx, job_id, lease)
    for each in outcome.steps:
        job_rows.report_step(tx, mine, each)
    leases.revoke(tx, holder)
    if outcome.conclusion == "released":
        _requeue(tx, mine, outcome.why or "The runner gave it back.")
    else:
        job_rows.move_job(
            tx, mine, state="finished", conclusion=outcome.conclusion, why=outcome.why,
            outputs=outcome.outputs, finished=tx.now, log_bytes=outcome.log_bytes, token=None,
        )  # fmt: skip
    tell_jobs(tx, suite_rows.run(tx, mine.run), [mine.id])
    advance(tx, mine.run)


def with_secrets(kernel: Kernel, taken: Assignment) -> Assignment:
    """Add what the job may know, if it names `secrets`; Unavailable when a key is lost.

    Never for what comes from a fork: whoever wrote that may not know them.
    """
    if "secrets" not in f"{taken.spec} {taken.env}":
        return taken
    strange = bool(taken.github.get("event", {}).get("fork"))
    ring = None if strange else secrets.load(kernel)

    def revealed(tx: Tx) -> Mapping[str, str]:
        of = suite_rows.run(tx, taken.run)
        jobs = job_rows.jobs_of(tx, [of.id])
        theirs = forge.reveal_secrets(tx, ring, of.repository) if ring else {}
        world = suite_rows.world(tx, of, jobs)
        return known_secrets(taken.job, levels(jobs, world), theirs, taken.source.token)

    try:
        return replace(taken, secrets=kernel.db.read(revealed))
    except ExpressionError as error:
        raise InvalidInput(f"`secrets` cannot be evaluated: {error}") from error


def expire(tx: Tx, item: Item) -> None:
    """At the end of a lease: look whether it was renewed, or else give the job to the next."""
    found, holder = job_rows.held_job(tx, item.payload["job"])
    if found.state != "running" or found.attempt != item.payload["attempt"]:
        return
    if holder.until and (until := leases.believed(tx, found, holder.until)) > tx.now:
        work.add(tx, EXPIRY, item.payload, key=item.key, due=until)
        return
    leases.revoke(tx, holder)
    _requeue(tx, found, f"The runner {found.runner} fell silent.")
    tell_jobs(tx, suite_rows.run(tx, found.run), [found.id])
    advance(tx, found.run)


def _requeue(tx: Tx, mine: Job, why: str) -> None:
    """Give a job back to the queue, unless it was to be stopped or keeps losing its runners."""
    after_loss = lost(mine, why)
    moment = {"queued": tx.now, "started": None} if after_loss.state == "queued" else {}
    job_rows.move_job(
        tx, mine, state=after_loss.state, conclusion=after_loss.conclusion, why=after_loss.why,
        finished=None if moment else tx.now, lease=None, lease_until=None, token=None, **moment,
    )  # fmt: skip
    tx.wake(QUEUED)

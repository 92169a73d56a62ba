"""The verbs of pipelines: the one door for gate, for our pages and for our wire.

trigger writes a suite and a piece of work; planning reads the files outside of a transaction and
writes runs and jobs; from then on every change of a job asks decide() what comes next, in the
same transaction. Whoever asked hears of the end by SuiteFinished, exactly once.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from towpath.facts.pipelines import SuiteFinished
from towpath.forge import service as forge
from towpath.kernel import ids
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, TooLarge
from towpath.kernel.outbox import announce
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Item, Then
from towpath.pipelines.clients import process
from towpath.pipelines.clients.logs import writing
from towpath.pipelines.clients.logs.of_job import (
    append_log,
    line_number,
    line_start,
    log_lines,
    log_size,
    read_log,
)
from towpath.pipelines.clients.logs.reading import LONGEST_LINE, Line, Piece
from towpath.pipelines.clients.process import LocalRunner, local_runner, walls
from towpath.pipelines.formats import ansi
from towpath.pipelines.formats import workflow as workflow_files
from towpath.pipelines.model import contexts, planning, telling, triggers
from towpath.pipelines.model import run as deciding
from towpath.pipelines.model.execution import RUNNER_USER, Outcome
from towpath.pipelines.model.run import (
    Conclude,
    Expand,
    Finish,
    Job,
    Queue,
    Run,
    Step,
    Stop,
    Suite,
    SuiteConclusion,
)
from towpath.pipelines.model.workflow import InvalidWorkflow, Problem, Workflow
from towpath.pipelines.store import jobs as job_rows
from towpath.pipelines.store import leases
from towpath.pipelines.store import suites as suite_rows
from towpath.pipelines.store.jobs import job, jobs_of, steps
from towpath.pipelines.store.leases import (
    EXPIRY,
    QUEUED,
    claim,
    heartbeat,
    held,
    report,
    stop_channel,
    stopping,
)
from towpath.pipelines.store.suites import run, runs, runs_of, suite, suites_of, suites_with

__all__ = [
    "EXPIRY", "QUEUED", "RUNNER_USER", "Job", "Line", "LocalRunner", "Piece", "Run", "Step",
    "Suite",
    "append_log", "cancel_run", "cancel_suite", "claim", "expected_seconds", "expire", "finish",
    "forget", "heal", "heartbeat", "held", "job", "jobs_of", "line_html", "line_number",
    "line_start", "local_runner", "log_lines", "log_size", "plan", "read_log", "report", "run",
    "runs", "runs_in", "runs_of", "steps", "steps_of", "stop_channel",
    "stopping", "suite", "suites_of", "suites_with", "trigger", "trigger_merge_request",
    "unplannable", "walls",
]  # fmt: skip
repository_of_run = suite_rows.repository_of_run
PLAN = "pipelines.plan"
FOLDERS = (".towpath/workflows", ".github/workflows")
"""Where files are looked for; the first folder that has any is the one that counts."""
MAX_FILES = 50
_FORGOTTEN_AT_ONCE = 100


def trigger(  # noqa: PLR0913 - the fields of an event
    tx: Tx,
    repository: str,
    sha: str,
    ref: str,
    event: str,
    *,
    key: str,
    payload: Mapping[str, Any] | None = None,
    actor: str = "",
) -> str:
    """Ask for what the workflow files at `sha` say about an event; returns the suite's id.

    The same key gives the same suite. The payload is what `github.event` will hold; "source" and
    "target" in it name branches, "base" the commit to compare with for path filters.
    """
    known = suite_rows.suite_by_key(tx, key)
    if known:
        return known.id
    asked = Suite(
        id=ids.new("suite"), repository=repository, sha=sha, ref=ref, event=event, key=key,
        payload=payload or {}, actor=actor, state="planning", conclusion=None, summary="",
        run=None, created=tx.now, finished=None,
    )  # fmt: skip
    suite_rows.add_suite(tx, asked)
    work.add(tx, PLAN, {"suite": asked.id}, key=asked.id)
    return asked.id


def trigger_merge_request(tx: Tx, repository: str, number: int, head: str, *, key: str) -> str:
    """Ask for what the files at a merge request's head say about event pull_request."""
    request = forge.merge_request(tx, repository, number)
    payload = {
        "number": number, "source": request.source, "target": request.target,
        "base": request.base, "title": request.title, "author": request.author,
    }  # fmt: skip
    return trigger(
        tx, repository, head, f"refs/heads/{request.source}", "pull_request",
        key=key, payload=payload, actor=request.author,
    )  # fmt: skip


def plan(kernel: Kernel, item: Item) -> Then | None:
    """Read the files of a suite's commit; what it returns writes the runs."""
    asked = kernel.db.read(lambda tx: suite_rows.suite(tx, item.payload["suite"]))
    if asked.state != "planning":
        return None
    workflows, problems = _read_files(kernel, asked)
    if problems:
        return lambda tx: _begin(tx, asked, planning.Planned((), tuple(problems)))
    chosen = triggers.matching(workflows, _event(kernel, asked, workflows))
    origin, now = kernel.db.read(lambda tx: (_origin(tx, kernel, asked), tx.now))
    planned = planning.plan(asked, chosen, origin, now)
    return lambda tx: _begin(tx, asked, planned)


def unplannable(tx: Tx, suite: str, why: str) -> None:
    """End a suite that cannot be planned, so that nobody waits for it without a word."""
    problem = Problem("(planning)", 1, 1, "", why)
    _begin(tx, suite_rows.suite(tx, suite), planning.Planned((), (problem,)))


def _read_files(kernel: Kernel, asked: Suite) -> tuple[list[Workflow], list[Problem]]:
    workflows: list[Workflow] = []
    problems: list[Problem] = []
    paths = _paths(kernel, asked)
    if len(paths) > MAX_FILES:
        problems.append(Problem(paths[MAX_FILES], 1, 1, "", f"Only {MAX_FILES} files are read."))
    for path in paths[:MAX_FILES]:
        try:
            source = forge.read_file(kernel, asked.repository, asked.sha, path)
            workflows.append(workflow_files.parse(source or b"", path))
        except InvalidWorkflow as error:
            problems += error.problems
        except TooLarge as error:
            problems.append(Problem(path, 1, 1, "", error.detail))
    return workflows, problems


def _paths(kernel: Kernel, asked: Suite) -> list[str]:
    for folder in FOLDERS:
        listed = forge.list_files(kernel, asked.repository, asked.sha, folder)
        if found := sorted(path for path in listed if path.endswith((".yml", ".yaml"))):
            return found
    return []


def _event(kernel: Kernel, asked: Suite, workflows: Sequence[Workflow]) -> triggers.Event:
    base = asked.payload.get("base")
    changed = None
    if isinstance(base, str) and triggers.filters_paths(workflows):
        difference = forge.diff(kernel, asked.repository, base, asked.sha)
        if len(difference.files) == difference.count:
            found = {path for file in difference.files for path in (file.path, file.old_path)}
            changed = tuple(path for path in found if path)
    branch = triggers.branch_of(asked.event, asked.ref, asked.payload)
    return triggers.Event(asked.event, branch, changed)


def _origin(tx: Tx, kernel: Kernel, asked: Suite) -> contexts.Origin:
    return contexts.Origin(
        repository=forge.repository(tx, asked.repository).full_name,
        sha=asked.sha,
        ref=asked.ref,
        event=asked.event,
        payload=asked.payload,
        actor=asked.actor,
        server_url=kernel.url,
    )


def _begin(tx: Tx, asked: Suite, planned: planning.Planned) -> None:
    # A suite that was cancelled while it was being planned stays so.
    if not suite_rows.move_suite(tx, asked.id, "planning", state="running"):
        return
    for made, jobs in planned.runs:
        suite_rows.add_run(tx, made)
        job_rows.add_jobs(tx, jobs)
        _say(tx, made, "pending", f"Jobs to run: {len(jobs)}")
        advance(tx, made.id)
    if planned.problems:
        told = "\n".join(map(str, planned.problems))
        forge.set_status(
            tx, asked.repository, asked.sha, "towpath/workflow-files", "error", told[:900]
        )
        _finish_suite(tx, asked, "invalid", told, None)
    elif not planned.runs:
        _finish_suite(tx, asked, "absent", "No workflow file matches this event.", None)


def advance(tx: Tx, run_id: str) -> None:
    """Do what decide() says until it says nothing more."""
    current = suite_rows.run(tx, run_id)
    while current.state == "running":
        jobs = job_rows.jobs_of(tx, [run_id])
        cancelled = current.cancelled_by is not None
        actions = deciding.decide(jobs, current.github, cancelled=cancelled)
        if not actions:
            break
        by_id = {each.id: each for each in jobs}
        for action in actions:
            if isinstance(action, Finish):
                _finish_run(tx, current, action.conclusion, jobs)
                return
            _apply(tx, by_id[action.job], action)
    suite_rows.wake(tx, current)


def _apply(tx: Tx, before: Job, action: Expand | Queue | Conclude | Stop) -> None:
    match action:
        case Expand(_, made):
            job_rows.expand(tx, before, made)
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
    state = "success" if conclusion == "success" else "failure"
    _say(tx, ended, state, _summary(tx, suite_rows.run(tx, ended.id), jobs))
    suite_rows.wake(tx, ended)
    siblings = suite_rows.runs_of(tx, [ended.suite])
    if all(each.state == "finished" for each in siblings):
        _conclude_suite(tx, suite_rows.suite(tx, ended.suite), siblings)


def _conclude_suite(tx: Tx, ended: Suite, members: Sequence[Run]) -> None:
    order: tuple[SuiteConclusion, ...] = ("failure", "cancelled", "success")
    conclusion = next(each for each in order if each in {one.conclusion for one in members})
    shown = next(each for each in members if each.conclusion == conclusion)
    summary = _summary(tx, shown, job_rows.jobs_of(tx, [shown.id]))
    _finish_suite(tx, ended, conclusion, f"{shown.workflow}: {summary}", shown.id)


def _finish_suite(
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


def _say(tx: Tx, about: Run, state: Any, words: str) -> None:
    url = f"{about.github['server_url']}/runs/{about.id}"
    said = (f"towpath/{about.workflow}"[:200], state, words[:900], url)
    forge.report_run(tx, about.repository, about.sha, *said, run=about.id)


def runs_in(
    tx: Tx,
    full_name: str | None,
    *,
    sha: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> list[Run]:
    """List runs, newest first, of one repository ("owner/name") or of all."""
    repository = None
    if full_name is not None:
        owner, _, name = full_name.partition("/")
        repository = forge.find_repository(tx, owner, name).id
    return suite_rows.runs(tx, repository, sha, None, after, limit)


def steps_of(tx: Tx, jobs: Sequence[Job]) -> dict[str, list[Step]]:
    """List the steps of the current attempt of each job, by job id."""
    return {each.id: job_rows.steps(tx, each.id, each.attempt) for each in jobs}


def line_html(text: bytes, number: int) -> str:
    """Make one line of a log safe HTML with an address of its own, colours as classes."""
    shown, _ = ansi.line_html(text[:LONGEST_LINE].decode("utf-8", "replace"))
    return f'<span class="line" id="L{number}"><a href="#L{number}">{number}</a>{shown}\n</span>'


def cancel_run(tx: Tx, run_id: str, by: str) -> Run:
    """End a run: what waits is cancelled now, what runs is told to stop. Conflict when over."""
    if not suite_rows.cancel_run(tx, run_id, by) and suite_rows.run(tx, run_id).state != "running":
        raise Conflict("This run is over.", next_step="Nothing is left to cancel.")
    advance(tx, run_id)
    return suite_rows.run(tx, run_id)


def cancel_suite(tx: Tx, suite_id: str, by: str = "towpath") -> None:
    """End all that a trigger asked for; nothing happens when it is over."""
    asked = suite_rows.suite(tx, suite_id)
    if suite_rows.move_suite(tx, suite_id, "planning", state="running"):
        _finish_suite(tx, asked, "cancelled", f"cancelled by {by}", None)
        return
    for each in suite_rows.runs_of(tx, [suite_id]):
        if each.state == "running" and suite_rows.cancel_run(tx, each.id, by):
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
    advance(tx, mine.run)


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
    advance(tx, found.run)


def _requeue(tx: Tx, lost: Job, why: str) -> None:
    """Give a job back to the queue, unless it was to be stopped or keeps losing its runners."""
    after_loss = deciding.lost(lost, why)
    moment = {"queued": tx.now, "started": None} if after_loss.state == "queued" else {}
    job_rows.move_job(
        tx, lost, state=after_loss.state, conclusion=after_loss.conclusion, why=after_loss.why,
        finished=None if moment else tx.now, lease=None, lease_until=None, token=None, **moment,
    )  # fmt: skip
    tx.wake(QUEUED)


def expected_seconds(tx: Tx, repository: str) -> float | None:
    """How long a suite of this repository takes that passes; None when none has passed yet."""
    recent = suite_rows.recent_suites(tx, repository, "success")
    spans = [(each.finished - each.created) / SECOND for each in recent if each.finished]
    return median(spans) if spans else None


def heal(kernel: Kernel) -> None:
    """At start: nobody could renew a lease while no server was there."""
    kernel.db.write(leases.renew_all)
    process.forget_old_tokens(kernel)


def forget(kernel: Kernel, before: Micros) -> None:
    """Delete runs that ended before a moment, with their logs."""
    while old := kernel.db.read(lambda tx: suite_rows.old_runs(tx, before, _FORGOTTEN_AT_ONCE)):
        for run_id in old:
            writing.forget(kernel.data, run_id)
        kernel.db.write(lambda tx: suite_rows.forget_runs(tx, old))
    kernel.db.write(lambda tx: suite_rows.forget_empty_suites(tx, before))

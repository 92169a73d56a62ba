"""The verbs of pipelines: the one door for gate, for our pages and for our wire.

trigger writes a suite and a piece of work; planning reads the files outside of a transaction and
writes runs and jobs; from then on every change of a job asks decide() what comes next, in the
same transaction. Whoever asked hears of the end by SuiteFinished, exactly once.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from towpath.facts.pipelines import SuiteFinished
from towpath.forge import service as forge
from towpath.kernel import ids
from towpath.kernel.access import service as access
from towpath.kernel.clock import SECOND, Micros, after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput, NotFound, TooLarge
from towpath.kernel.outbox import announce
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Item, Then
from towpath.pipelines.clients.logs import reading, writing
from towpath.pipelines.clients.logs.reading import Line as Line
from towpath.pipelines.clients.logs.reading import Piece as Piece
from towpath.pipelines.formats import ansi
from towpath.pipelines.formats import workflow as workflow_files
from towpath.pipelines.model import contexts, planning, telling, triggers
from towpath.pipelines.model import run as deciding
from towpath.pipelines.model.execution import (
    LOG_CAP,
    Assignment,
    Outcome,
    Source,
    StepReport,
)
from towpath.pipelines.model.run import (
    Conclude,
    Finish,
    Queue,
    Stop,
    SuiteConclusion,
)
from towpath.pipelines.model.run import (
    Job as Job,
)
from towpath.pipelines.model.run import (
    Run as Run,
)
from towpath.pipelines.model.run import (
    Step as Step,
)
from towpath.pipelines.model.run import (
    Suite as Suite,
)
from towpath.pipelines.model.workflow import InvalidWorkflow, Problem, Workflow
from towpath.pipelines.store import jobs as job_rows
from towpath.pipelines.store import suites as suite_rows
from towpath.pipelines.store.jobs import job as job
from towpath.pipelines.store.jobs import jobs_of as jobs_of
from towpath.pipelines.store.jobs import steps as steps
from towpath.pipelines.store.suites import (
    run as run,
)
from towpath.pipelines.store.suites import (
    runs as runs,
)
from towpath.pipelines.store.suites import (
    runs_of as runs_of,
)
from towpath.pipelines.store.suites import (
    suite as suite,
)
from towpath.pipelines.store.suites import (
    suites_of as suites_of,
)

PLAN = "pipelines.plan"
LEASE = "pipelines.lease"
QUEUED = "pipelines:queued"
"""The channel that runners wait on."""
RUNNER_USER = "towpath-runner"
FOLDERS = (".towpath/workflows", ".github/workflows")
"""Where files are looked for; the first folder that has any is the one that counts."""
MAX_FILES = 50
_FORGOTTEN_AT_ONCE = 100


# Asking for a suite, and planning it


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
    origin = kernel.db.read(lambda tx: _origin(tx, kernel, asked))
    planned = planning.plan(asked, chosen, origin, kernel.clock.now())
    return lambda tx: _begin(tx, asked, planned)


def _read_files(kernel: Kernel, asked: Suite) -> tuple[list[Workflow], list[Problem]]:
    workflows: list[Workflow] = []
    problems: list[Problem] = []
    for path in _paths(kernel, asked):
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
            return found[:MAX_FILES]
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
        _say(tx, made, "pending", f"{len(jobs)} jobs are to run")
        advance(tx, made.id)
    if planned.problems:
        told = "\n".join(map(str, planned.problems))
        forge.set_status(
            tx, asked.repository, asked.sha, "towpath/workflow-files", "error", told[:900]
        )
        _finish_suite(tx, asked, "invalid", told, None)
    elif not planned.runs:
        _finish_suite(tx, asked, "absent", "No workflow file matches this event.", None)


# What happens next to a run


def advance(tx: Tx, run_id: str) -> None:
    """Do what decide() says until it says nothing more."""
    current = suite_rows.run(tx, run_id)
    while current.state == "running":
        jobs = job_rows.jobs_of(tx, [run_id])
        cancelled = current.cancelled_by is not None
        actions = deciding.decide(jobs, current.github, cancelled=cancelled)
        if not actions:
            break
        by_key = {each.key: each for each in jobs}
        for action in actions:
            if isinstance(action, Finish):
                _finish_run(tx, current, action.conclusion, jobs)
                return
            _apply(tx, by_key[action.job], action)
    _wake(tx, current)


def _apply(tx: Tx, before: Job, action: Queue | Conclude | Stop) -> None:
    match action:
        case Queue():
            job_rows.move_job(tx, before, state="queued", queued=tx.now)
            tx.wake(QUEUED)
        case Conclude(_, conclusion, why):
            job_rows.move_job(
                tx, before, state="finished", conclusion=conclusion, why=why, finished=tx.now
            )
        case Stop():
            job_rows.move_job(tx, before, stop=True)
            tx.wake(stop_channel(before.id))


def stop_channel(job_id: str) -> str:
    """The channel that tells whoever runs a job that it must end."""
    return f"pipelines:stop:{job_id}"


def _finish_run(tx: Tx, ended: Run, conclusion: Any, jobs: Sequence[Job]) -> None:
    if not suite_rows.finish_run(tx, ended.id, conclusion):
        return
    state = "success" if conclusion == "success" else "failure"
    _say(tx, ended, state, _summary(tx, suite_rows.run(tx, ended.id), jobs))
    _wake(tx, ended)
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
    context = f"towpath/{about.workflow}"[:200]
    forge.set_status(tx, about.repository, about.sha, context, state, words[:900], url)


def _wake(tx: Tx, changed: Run) -> None:
    for topic in (f"run:{changed.id}", f"repository:{changed.repository}", "home"):
        tx.wake(f"live:{topic}")


# Reading


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


def runs_of_request(tx: Tx, repository: str, number: int) -> list[Run]:
    """List the runs of a merge request's head, in the order they were made."""
    head = forge.merge_request(tx, repository, number).head
    return suite_rows.runs_of(tx, [each.id for each in suite_rows.suites_of(tx, repository, head)])


def steps_of(tx: Tx, jobs: Sequence[Job]) -> dict[str, list[Step]]:
    """List the steps of the current attempt of each job, by job id."""
    return {each.id: job_rows.steps(tx, each.id, each.attempt) for each in jobs}


# Cancelling


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


# What runners do


def claim(tx: Tx, runner: str, labels: Iterable[str], lease: str) -> Assignment | None:
    """Take the job that waits longest of those whose `runs-on` this runner serves.

    A lease that holds a job already gets it again: the answer to its claim was lost.
    """
    if mine := job_rows.held_by(tx, _digest(lease)):
        return _assignment(tx, mine, lease)
    served = {label.lower() for label in labels}
    for waiting in job_rows.queued(tx):
        if {label.lower() for label in waiting.spec.runs_on} <= served:
            return _assign(tx, waiting, runner, lease)
    return None


def _assign(tx: Tx, waiting: Job, runner: str, lease: str) -> Assignment | None:
    attempt = waiting.attempt + 1
    until = job_rows.lease_end(tx)
    taken = job_rows.move_job(
        tx, waiting, state="running", attempt=attempt, runner=runner, stop=False, why="",
        started=tx.now, lease=_digest(lease), lease_until=until, log_bytes=0,
    )  # fmt: skip
    if not taken:
        return None
    job_rows.add_steps(tx, waiting, attempt)
    payload = {"job": waiting.id, "attempt": attempt}
    work.add(tx, LEASE, payload, key=f"{waiting.id}/{attempt}", due=until)
    return _assignment(tx, job_rows.job(tx, waiting.id), lease)


def _assignment(tx: Tx, taken: Job, lease: str) -> Assignment:
    of = suite_rows.run(tx, taken.run)
    jobs = {each.key: each for each in job_rows.jobs_of(tx, [of.id])}
    github = {**of.github, "job": taken.key, "run_attempt": str(taken.attempt)}
    _revoke(tx, job_rows.held_job(tx, taken.id)[1])
    token_id, token = _read_token(tx, taken, of)
    job_rows.move_job(tx, taken, token=token_id)
    _wake(tx, of)
    return Assignment(
        job=taken.id, run=of.id, attempt=taken.attempt, lease=lease, name=taken.name,
        spec=taken.spec, env=of.env, github=github, needs=deciding.needs(taken, jobs),
        source=Source(path=f"/{github['repository']}.git", token=token),
    )  # fmt: skip


def _read_token(tx: Tx, waiting: Job, of: Run) -> tuple[str, str]:
    access.ensure_system_user(tx, RUNNER_USER, "The runner", access.Role.viewer)
    expires = after(tx.now, waiting.spec.timeout_minutes * 60 + 3600)
    scopes = (f"repo:read:{of.repository}",)
    return access.create_token(tx, RUNNER_USER, waiting.id, scopes=scopes, expires=expires)


def held(tx: Tx, job_id: str, lease: str) -> Job:
    """Find the job that this lease holds; Conflict when it is another's by now, or over."""
    found, holder = job_rows.held_job(tx, job_id)
    if found.state != "running" or holder.digest != _digest(lease):
        raise Conflict(
            "This job is no longer yours: it was given back, taken over, or is over.",
            next_step="Stop it and throw its results away.",
        )
    return found


def heartbeat(tx: Tx, job_id: str, lease: str) -> bool:
    """Keep a job for another lease; True when it is to be stopped."""
    mine = held(tx, job_id, lease)
    job_rows.renew(tx, job_id)
    return mine.stop


def stopping(tx: Tx, job_id: str, lease: str) -> bool:
    """Whether a job is to be stopped, without keeping it."""
    return held(tx, job_id, lease).stop


def report(tx: Tx, job_id: str, lease: str, reports: Sequence[StepReport]) -> bool:
    """Write how steps are doing; True when the job is to be stopped."""
    mine = held(tx, job_id, lease)
    for each in reports:
        job_rows.report_step(tx, mine, each)
    tx.wake(f"live:run:{mine.run}")
    return mine.stop


def finish(tx: Tx, job_id: str, lease: str, outcome: Outcome) -> None:
    """Write how an attempt ended; the same lease may say so again, and nothing changes."""
    found, holder = job_rows.held_job(tx, job_id)
    if found.state == "finished" and holder.digest == _digest(lease):
        return
    mine = held(tx, job_id, lease)
    for each in outcome.steps:
        job_rows.report_step(tx, mine, each)
    _revoke(tx, holder)
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
    if holder.until and holder.until > tx.now:
        work.add(tx, LEASE, item.payload, key=item.key, due=holder.until)
        return
    _revoke(tx, holder)
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


def _revoke(tx: Tx, holder: job_rows.Lease) -> None:
    if holder.token:
        with suppress(NotFound):  # it has died of age
            access.revoke_token(tx, RUNNER_USER, holder.token)


def _digest(lease: str) -> str:
    return hashlib.sha256(lease.encode()).hexdigest()


# Logs


def append_log(kernel: Kernel, of: Job, offset: int, chunk: bytes) -> int:
    """Put bytes into a job's log; returns how many are on disk for good."""
    if offset < 0:
        raise InvalidInput("An offset is 0 or more.")
    return writing.append(_log(kernel, of), offset, chunk)


def log_size(kernel: Kernel, of: Job) -> int:
    return reading.size(_log(kernel, of))


def read_log(kernel: Kernel, of: Job, start: int, length: int) -> bytes:
    return reading.read(_log(kernel, of), start, length)


def log_lines(
    kernel: Kernel, of: Job, start: int, stop: int, *, most: int, last: bool = False
) -> Piece:
    """Read lines of a log between two bytes; with `last`, the last ones."""
    path = _log(kernel, of)
    if last:
        start = reading.tail_start(path, start, stop, most)
    return reading.lines(path, start, stop, most=most)


def line_start(kernel: Kernel, of: Job, number: int) -> int:
    """Find the byte at which a line begins."""
    path = _log(kernel, of)
    return reading.line_start(path, number, reading.size(path))


def line_number(kernel: Kernel, of: Job, at: int) -> int:
    """Count the line that begins at a byte, from 1."""
    return 1 + reading.newlines(_log(kernel, of), at)


def line_html(text: bytes, number: int) -> str:
    """Make one line of a log safe HTML with an address of its own, colours as classes."""
    shown, _ = ansi.line_html(text[: reading.LONGEST_LINE].decode("utf-8", "replace"))
    return f'<span class="line" id="L{number}"><a href="#L{number}">{number}</a>{shown}\n</span>'


def _log(kernel: Kernel, of: Job) -> Path:
    return writing.log_path(kernel.data, of.run, of.id, max(of.attempt, 1))


# Figures and age


def expected_seconds(tx: Tx, repository: str) -> float | None:
    """How long a suite of this repository takes that passes; None when none has passed yet."""
    recent = suite_rows.recent_suites(tx, repository, "success")
    spans = [(each.finished - each.created) / SECOND for each in recent if each.finished]
    return median(spans) if spans else None


def heal(kernel: Kernel) -> None:
    """At start: nobody could renew a lease while no server was there."""
    kernel.db.write(job_rows.renew_all)


def forget(kernel: Kernel, before: Micros) -> None:
    """Delete runs that ended before a moment, with their logs."""
    while old := kernel.db.read(lambda tx: suite_rows.old_runs(tx, before, _FORGOTTEN_AT_ONCE)):
        for run_id in old:
            writing.forget(kernel.data, run_id)
        kernel.db.write(lambda tx: suite_rows.forget_runs(tx, old))
    kernel.db.write(lambda tx: suite_rows.forget_empty_suites(tx, before))


LOG_LIMIT = LOG_CAP + writing.SLACK

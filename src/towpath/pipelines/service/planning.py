"""From a trigger to runs and jobs: which files there are, and what they say about an event."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from towpath.forge import service as forge
from towpath.kernel import ids
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound, TooLarge
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Item, Then
from towpath.pipelines.formats import workflow as workflow_files
from towpath.pipelines.formats.called import Address, gather
from towpath.pipelines.model import contexts, planning, triggers
from towpath.pipelines.model.run import (
    Suite,
)
from towpath.pipelines.model.workflow import FOLDERS, InvalidWorkflow, Problem, Workflow
from towpath.pipelines.service import acting
from towpath.pipelines.service.running import advance, finish_suite, say
from towpath.pipelines.store import jobs as job_rows
from towpath.pipelines.store import suites as suite_rows
from towpath.pipelines.store import turns

PLAN = "pipelines.plan"
MAX_FILES = 50


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
    only: Sequence[str] = (),
) -> str:
    """Ask for what the workflow files at `sha` say about an event; returns the suite's id.

    The same key gives the same suite. The payload is what `github.event` will hold; "source" and
    "target" in it name branches, "base" the commit to compare with for path filters. `only` names
    the files to go by, where not all are meant.
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
    work.add(tx, PLAN, {"suite": asked.id, "only": [*only]}, key=asked.id)
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


def run_again(tx: Tx, run_ids: Sequence[str], *, key: str) -> None:
    """Ask once more for what these runs were asked for; those forgotten with age stay so."""
    ended = suite_rows.runs_with(tx, run_ids)
    of = suite_rows.suites_with(tx, [each.suite for each in ended])
    for asked in of.values():
        trigger(
            tx, asked.repository, asked.sha, asked.ref, asked.event,
            key=f"{key}/{asked.id}", payload=asked.payload, actor=asked.actor,
            only=[each.path for each in ended if each.suite == asked.id],
        )  # fmt: skip


def plan(kernel: Kernel, item: Item) -> Then | None:
    """Read the files of a suite's commit; what it returns writes the runs."""
    asked = kernel.db.read(lambda tx: suite_rows.suite(tx, item.payload["suite"]))
    if asked.state != "planning":
        return None
    workflows, problems = _read_files(kernel, asked)
    if problems:
        return lambda tx: _begin(tx, asked, planning.Planned((), tuple(problems)))
    only = item.payload.get("only") or [each.path for each in workflows]
    found = triggers.matching(workflows, _event(kernel, asked, workflows))
    chosen = [each for each in found if each.path in only]
    origin, now = kernel.db.read(lambda tx: (_origin(tx, kernel, asked), tx.now))
    read = partial(_read_called, kernel, asked)
    whole = [gather(each, read) for each in chosen]
    if refused := acting.refusals(kernel, asked.repository, whole):
        return lambda tx: _begin(tx, asked, planning.Planned((), refused))
    planned = planning.plan(asked, whole, origin, now)
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


def _read_called(kernel: Kernel, asked: Suite, where: Address) -> bytes:
    """Read a workflow that another calls, from the run's own commit or another repository."""
    repository, sha = asked.repository, asked.sha
    if where.repository:
        owner, _, name = where.repository.partition("/")
        repository = kernel.db.read(lambda tx: forge.find_from(tx, repository, owner, name).id)
        sha = where.commit
    found = forge.read_file(kernel, repository, sha, where.path)
    if found is None:
        raise NotFound(f"There is no workflow `{where}`.")
    return found


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
    for made, jobs, called in planned.runs:
        suite_rows.add_run(tx, made, called)
        job_rows.add_jobs(tx, jobs)
        say(tx, made, f"Jobs to run: {len(jobs)}")
        if made.concurrency:
            turns.ask(tx, made.repository, made.id, made.concurrency)
        advance(tx, made.id)
    if planned.problems:
        told = "\n".join(map(str, planned.problems))
        forge.set_status(
            tx, asked.repository, asked.sha, "towpath/workflow-files", "error", told[:900]
        )
        finish_suite(tx, asked, "invalid", told, None)
    elif not planned.runs:
        finish_suite(tx, asked, "absent", "No workflow file matches this event.", None)

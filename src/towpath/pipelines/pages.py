"""The run page and the log page, and what pipelines add to the pages of others.

They answer: is it green, what failed first and where is the log, what still runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.kernel.access.service import Role
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.context import Kernel
from towpath.kernel.errors import NotFound
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.pages.rendering import fragment, principal, render
from towpath.pipelines import service
from towpath.pipelines.model import drawing, telling
from towpath.pipelines.model.execution import Annotation
from towpath.pipelines.model.levels import leaves, waits
from towpath.pipelines.service import Job, Piece, Run, Step

READS = Depends(Needs(Role.viewer, service.repository_of_run))
MEMBERS = Depends(Needs(Role.member, service.repository_of_run))
_PAGE_LINES = 1000
_STEP_LINES = 300
_SHOWN_LINES = 3000
_NEWEST = 6
_CONTEXT_LINES = 5
_SHOWN_ANNOTATIONS = 100
_SHOWN_SUMMARIES = 512 * 1024

_WORDS = {
    "waiting": ("waiting", "waiting"),
    "pending": ("waits for its turn", "waiting"),
    "admitted": ("waits for a runner", "waiting"),
    "queued": ("waits for a runner", "waiting"),
    "running": ("running", "busy"),
    "calling": ("its jobs run", "busy"),
    "success": ("passed", "good"),
    "failure": ("failed", "bad"),
    "cancelled": ("cancelled", "neutral"),
    "skipped": ("skipped", "neutral"),
}


@dataclass(frozen=True)
class Shown:
    """A run, job or step beside the words for its state."""

    of: Any
    word: str
    kind: str
    seconds: float | None
    cause: telling.Cause | None = None


@dataclass(frozen=True)
class Part:
    """One step with the last lines of its output; `hidden` bytes before them are not shown."""

    step: Shown
    piece: Piece | None
    hidden: int
    open: bool


@dataclass(frozen=True)
class Said:
    """What steps said, beside who said it, and how much of it is not shown."""

    annotations: Sequence[tuple[Job, Step, Annotation]]
    more_annotations: int
    summaries: Sequence[tuple[Job, Step]]
    more_summaries: int


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/runs/{run}", show_run, methods=["GET"], dependencies=[READS])
    routes.add_api_route(
        "/runs/{run}/cancel", cancel_run, methods=["POST"], dependencies=[MEMBERS]
    )
    routes.add_api_route(
        "/runs/{run}/artifacts/{artifact}", fetch_artifact, methods=["GET"],
        dependencies=[READS],
    )  # fmt: skip
    routes.add_api_route(
        "/runs/{run}/artifacts/{artifact}/remove", remove_artifact, methods=["POST"],
        dependencies=[MEMBERS],
    )  # fmt: skip
    routes.add_api_route("/runs/{run}/jobs/{job}", show_job, methods=["GET"], dependencies=[READS])
    return routes


def show_run(request: Request, kernel: TheKernel, run: str) -> Response:
    found, jobs = kernel.db.read(lambda tx: (service.run(tx, run), service.jobs_of(tx, [run])))
    steps = kernel.db.read(lambda tx: service.steps_of(tx, jobs))
    now = kernel.clock.now()
    failed = telling.first_failure(jobs)
    return render(
        request,
        "pipelines/run.html",
        run=_shown(found, found.created, now),
        jobs={job.id: _shown(job, job.started, now) for job in leaves(jobs)},
        graph=drawing.draw(waits(jobs)),
        said=_said(jobs, steps),
        artifacts=kernel.db.read(lambda tx: service.artifacts_of_run(tx, run)),
        failed=failed,
        failure=telling.failure(failed, steps[failed.id]) if failed else "",
    )


def _said(jobs: Sequence[Job], steps: Mapping[str, Sequence[Step]]) -> Said:
    """Gather what steps said to people, no more of it than a page bears."""
    all_of_them = [(job, step) for job in jobs for step in steps[job.id]]
    annotations = [(*each, said) for each in all_of_them for said in each[1].annotations]
    summaries, room = [], _SHOWN_SUMMARIES
    for job, step in all_of_them:
        room -= len(step.summary)
        if step.summary and room >= 0:
            summaries.append((job, step))
    left = sum(bool(step.summary) for _, step in all_of_them) - len(summaries)
    shown = annotations[:_SHOWN_ANNOTATIONS]
    return Said(shown, len(annotations) - len(shown), summaries, left)


def cancel_run(kernel: TheKernel, caller: Caller, run: str) -> Response:
    kernel.db.write(lambda tx: service.cancel_run(tx, run, caller.login))
    return RedirectResponse(f"/runs/{run}", status_code=303)


def fetch_artifact(kernel: TheKernel, run: str, artifact: int) -> Response:
    """Lead a browser to the bytes of an artifact."""
    found = kernel.db.read(lambda tx: service.artifact(tx, run, artifact))
    to = kernel.db.read(lambda tx: service.artifact_address(tx, kernel.url, found))
    return RedirectResponse(to, status_code=302)


def remove_artifact(kernel: TheKernel, run: str, artifact: int) -> Response:
    kernel.db.write(lambda tx: service.drop_artifact(tx, service.artifact(tx, run, artifact)))
    return RedirectResponse(f"/runs/{run}#artifacts-title", status_code=303)


def show_job(
    request: Request,
    kernel: TheKernel,
    run: str,
    job: str,
    start: Annotated[int | None, Query(alias="from", ge=0)] = None,
    line: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Show the log by step; with ?from=BYTE or ?line=N a page of it as it stands."""
    of, found = kernel.db.read(lambda tx: (service.run(tx, run), service.job(tx, job)))
    if found.run != of.id:
        raise NotFound("This run has no such job.", next_step=f"Look at /runs/{of.id}.")
    if line is not None:
        start = service.line_start(kernel, found, max(1, line - _CONTEXT_LINES))
    size = service.log_size(kernel, found)
    now = kernel.clock.now()
    steps = kernel.db.read(lambda tx: service.steps_of(tx, [found]))[found.id]
    whole = found.state == "finished" and start is None
    return render(
        request,
        "pipelines/job.html",
        run=_shown(of, of.created, now),
        job=_shown(found, found.started, now),
        steps=[_shown(step, step.started, now) for step in steps],
        parts_=list(_parts(kernel, found, steps, now)) if whole else [],
        piece=None if whole else _page(kernel, found, start, size),
        before=_page_before(kernel, found, start),
        size=size,
        line_html=_line_html,
    )


def _parts(kernel: Kernel, job: Job, steps: Sequence[Step], now: Micros) -> Iterator[Part]:
    """Show the end of each step's output, in all no more lines than a browser bears."""
    left = _SHOWN_LINES
    for step in steps:
        failed = step.conclusion == "failure"
        shown = _shown(step, step.started, now)
        if step.log_from is None or step.log_to is None or not left:
            yield Part(shown, None, 0, failed)
            continue
        piece = service.log_lines(
            kernel, job, step.log_from, step.log_to, most=min(left, _STEP_LINES), last=True
        )
        left -= len(piece.lines)
        yield Part(shown, piece, piece.start - step.log_from, failed)


def _page(kernel: Kernel, job: Job, start: int | None, size: int) -> Piece:
    last = start is None
    return service.log_lines(kernel, job, start or 0, size, most=_PAGE_LINES, last=last)


def _page_before(kernel: Kernel, job: Job, start: int | None) -> int | None:
    if not start:
        return None
    return service.log_lines(kernel, job, 0, start, most=_PAGE_LINES, last=True).start


def _line_html(line: service.Line) -> Markup:
    return Markup(service.line_html(line.text, line.number))  # noqa: S704 - escaped by ansi


def _shown(of: Run | Job | Step, began: Micros | None, now: Micros) -> Shown:
    word, kind = _WORDS[of.conclusion or of.state]
    seconds = None if began is None else ((of.finished or now) - began) / SECOND
    return Shown(of, word, kind, seconds, telling.cause(of) if isinstance(of, Run) else None)


def repository_slot(kernel: Kernel, request: Request, facts: Mapping[str, Any]) -> Markup:
    """Facts: `repository` (id or record); shows its newest runs."""
    repository = _id(facts["repository"])
    runs = kernel.db.read(lambda tx: service.runs(tx, repository, limit=_NEWEST))
    return _fragment(kernel, request, runs)


def home_slot(kernel: Kernel, request: Request, _: Mapping[str, Any]) -> Markup:
    looking = principal(request)
    if looking is None:
        return Markup("")
    runs = kernel.db.read(lambda tx: service.runs_in(tx, looking, limit=_NEWEST))
    return _fragment(kernel, request, runs)


def _fragment(kernel: Kernel, request: Request, runs: Sequence[Run]) -> Markup:
    if not runs:
        return Markup("")
    now = kernel.clock.now()
    shown = [_shown(run, run.created, now) for run in runs]
    return fragment(request, "pipelines/runs.html", runs=shown)


def _id(repository: Any) -> str:
    return str(getattr(repository, "id", repository))


SLOTS = {
    "repository": repository_slot,
    "home": home_slot,
}

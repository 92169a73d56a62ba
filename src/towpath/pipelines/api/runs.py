"""Runs and their logs for programs."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from towpath.kernel.access.service import Role
from towpath.kernel.clock import to_datetime
from towpath.kernel.context import Kernel
from towpath.kernel.http import paging, sse
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.pipelines import service
from towpath.pipelines.api import ranges
from towpath.pipelines.api.bells import Bells
from towpath.pipelines.api.tails import Tail, resume_at

VIEWERS = Depends(Needs(Role.viewer, also="lists what the caller may know of"))
READS_RUN = Depends(Needs(Role.viewer, service.repository_of_run))
READS_JOB = Depends(Needs(Role.viewer, service.repository_of_job))
MEMBERS = Depends(Needs(Role.member, service.repository_of_run))
PREFIX = "/api/towpath/v1"
_BLOCK = 256 * 1024


class AnnotationOut(BaseModel):
    """What a step says about a place in a file; 0 is an unknown line or column."""

    level: str
    message: str
    title: str
    file: str
    line: int
    end_line: int
    column: int
    end_column: int


class StepOut(BaseModel):
    """One step; the log's bytes `log_from`..`log_to` are what it printed."""

    number: int
    name: str
    state: str
    conclusion: str | None
    why: str
    log_from: int | None
    log_to: int | None
    started: str | None
    finished: str | None
    annotations: list[AnnotationOut]
    summary: str


class JobOut(BaseModel):
    """One job; `attempt` counts the times a runner took it, `caller` is a job that calls it."""

    id: str
    key: str
    caller: str | None
    name: str
    needs: list[str]
    runs_on: list[str]
    state: str
    conclusion: str | None
    why: str
    attempt: int
    runner: str
    queued: str | None
    started: str | None
    finished: str | None
    url: str
    log_url: str
    steps: list[StepOut]


class RunOut(BaseModel):
    """One workflow file, run once."""

    id: str
    suite: str
    repository: str
    workflow: str
    title: str
    path: str
    sha: str
    ref: str
    event: str
    state: str
    conclusion: str | None
    cancelled_by: str | None
    created: str | None
    finished: str | None
    url: str


class RunWithJobs(RunOut):
    jobs: list[JobOut]


@dataclass(frozen=True)
class Wanted:
    """Which runs are listed."""

    repository: Annotated[str | None, Query(description="OWNER/NAME")] = None
    sha: str | None = None


def router(kernel: Kernel, bells: Bells) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["pipelines"])
    for path, verb, shape, needs in (
        ("/runs", list_runs, list[RunOut], VIEWERS),
        ("/runs/{run}", one_run, RunWithJobs, READS_RUN),
    ):
        routes.add_api_route(
            path, verb, methods=["GET"], response_model=shape, dependencies=[needs]
        )
    routes.add_api_route(
        "/runs/{run}/cancel",
        cancel,
        methods=["POST"],
        response_model=RunOut,
        status_code=202,
        dependencies=[MEMBERS],
    )
    one = "/jobs/{job}/log"
    reads: dict[str, Any] = {"response_class": Response, "dependencies": [READS_JOB]}
    routes.add_api_route(one, log, methods=["GET"], **reads)

    async def stream(request: Request, job: str) -> sse.EventStream:
        """Follow a job's log: events of whole lines, `end` when the job is over."""
        shown = _Numbered(kernel).html if request.query_params.get("as") == "html" else _text
        tail = Tail(kernel, bells, job, shown)
        await run_in_threadpool(lambda: kernel.db.read(lambda tx: service.job(tx, job)))
        return sse.EventStream(request, tail.events(resume_at(request)))

    routes.add_api_route(
        f"{one}/stream", stream, methods=["GET"], responses=sse.RESPONSES, **reads
    )
    return routes


def list_runs(
    request: Request,
    response: Response,
    kernel: TheKernel,
    caller: Caller,
    wanted: Annotated[Wanted, Depends()],
    limit: paging.Limit = 50,
    after: paging.After = None,
) -> list[RunOut]:
    """List runs, newest first."""
    below = str(paging.Cursor.decode(after).values[0]) if after else None
    found = kernel.db.read(
        lambda tx: service.runs_in(
            tx, caller, wanted.repository, sha=wanted.sha, after=below, limit=limit + 1
        )
    )
    shown, more = paging.page(found, limit)
    cursor = paging.Cursor((shown[-1].id,)) if more else None
    response.headers.update(paging.link_next(request, cursor))
    return [_run_out(kernel, each) for each in shown]


def one_run(run: str, kernel: TheKernel) -> RunWithJobs:
    """Show a run with its jobs and their steps."""
    found, jobs = kernel.db.read(lambda tx: (service.run(tx, run), service.jobs_of(tx, [run])))
    steps = kernel.db.read(lambda tx: service.steps_of(tx, jobs))
    shown = [_job_out(kernel, job, steps[job.id]) for job in jobs]
    return RunWithJobs(**_run_out(kernel, found).model_dump(), jobs=shown)


def cancel(run: str, kernel: TheKernel, caller: Caller) -> RunOut:
    """End a run: what waits now, what runs as soon as its runner hears of it."""
    return _run_out(kernel, kernel.db.write(lambda tx: service.cancel_run(tx, run, caller.login)))


def log(request: Request, job: str, kernel: TheKernel) -> Response:
    """Give a job's log as it is, or a range of its bytes."""
    found = kernel.db.read(lambda tx: service.job(tx, job))
    size = service.log_size(kernel, found)
    wanted = request.headers.get("range")
    start, stop = ranges.read(wanted, size) if wanted else (0, size)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(stop - start)}
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"

    def blocks() -> Any:
        at = start
        while at < stop and (block := service.read_log(kernel, found, at, min(_BLOCK, stop - at))):
            yield block
            at += len(block)

    return StreamingResponse(
        blocks(), 206 if wanted else 200, headers, media_type="text/plain; charset=utf-8"
    )


def _text(_job: service.Job, _at: int, lines: bytes) -> str:
    return lines.decode("utf-8", "replace").removesuffix("\n")


class _Numbered:
    """Lines as the page shows them; counts on from one event to the next."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._at = -1
        self._number = 0

    def html(self, job: service.Job, at: int, lines: bytes) -> str:
        if at != self._at:
            self._number = service.line_number(self._kernel, job, at)
        pieces = lines.removesuffix(b"\n").split(b"\n")
        shown = [service.line_html(each, self._number + n) for n, each in enumerate(pieces)]
        self._at, self._number = at + len(lines), self._number + len(pieces)
        return "".join(shown)


def _run_out(kernel: Kernel, run: service.Run) -> RunOut:
    return RunOut(
        id=run.id,
        suite=run.suite,
        repository=str(run.github["repository"]),
        workflow=run.workflow,
        title=run.title,
        path=run.path,
        sha=run.sha,
        ref=run.ref,
        event=run.event,
        state=run.state,
        conclusion=run.conclusion,
        cancelled_by=run.cancelled_by,
        created=_time(run.created),
        finished=_time(run.finished),
        url=f"{kernel.url}/runs/{run.id}",
    )


def _job_out(kernel: Kernel, job: service.Job, steps: list[service.Step]) -> JobOut:
    return JobOut(
        id=job.id,
        key=job.key,
        caller=job.caller or None,
        name=job.name,
        needs=list(job.spec.needs),
        runs_on=list(job.spec.runs_on),
        state=job.state,
        conclusion=job.conclusion,
        why=job.why,
        attempt=job.attempt,
        runner=job.runner,
        queued=_time(job.queued),
        started=_time(job.started),
        finished=_time(job.finished),
        url=f"{kernel.url}/runs/{job.run}/jobs/{job.id}",
        log_url=f"{kernel.url}{PREFIX}/jobs/{job.id}/log",
        steps=[_step_out(step) for step in steps],
    )


def _step_out(step: service.Step) -> StepOut:
    return StepOut(
        number=step.number,
        name=step.name,
        state=step.state,
        conclusion=step.conclusion,
        why=step.why,
        log_from=step.log_from,
        log_to=step.log_to,
        started=_time(step.started),
        finished=_time(step.finished),
        annotations=[AnnotationOut(**asdict(each)) for each in step.annotations],
        summary=step.summary,
    )


def _time(at: int | None) -> str | None:
    return None if at is None else to_datetime(at).isoformat().replace("+00:00", "Z")  # type: ignore[arg-type]

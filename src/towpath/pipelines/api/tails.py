"""A log as server-sent events: each carries whole lines, its id is where to go on from."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from towpath.kernel.context import Kernel
from towpath.kernel.http import sse
from towpath.pipelines import service
from towpath.pipelines.api.bells import Bells

_PIECE = 64 * 1024
_BEHIND = 1024 * 1024
"""A reader further behind than so many bytes goes on near the end, and is told so."""
_KEPT = 128 * 1024
_LOOK_SECONDS = 2.0
"""How often to look at a log that another process may be writing."""


def log_channel(job_id: str) -> str:
    return f"pipelines:log:{job_id}"


@dataclass(frozen=True)
class Tail:
    """Follows the log of one attempt; `shown(job, start, lines)` makes an event's data."""

    kernel: Kernel
    bells: Bells
    job: str
    shown: Callable[[service.Job, int, bytes], str]

    async def events(self, at: int) -> AsyncGenerator[bytes]:
        attempt = 0
        with self.bells.bell(log_channel(self.job)) as bell:
            while True:
                job = await run_in_threadpool(self._job)
                if attempt and job.attempt != attempt:
                    at = 0
                attempt = job.attempt
                over = job.state == "finished"
                async for event, end in self._news(job, at, over=over):
                    yield event
                    at = end
                if over:
                    yield sse.event("", event="end")
                    return
                await _waited(bell)

    def _near_end(self, job: service.Job, size: int) -> int:
        number = service.line_number(self.kernel, job, size - _KEPT)
        return service.line_start(self.kernel, job, number + 1)

    def _job(self) -> service.Job:
        return self.kernel.db.read(lambda tx: service.job(tx, self.job))

    async def _news(
        self, job: service.Job, at: int, *, over: bool
    ) -> AsyncGenerator[tuple[bytes, int]]:
        size = await run_in_threadpool(service.log_size, self.kernel, job)
        if size - at > _BEHIND:
            at = await run_in_threadpool(self._near_end, job, size)
        while at < size:
            piece = await run_in_threadpool(service.read_log, self.kernel, job, at, _PIECE)
            whole = piece if over and at + len(piece) >= size else _whole_lines(piece)
            if not whole:
                return
            data = await run_in_threadpool(self.shown, job, at, whole)
            event = sse.event(data, id=at + len(whole))
            at += len(whole)
            yield event, at


def _whole_lines(piece: bytes) -> bytes:
    """Cut after the last line end; a line that fills the piece is cut where it may be."""
    end = piece.rfind(b"\n") + 1
    if end or len(piece) < _PIECE:
        return piece[:end]
    return piece[: len(piece.decode("utf-8", "ignore").encode())] or piece


async def _waited(bell: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            await bell.wait()
    except TimeoutError:
        pass
    bell.clear()


def resume_at(request: Request) -> int:
    """Where a reader goes on: after the last event it saw, or at ?from=."""
    text = request.headers.get("last-event-id") or request.query_params.get("from", "0")
    return int(text) if text.isascii() and text.isdigit() else 0

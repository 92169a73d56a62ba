"""Server-sent events: streams that keep proxies awake, and end when the server stops or when
whoever listens is not let in any more.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectSendStream as Sender
from starlette.requests import Request
from starlette.responses import StreamingResponse

from towpath.kernel.http.callers import shut_out
from towpath.kernel.http.tasks import spawn

KEEP_ALIVE_SECONDS = 15.0
_TYPE = "text/event-stream"
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events, until the end or until the server stops",
        "content": {_TYPE: {"schema": {"description": "Events as the HTML standard has them"}}},
    }
}
"""What the OpenAPI says of a stream; its route has `response_class=Response`."""


def event(data: str, id: str | int | None = None, event: str | None = None) -> bytes:
    """Format one event; line breaks in `data` become several data lines, as the format wants."""
    lines = [f"event: {event}"] if event is not None else []
    lines += [f"id: {id}"] if id is not None else []
    lines += [
        f"data: {line}" for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ]
    return ("\n".join(lines) + "\n\n").encode()


def stopping(request: Request) -> asyncio.Event:
    """Set when the server begins to stop: long polls answer at once, streams end."""
    ends: asyncio.Event = request.app.state.stopping
    return ends


class EventStream(StreamingResponse):
    """Sends what `source` yields as text/event-stream, with a comment after silence.

    When the server stops the stream just ends; the browser comes back with Last-Event-ID and the
    next process goes on from there. When whoever listens loses the session or the token they came
    with, it ends too, and coming back is refused. `source` is closed in every case.
    """

    def __init__(self, request: Request, source: AsyncGenerator[bytes]) -> None:
        super().__init__(
            _kept_alive(source, request),
            media_type=_TYPE,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )


async def _kept_alive(source: AsyncGenerator[bytes], request: Request) -> AsyncIterator[bytes]:
    sender, receiver = anyio.create_memory_object_stream[bytes](0)
    pump = spawn(_pump(source, sender), "sse: read the source")
    ends, out = stopping(request).wait, partial(shut_out, request)
    stopper = spawn(_cancel_after(ends, pump), "sse: wait for the end of the server")
    doorman = spawn(_cancel_after(out, pump), "sse: see who is shut out")
    try:
        yield b"retry: 1000\n\n"
        while True:
            try:
                with anyio.fail_after(KEEP_ALIVE_SECONDS):
                    chunk = await receiver.receive()
            except TimeoutError:
                chunk = b": still here\n\n"
            except anyio.EndOfStream:
                return
            yield chunk
    finally:
        stopper.cancel()
        doorman.cancel()
        pump.cancel()
        receiver.close()
        sender.close()


async def _pump(source: AsyncGenerator[bytes], sender: Sender[bytes]) -> None:
    async with sender, aclosing(source):
        async for chunk in source:
            await sender.send(chunk)


async def _cancel_after(
    happens: Callable[[], Awaitable[object]], pump: asyncio.Task[None]
) -> None:
    await happens()
    pump.cancel()

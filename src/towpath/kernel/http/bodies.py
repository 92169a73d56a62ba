"""Limits on request bodies, whether announced by Content-Length or chunked; and their digest."""

import asyncio
import hashlib
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from towpath.kernel.errors import TooLarge
from towpath.kernel.http import problems

Exempt = Callable[[str], bool]
_READ_PAST = 4 * 1_048_576
_SILENCE_SECONDS = 1.0


class BodyLimit:
    """Answers 413 as soon as more than `limit` bytes have arrived.

    `exempt(path)` names routes that stream and count for themselves: git and logs. The SHA-256 of
    what passed stands in `request.state.body_digest` once the body is read; idempotency needs it.
    """

    def __init__(self, app: ASGIApp, limit: int, exempt: Exempt) -> None:
        self._app = app
        self._limit = limit
        self._exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._exempt(scope["path"]):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > self._limit:
            await _drain(receive)
            await self._refuse(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        digest = hashlib.sha256()
        scope.setdefault("state", {})["body_digest"] = digest
        seen = 0
        started = False

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            part = message.get("body", b"")
            seen += len(part)
            if seen > self._limit:
                raise _TooMuchError
            digest.update(part)
            return message

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive_counted, send_noted)
        except _TooMuchError:
            if started:
                raise
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = problems.body(
            TooLarge.status,
            TooLarge.title,
            f"The body is larger than {self._limit} bytes.",
            "Send less at once, or raise TOWPATH_MAX_BODY_BYTES.",
            problems.request_id(Request(scope)),
        )
        reply = JSONResponse(
            said, TooLarge.status, {"Connection": "close"}, media_type=problems.PROBLEM_JSON
        )
        await reply(scope, receive, send)


class _TooMuchError(Exception):
    """Carries the decision out through whatever was reading; never leaves BodyLimit."""


async def _drain(receive: Receive) -> None:
    """Read a little on: a client that is still sending when we close sees a reset, not the 413.

    One that announced more than it sends would wait for us, as we for it: not for long.
    """
    seen = 0
    while seen < _READ_PAST:
        try:
            message = await asyncio.wait_for(receive(), _SILENCE_SECONDS)
        except TimeoutError:
            return
        seen += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return

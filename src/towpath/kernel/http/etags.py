"""ETags for JSON that is read: an unchanged reply costs a 304.

A route that knows when its reply last changed says so in Last-Modified, which is compared when
the caller sends no tag. One that wants to say something else beside a 304 puts a function that
returns headers into `request.state.unchanged`.
"""

import hashlib
from email.utils import parsedate_to_datetime

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ETags:
    """Adds a weak ETag to whole JSON replies to GET and answers If-None-Match; streams pass."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        start: Message | None = None

        async def send_tagged(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _taggable(message):
                start = message
                return
            if start is not None:
                held, start = start, None
                if not message.get("more_body"):
                    message = _tag(held, message, asked, scope)
                await send(held)
            await send(message)

        await self._app(scope, receive, send_tagged)


def _taggable(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    is_json = headers.get("content-type", "").startswith("application/json")
    return message["status"] == 200 and is_json and "etag" not in headers  # noqa: PLR2004


def _tag(start: Message, body: Message, asked: Headers, scope: Scope) -> Message:
    """Put the tag on the reply; turn it into an empty 304 when the caller has it already."""
    tag = f'W/"{hashlib.sha256(body.get("body", b"")).hexdigest()[:32]}"'
    headers = MutableHeaders(scope=start)
    headers["ETag"] = tag
    headers["Cache-Control"] = "private, no-cache"
    if not _is_known(asked, tag, headers.get("last-modified", "")):
        return body
    start["status"] = 304
    if unchanged := scope.get("state", {}).get("unchanged"):
        headers.update(unchanged())
    del headers["content-length"]
    return {"type": "http.response.body", "body": b""}


def _is_known(asked: Headers, tag: str, changed: str) -> bool:
    """Whether the caller has this reply already; a tag is asked before a time (RFC 9110)."""
    if "if-none-match" in asked:
        return _matches(asked["if-none-match"], tag)
    since = asked.get("if-modified-since", "")
    try:
        return bool(since and changed) and (
            parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
        )
    except (ValueError, TypeError):
        return False  # no date, or one that names no zone


def _matches(known: str, tag: str) -> bool:
    """Compare weakly, as RFC 9110 asks for If-None-Match: a cache may drop the W/ from a tag."""
    tags = {one.strip().removeprefix("W/") for one in known.split(",")}
    return bool(tags & {"*", tag.removeprefix("W/")})

"""ETags for JSON that is read: an unchanged reply costs a 304."""

import hashlib

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
        known = Headers(scope=scope).get("if-none-match", "")
        start: Message | None = None

        async def send_tagged(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _taggable(message):
                start = message
                return
            if start is not None:
                held, start = start, None
                if not message.get("more_body"):
                    message = _tag(held, message, known)
                await send(held)
            await send(message)

        await self._app(scope, receive, send_tagged)


def _taggable(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    is_json = headers.get("content-type", "").startswith("application/json")
    return message["status"] == 200 and is_json and "etag" not in headers  # noqa: PLR2004


def _tag(start: Message, body: Message, known: str) -> Message:
    """Put the tag on the reply; turn it into an empty 304 when the caller has it already."""
    tag = f'W/"{hashlib.sha256(body.get("body", b"")).hexdigest()[:32]}"'
    headers = MutableHeaders(scope=start)
    headers["ETag"] = tag
    headers["Cache-Control"] = "private, no-cache"
    if not _matches(known, tag):
        return body
    start["status"] = 304
    del headers["content-length"]
    return {"type": "http.response.body", "body": b""}


def _matches(known: str, tag: str) -> bool:
    """Compare weakly, as RFC 9110 asks for If-None-Match: a cache may drop the W/ from a tag."""
    tags = {one.strip().removeprefix("W/") for one in known.split(",")}
    return bool(tags & {"*", tag.removeprefix("W/")})

"""GET /live: tells a page which of its topics changed, so that it fetches those parts again.

An event carries no data, only its topic: whoever may not read a page learns nothing but that
something happened. On every (re)connect each topic is announced once, so nothing is missed.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from towpath.kernel.access.service import Role
from towpath.kernel.db.interface import ANYTHING, Database
from towpath.kernel.errors import InvalidInput
from towpath.kernel.http import sse
from towpath.kernel.http.permissions import Needs

KNOWN = Depends(Needs(Role.viewer, any_token=True))
_PREFIX = "live:"
_MAX_TOPICS = 20
_MAX_LENGTH = 200


class Hub:
    """Carries wakes from any thread into the queues of the streams that wait for them."""

    def __init__(self, db: Database) -> None:
        self._streams: dict[asyncio.Queue[str], frozenset[str]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.close: Callable[[], None] = db.on_wake(self._heard)

    def open(self, topics: frozenset[str]) -> asyncio.Queue[str]:
        """Begin to listen; call on the event loop, and `leave` at the end."""
        self._loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[str] = asyncio.Queue()
        self._streams[waiting] = topics
        return waiting

    def leave(self, waiting: asyncio.Queue[str]) -> None:
        self._streams.pop(waiting, None)

    def _heard(self, channel: str) -> None:
        if not self._streams or self._loop is None:
            return
        if channel == ANYTHING or channel.startswith(_PREFIX):
            topic = channel.removeprefix(_PREFIX)
            try:
                self._loop.call_soon_threadsafe(self._spread, topic)
            except RuntimeError:
                self._loop = None  # the loop has closed between the two lines: nobody listens

    def _spread(self, topic: str) -> None:
        for waiting, topics in self._streams.items():
            for known in topics if topic == ANYTHING else topics & {topic}:
                waiting.put_nowait(known)


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/live", live, methods=["GET"], name="live", dependencies=[KNOWN])
    return routes


async def live(
    request: Request, topic: Annotated[list[str] | None, Query()] = None
) -> sse.EventStream:
    topics = frozenset(topic or ())
    if len(topics) > _MAX_TOPICS or any(not _valid(one) for one in topics):
        raise InvalidInput(
            "These topics cannot be followed.",
            next_step=f"Name at most {_MAX_TOPICS} topics, each of one line.",
        )
    return sse.EventStream(request, _changes(request.app.state.hub, topics))


async def _changes(hub: Hub, topics: frozenset[str]) -> AsyncGenerator[bytes]:
    waiting = hub.open(topics)
    try:
        for topic in sorted(topics):
            yield sse.event("", event=topic)
        while True:
            changed = {await waiting.get()}
            while not waiting.empty():  # what came together is told once
                changed.add(waiting.get_nowait())
            for topic in sorted(changed):
                yield sse.event("", event=topic)
    finally:
        hub.leave(waiting)


def _valid(topic: str) -> bool:
    return 0 < len(topic) <= _MAX_LENGTH and topic.isprintable()

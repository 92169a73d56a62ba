"""GET /live: tells a page which of its topics changed, so that it fetches those parts again.

An event carries no data, only its topic. Whoever wakes `live:TOPIC@RESOURCE` says where it
happened, and who may not know of that resource is not told even that something did. On every
(re)connect each topic is announced once, so nothing is missed.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from collections.abc import Set as AbstractSet
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from towpath.kernel.access.service import Role, knows
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import ANYTHING, Database, Tx
from towpath.kernel.errors import InvalidInput, TowpathError
from towpath.kernel.http import sse
from towpath.kernel.http.callers import presented
from towpath.kernel.http.permissions import Needs
from towpath.kernel.plugin import resource_with

KNOWN = Depends(Needs(Role.viewer, any_token=True))
_PREFIX = "live:"
_IN = "@"
_MAX_TOPICS = 20
_MAX_LENGTH = 200


Waiting = asyncio.Queue[tuple[str, str]]
"""Topics that changed, each beside the resource in which, or nothing."""


class Hub:
    """Carries wakes from any thread into the queues of the streams that wait for them."""

    def __init__(self, db: Database) -> None:
        self._streams: dict[Waiting, frozenset[str]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.close: Callable[[], None] = db.on_wake(self._heard)

    def open(self, topics: frozenset[str]) -> Waiting:
        """Begin to listen; call on the event loop, and `leave` at the end."""
        self._loop = asyncio.get_running_loop()
        waiting: Waiting = asyncio.Queue()
        self._streams[waiting] = topics
        return waiting

    def leave(self, waiting: Waiting) -> None:
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

    def _spread(self, told: str) -> None:
        topic, _, resource = told.partition(_IN)
        for waiting, topics in self._streams.items():
            for known in topics if topic == ANYTHING else topics & {topic}:
                waiting.put_nowait((known, resource))


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
    return sse.EventStream(request, _changes(request, topics))


async def _changes(request: Request, topics: frozenset[str]) -> AsyncGenerator[bytes]:
    hub: Hub = request.app.state.hub
    waiting = hub.open(topics)
    try:
        for topic in sorted(topics):
            yield sse.event("", event=topic)
        while True:
            changed = {await waiting.get()}
            while not waiting.empty():  # what came together is told once
                changed.add(waiting.get_nowait())
            hidden = await _hidden(request, {resource for _, resource in changed} - {""})
            for topic in sorted({topic for topic, resource in changed if resource not in hidden}):
                yield sse.event("", event=topic)
    finally:
        hub.leave(waiting)


async def _hidden(request: Request, resources: AbstractSet[str]) -> AbstractSet[str]:
    """Those of which whoever listens may not know, as of now."""
    return await run_in_threadpool(_unknown, request, resources) if resources else resources


def _unknown(request: Request, resources: AbstractSet[str]) -> AbstractSet[str]:
    def read(tx: Tx) -> AbstractSet[str]:
        caller = presented(request, tx)
        found = {each: resource_with(request.app.state.plugins, tx, each) for each in resources}
        return {id for id, each in found.items() if not (caller and each and knows(caller, each))}

    kernel: Kernel = request.app.state.kernel
    try:
        return kernel.db.read(read)
    except TowpathError:  # shut out: the stream ends in a moment
        return resources


def _valid(topic: str) -> bool:
    return 0 < len(topic) <= _MAX_LENGTH and topic.isprintable()

import asyncio
import json
import threading
from contextlib import asynccontextmanager

import pytest

from towpath.kernel.access import service
from towpath.kernel.access.model import Named
from towpath.kernel.access.service import Role
from towpath.kernel.db.interface import ANYTHING
from towpath.kernel.plugin import Plugin, Resources


class Page:
    """A browser's EventSource against the application, without a network between them."""

    def __init__(self, app, query, headers):
        self._app = app
        self._scope = {
            "type": "http", "method": "GET", "path": "/live", "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("towpath.test", 80), "scheme": "http",
            "http_version": "1.1", "root_path": "",
        }  # fmt: skip
        self._pieces = asyncio.Queue()
        self._gone = asyncio.Event()

    async def _receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        await self._pieces.put(message)

    @asynccontextmanager
    async def open(self):
        running = asyncio.ensure_future(self._app(self._scope, self._receive, self._send))
        assert (await self._pieces.get())["status"] == 200
        yield self
        self._gone.set()
        await running

    async def ended(self):
        while (await asyncio.wait_for(self._pieces.get(), 30)).get("more_body", True):
            pass

    async def topics(self, count):
        heard = []
        while len(heard) < count:
            message = await asyncio.wait_for(self._pieces.get(), 5)
            heard += [
                line.removeprefix("event: ")
                for line in message.get("body", b"").decode().splitlines()
                if line.startswith("event: ")
            ]
        return heard


@pytest.fixture
def follow(app_for, people):
    alice = people("alice")

    def run(query, scene):
        async def all_of_it():
            app = app_for()
            async with Page(app, query, alice.bearer).open() as page:
                return await scene(page, app)

        return asyncio.run(all_of_it())

    return run


def test_every_topic_is_told_once_on_connection(follow):
    async def scene(page, _):
        return await page.topics(2)

    assert follow("topic=run:1&topic=home", scene) == ["home", "run:1"]


def test_a_wake_of_a_topic_is_told_to_those_who_follow_it(follow, kernel):
    async def scene(page, _):
        await page.topics(1)
        await asyncio.to_thread(kernel.db.write, lambda tx: tx.wake("live:run:2"))
        await asyncio.to_thread(kernel.db.write, lambda tx: tx.wake("live:run:1"))
        return await page.topics(1)

    assert follow("topic=run:1", scene) == ["run:1"]


def test_what_happens_where_one_may_not_know_of_is_not_told(follow, kernel):
    boats = {"boat_1": Named("boat_1"), "boat_8": Named("boat_8", private=True)}
    resources = Resources(lambda *_: None, lambda *_: {}, lambda _, id: boats.get(id))

    async def wake(*channels):
        for channel in channels:
            await asyncio.to_thread(kernel.db.write, lambda tx: tx.wake(channel))  # noqa: B023

    async def scene(page, app):
        app.state.plugins = [Plugin(name="boats", package="boats", resources=resources)]
        await page.topics(2)
        await wake("live:home@boat_8", "live:home@boat_9", "live:run:1@boat_1")
        heard = await page.topics(1)
        grant = lambda tx: service.grant(tx, "boat_8", Role.viewer, login="alice")  # noqa: E731
        await asyncio.to_thread(kernel.db.write, grant)
        await wake("live:home@boat_8")
        return heard + await page.topics(1)

    assert follow("topic=home&topic=run:1", scene) == ["run:1", "home"]


def test_after_a_gap_every_topic_is_told(follow, kernel):
    async def scene(page, _):
        await page.topics(2)
        await asyncio.to_thread(kernel.db.write, lambda tx: tx.wake(ANYTHING))
        return sorted(await page.topics(2))

    assert follow("topic=a&topic=b", scene) == ["a", "b"]


def test_the_stream_ends_when_the_server_stops(follow):
    async def scene(page, app):
        await page.topics(1)
        app.state.stopping.set()
        while True:
            message = await asyncio.wait_for(page._pieces.get(), 5)
            if not message.get("more_body"):
                return message["body"]

    assert follow("topic=home", scene) == b""


def test_nobody_follows_without_being_known(web):
    assert web.get("/live?topic=home").status_code == 401


@pytest.mark.parametrize("query", ["&".join(["topic=x"] * 0 + [f"topic={n}" for n in range(21)]),
                                   "topic=" + "x" * 201, "topic=a%0Ab", "topic="])  # fmt: skip
def test_topics_that_cannot_be_are_refused(web, people, query):
    assert web.get(f"/live?{query}", headers=people("alice").bearer).status_code == 422


def test_wakes_from_other_threads_while_nobody_listens_are_harmless(app_for, kernel):
    app_for()
    threading.Thread(target=lambda: kernel.db.write(lambda tx: tx.wake("live:home"))).start()
    kernel.db.write(lambda tx: tx.wake("live:home"))
    assert json.dumps("still here")

"""The application: every part's routes inside the same layers.

A request passes, from the outside in: envelope (id, headers, log line), body limit, ETags, then
routing. Problems are made inside, so they too carry the id and the headers.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.middleware import Middleware

import towpath
from towpath.kernel.context import Kernel
from towpath.kernel.http import live, problems, status, tasks
from towpath.kernel.http.bodies import BodyLimit
from towpath.kernel.http.envelope import Envelope
from towpath.kernel.http.etags import ETags
from towpath.kernel.pages.rendering import Pages, static_files
from towpath.kernel.plugin import Plugin
from towpath.kernel.presence import Presence


def create_app(kernel: Kernel, plugins: Sequence[Plugin]) -> FastAPI:
    """Build the ASGI application; its routes come in the order of `plugins`."""
    registry = CollectorRegistry()
    app = FastAPI(
        title="Towpath",
        version=towpath.__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        responses=problems.RESPONSES,
        middleware=[
            Middleware(Envelope, registry=registry),
            Middleware(
                BodyLimit,
                limit=kernel.settings.max_body_bytes,
                exempt=partial(_streams, plugins),
            ),
            Middleware(ETags),
        ],
    )
    app.state.kernel = kernel
    app.state.plugins = plugins
    app.state.registry = registry
    app.state.presence = Presence(kernel.db, "server")
    registry.register(kernel.db.meter)
    registry.register(status.Scrape(kernel, plugins))
    app.state.stopping = asyncio.Event()
    app.state.hub = live.Hub(kernel.db)
    app.state.pages = Pages(kernel, plugins)
    problems.install(app)
    app.mount("/static", static_files(), name="static")
    for plugin in plugins:
        for routes in plugin.routes(kernel):
            app.include_router(routes)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.stopping.set()
    app.state.hub.close()
    await tasks.cancel_all()


def _streams(plugins: Sequence[Plugin], path: str) -> bool:
    return any(plugin.streams(path) for plugin in plugins)

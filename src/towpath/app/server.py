"""`towpath serve`: one process from its data directory to `ready URL`, and back down.

Up: lock the directory, take the port, bring the tables up to date, bootstrap, subscribe, heal,
start the worker, accept. Down, on SIGTERM: streams end, running requests and work finish.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Literal

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from towpath.app.place import is_loopback, listen, open_door, prepare
from towpath.kernel import log, outbox, settings, tracing
from towpath.kernel.access.bootstrap import FirstAdmin, bootstrap
from towpath.kernel.clock import SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Database, Tx
from towpath.kernel.db.migrate import History, upgrade
from towpath.kernel.db.opening import open_database
from towpath.kernel.errors import InvalidInput, PermanentError, Unavailable
from towpath.kernel.http.app import create_app
from towpath.kernel.http.envelope import TRUSTED
from towpath.kernel.http.permissions import undeclared
from towpath.kernel.plugin import Plugin
from towpath.kernel.work import service as work
from towpath.kernel.work import strangers
from towpath.kernel.work.worker import Worker
from towpath.pipelines import service as pipelines
from towpath.pipelines.service import LocalRunner

_RUNNER_STOP_SECONDS = 10.0
VOICES = {"towpath-gate": "The gate"}
_log = structlog.get_logger("towpath.server")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line said. Port 0 takes any free one."""

    data: Path
    port: int
    host: str = "127.0.0.1"
    database: str | None = None
    role: Literal["all", "web"] = "all"
    runner: bool = True


def serve(options: Options, parts: Sequence[Plugin]) -> None:
    """Run until SIGTERM or SIGINT; TowpathError when it cannot start, with what to do."""
    log.configure()
    os.umask(0o077)  # the database, repositories and logs are nobody else's to read
    _require_walls(options)
    with ExitStack() as held:
        held.enter_context(prepare(options.data, shared=options.role == "web"))
        web = listen(options.host, options.port)
        hooks, door = held.enter_context(open_door())
        kernel = held.enter_context(_kernel(options, web, parts))
        kernel = replace(kernel, door=door)
        held.enter_context(tracing.sent(kernel.settings, "server"))
        _announce(bootstrap(kernel, VOICES), kernel)
        subscribe(kernel, parts)
        if kernel.db.dialect == "sqlite":  # the lock says that nobody else works on it
            kernel.db.write(work.take_over)
        heal(kernel, parts)
        app = create_app(kernel, parts)
        require_declared(app)
        held.enter_context(app.state.presence.shown())
        if options.role == "all":
            held.enter_context(working(kernel, parts))
        runner = pipelines.local_runner(kernel, _own_address(web)) if _runs_jobs(options) else None
        _Server(app, kernel, runner).run([web, hooks])
    _log.info("stopped")


def require_declared(app: FastAPI) -> None:
    """Refuse to serve a route of which nobody said who may use it."""
    missing = undeclared(app.routes)
    if missing:
        raise PermanentError(
            f"{len(missing)} routes cannot be served: {'; '.join(missing)}.",
            next_step="This is a mistake in a part, not in your installation; report it.",
        )


def database_url(options: Options) -> str:
    """Say which store the options mean; a web process alone needs one that can be shared."""
    if options.role == "web":
        require_shareable(options.database, "A web process")
    return options.database or f"sqlite:///{options.data.resolve() / 'towpath.db'}"


def require_shareable(url: str | None, who: str) -> str:
    """Refuse a store that only one process may use, where several are to share it."""
    if (url or "").startswith("postgresql://"):
        return url or ""
    raise InvalidInput(
        f"{who} shares its database, which SQLite cannot do.",
        next_step="Add --database postgresql://USER:PASSWORD@HOST/NAME, or use plain `serve`.",
    )


def histories(parts: Sequence[Plugin]) -> list[History]:
    return [
        History(name=p.name, package=p.package, revision=p.revision, metadata=p.metadata)
        for p in parts
        if p.revision
    ]


@contextmanager
def _kernel(options: Options, web: socket.socket, parts: Sequence[Plugin]) -> Iterator[Kernel]:
    chosen = settings.load()
    with store(database_url(options), parts) as db:
        yield Kernel(db, SystemClock(), chosen, options.data.resolve(), _address(chosen, web))


@contextmanager
def store(url: str, parts: Sequence[Plugin]) -> Iterator[Database]:
    """Open the database with its tables up to date; Unavailable when it does not answer."""
    try:
        upgrade(url, histories(parts))
    except OperationalError as error:
        raise Unavailable(
            f"The database cannot be used: {str(error.orig).strip()}.",
            next_step="Start it, or correct --database; then start this again.",
        ) from error
    db: Database = open_database(url, SystemClock())
    try:
        yield db
    finally:
        db.close()


def _runs_jobs(options: Options) -> bool:
    return options.runner and options.role == "all"


def _require_walls(options: Options) -> None:
    """Refuse to serve others where a job of theirs could read and kill what we are."""
    if not _runs_jobs(options) or is_loopback(options.host):
        return
    walls = pipelines.walls()
    if walls.level == "none":
        raise InvalidInput(
            f"Jobs cannot be walled off on this machine, so only loopback is safe. {walls.why}",
            next_step="Install bubblewrap, serve on 127.0.0.1, or add --no-runner.",
        )


def _address(chosen: settings.Settings, web: socket.socket) -> str:
    return chosen.public_url.rstrip("/") if chosen.public_url else _own_address(web)


def _own_address(web: socket.socket) -> str:
    host, port = web.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def _announce(first: FirstAdmin | None, kernel: Kernel) -> None:
    if first is not None:
        _say(f"first administrator: {first.user}, password {first.password}")
        _say(f"kept in {kernel.data / 'bootstrap.json'}, which only you can read")


def subscribe(kernel: Kernel, parts: Sequence[Plugin]) -> None:
    """Enter who reacts to which fact, and what is due by the clock."""

    def enter(tx: Tx) -> None:
        outbox.subscribe(tx, [reaction for part in parts for reaction in part.reactions(kernel)])
        work.sync_schedules(tx, [schedule for part in parts for schedule in part.schedules])
        work.add(tx, strangers.KIND, {}, key="at start")

    kernel.db.write(enter)


def heal(kernel: Kernel, parts: Sequence[Plugin]) -> None:
    for part in parts:
        if part.heal is not None:
            part.heal(kernel)


@contextmanager
def working(kernel: Kernel, parts: Sequence[Plugin]) -> Iterator[None]:
    """Do due work, each lane on threads of its own."""
    reactions = [reaction for part in parts for reaction in part.reactions(kernel)]
    handlers = [handler for part in parts for handler in part.handlers(kernel)]
    handlers += outbox.handlers(reactions)
    lanes = sorted({handler.lane for handler in handlers})
    workers = [
        Worker(kernel.db, handlers, kernel.settings.worker_threads, lane=lane) for lane in lanes
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        ended = [worker.stop(kernel.settings.stop_seconds) for worker in workers]
        if not all(ended):
            _log.warning("work still running was left to its lease")


class Proxies:
    """The layer outside of all: marks what trusted proxies send, and reads their headers.

    Whoever is trusted chooses whom a failed log-in is counted against, and which trace a request
    belongs to; so nobody is by default, and what others say about it is not looked at.
    """

    def __init__(self, app: ASGIApp, trusted: str) -> None:
        self._reading = ProxyHeadersMiddleware(app, trusted_hosts=trusted)  # type: ignore[arg-type] # uvicorn has types of its own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client and client[0] in self._reading.trusted_hosts:
            scope.setdefault("state", {})[TRUSTED] = True
        await self._reading(scope, receive, send)  # type: ignore[arg-type] # the same


class _Server(uvicorn.Server):
    """Says when it accepts, and tells streams and long polls at once when it stops."""

    def __init__(self, app: FastAPI, kernel: Kernel, runner: LocalRunner | None) -> None:
        super().__init__(
            uvicorn.Config(
                Proxies(app, trusted) if (trusted := kernel.settings.trusted_proxies) else app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                timeout_graceful_shutdown=kernel.settings.stop_seconds,
            )
        )
        self._app = app
        self._kernel = kernel
        self._runner = runner
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        _say(f"ready {self._kernel.url}")
        if self._runner and self.started:
            self._runner.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the runner give back its jobs while we still answer."""
        if self._runner:
            await asyncio.to_thread(self._runner.stop, _RUNNER_STOP_SECONDS)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Unlike the parent, does not raise the signal again afterwards: our own stop follows."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._app.state.stopping.set)
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

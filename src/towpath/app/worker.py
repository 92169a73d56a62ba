"""`towpath worker`: does the work of an installation, and answers nobody.

It shares the database with the servers and the repositories by the data directory, so it needs
PostgreSQL. Any number may run; which of them does a piece of work is decided by a claim in the
database. On SIGTERM running work finishes, and what has not begun is given back.
"""

import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from towpath.app.place import prepare
from towpath.app.server import heal, require_shareable, store, subscribe, working
from towpath.kernel import log, settings, tracing
from towpath.kernel.access.bootstrap import FirstAdmin
from towpath.kernel.clock import SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.errors import Unavailable
from towpath.kernel.plugin import Plugin
from towpath.kernel.presence import Presence

_log = structlog.get_logger("towpath.worker")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line said; `json` writes machines' log lines even to a terminal."""

    data: Path
    database: str | None
    json: bool = False


def work(options: Options, parts: Sequence[Plugin]) -> None:
    """Run until SIGTERM or SIGINT; TowpathError when it cannot start, with what to do."""
    log.configure(json=options.json)
    url = require_shareable(options.database, "A worker")
    with prepare(options.data, shared=True), store(url, parts) as db:
        chosen, data = settings.load(), options.data.resolve()
        kernel = Kernel(db, SystemClock(), chosen, data, _address(chosen, data))
        subscribe(kernel, parts)
        heal(kernel, parts)
        with (
            tracing.sent(chosen, "worker"),
            working(kernel, parts),
            Presence(db, "worker").shown(),
        ):
            _until_told()
    _log.info("stopped")


def _address(chosen: settings.Settings, data: Path) -> str:
    """Say where people reach the servers: what is written into comments leads there."""
    if chosen.public_url:
        return chosen.public_url.rstrip("/")
    with suppress(OSError, msgspec.MsgspecError):
        said = msgspec.json.decode((data / "bootstrap.json").read_bytes(), type=FirstAdmin)
        return said.url
    raise Unavailable(
        "A worker writes the server's address into comments, and does not know it.",
        next_step="Set TOWPATH_PUBLIC_URL, or start a server on this data directory first.",
    )


def _until_told() -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sys.stdout.write("ready worker\n")
    sys.stdout.flush()
    stop.wait()
    _log.info("stopping")

"""A whole server in this process, over real sockets, with a real runner beside it."""

import asyncio
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from towpath.forge.plugin import PLUGIN as FORGE
from towpath.kernel import builtin, outbox
from towpath.kernel.access import service as access
from towpath.kernel.context import Kernel
from towpath.kernel.http.app import create_app
from towpath.kernel.work.worker import Worker
from towpath.pipelines import service
from towpath.pipelines.plugin import PLUGIN as PIPELINES

PARTS = (builtin.PLUGIN, FORGE, PIPELINES)
ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


def until(holds: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for something to be true and give it; fails the test when it takes too long."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it never happened"
        threading.Event().wait(0.02)
    return found


def count_processes(command: str) -> int:
    """How many processes of this machine, in sandboxes or not, have exactly this command line."""
    wanted = command.replace(" ", "\0").encode() + b"\0"
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += path.read_bytes() == wanted
    return found


class Dock:
    """`kernel.url` must name a free port of this machine; git's hooks call on `hooks`."""

    def __init__(self, kernel: Kernel, folder: Path, hooks: socket.socket) -> None:
        self.kernel = kernel
        self._hooks = hooks
        self.folder = folder
        self.port = int(kernel.url.rsplit(":", 1)[1])
        self._runners: list[subprocess.Popen[bytes]] = []
        reactions = [each for part in PARTS for each in part.reactions(kernel)]
        kernel.db.write(lambda tx: outbox.subscribe(tx, reactions))
        self.token = kernel.db.write(self._tokens)
        handlers = [each for part in PARTS for each in part.handlers(kernel)]
        self._worker = Worker(kernel.db, [*handlers, *outbox.handlers(reactions)], 2)
        self._worker.start()
        self.open()

    def _tokens(self, tx: Any) -> str:
        access.create_user(tx, "admin", None, access.Role.admin)
        return access.create_token(tx, "admin", "test")[1]

    def open(self) -> None:
        """Begin to answer."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        sockets = [listening, self._hooks.dup()]  # a server that ends closes what it was given
        app = create_app(self.kernel, PARTS)
        config = uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None
        self._app = app
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets)), daemon=True
        )
        self._thread.start()
        until(lambda: self._server.started)

    def close(self) -> None:
        """Answer nobody any more, as a server that restarts."""
        self._server.force_exit = True
        self._server.should_exit = True
        self._thread.join(PATIENCE)

    def end(self) -> None:
        for runner in self._runners:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(runner.pid, 9)
            runner.wait()
            runner.stdin.close()
        if self._thread.is_alive():
            self.close()
        self._worker.stop(5)

    def runner(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a runner, as serve does."""

        def make(tx: Any) -> str:
            access.ensure_system_user(tx, service.RUNNER_USER, "The runner")
            return access.create_token(tx, service.RUNNER_USER, "test", scopes=("runner",))[1]

        file = self.folder / f"token-{len(self._runners)}"
        file.write_text(self.kernel.db.write(make))
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        made = subprocess.Popen(
            [
                sys.executable, "-m", "towpath.pipelines.remote", "--url", self.kernel.url,
                "--token-file", str(file), "--unlink-token", "--parent-pipe",
                "--hide", str(self.kernel.data), "--work", str(work), *arguments,
            ],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src")},
            stdin=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        self._runners.append(made)
        return made

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        token: str | None = None,
        **headers: str,
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("Authorization", f"Bearer {token or self.token}")
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            self.headers = dict(response.headers)
            return response.status, response.read()
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        status, body = self.call("GET", path)
        assert status == 200, body
        return json.loads(body)

    def job(self, run: str, key: str) -> dict[str, Any]:
        jobs = self.get(f"/api/towpath/v1/runs/{run}")["jobs"]
        return next(job for job in jobs if job["key"] == key)

    def log(self, run: str, key: str) -> str:
        return self.call("GET", self.path_of_log(run, key))[1].decode()

    def path_of_log(self, run: str, key: str) -> str:
        return f"/api/towpath/v1/jobs/{self.job(run, key)['id']}/log"

    def finished(self, run: str, seconds: float = PATIENCE) -> dict[str, Any]:
        def ended() -> Any:
            found = self.get(f"/api/towpath/v1/runs/{run}")
            return found if found["state"] == "finished" else None

        return until(ended, seconds)

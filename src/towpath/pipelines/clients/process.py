"""The local runner as a process of its own: started, watched, started again, stopped.

It gets a clean environment, a session of its own, its token in a file that it removes, and the
read end of a pipe: when we are gone, even by kill -9, the pipe ends and it claims no more. Where
we are root it runs as nobody, if nobody can: what a runner cannot read, no job can.
"""

import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog

import towpath
from towpath.kernel.access import service as access
from towpath.kernel.clock import after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.pipelines.model.execution import RUNNER_USER

NOBODY = 65534
_NAME = "local runner"
_DAY_SECONDS = 86_400.0
_TOKEN_SECONDS = 90 * _DAY_SECONDS
_CHECK_SECONDS = 60.0
_SOON_SECONDS = 5.0
_LONGEST_PAUSE = 30.0
_log = structlog.get_logger("towpath.local_runner")


@dataclass(frozen=True)
class Walls:
    """How well jobs are kept from this machine: "namespaces", or "none" for trusted code only.

    `user` is the id that the runner takes, None to keep ours.
    """

    level: str
    why: str
    user: int | None = None


@functools.cache
def walls() -> Walls:
    """Try it for real, once: first as nobody where we are root, then as who we are."""
    if os.geteuid() == 0:
        tried = _check(NOBODY)
        if tried and tried.level == "namespaces":
            return tried
    return _check(None) or Walls("none", "The runner does not start on this machine.")


def _check(user: int | None) -> Walls | None:
    with suppress(subprocess.SubprocessError, OSError, ValueError, KeyError):
        done = subprocess.run(
            _command("--check", "--work", tempfile.gettempdir()),
            **_apart(user),
            capture_output=True,
            timeout=_CHECK_SECONDS,
            check=True,
        )
        said = json.loads(done.stdout)
        return Walls(str(said["level"]), str(said["why"]), user)
    return None


def local_runner(kernel: Kernel, url: str) -> "LocalRunner":
    """Make the runner of this machine; start it once the server answers at `url`."""
    traces = {
        "TOWPATH_OTLP_ENDPOINT": kernel.settings.otlp_endpoint,
        "TOWPATH_TRACE_PERCENT": str(kernel.settings.trace_percent),
    }
    return LocalRunner(url, kernel.data, lambda: _make_token(kernel), traces)


def _make_token(kernel: Kernel) -> tuple[str, Callable[[], None]]:
    def make(tx: Tx) -> tuple[str, str]:
        access.ensure_system_user(tx, RUNNER_USER, "The runner", access.Role.viewer)
        ends = after(tx.now, _TOKEN_SECONDS)
        return access.create_token(tx, RUNNER_USER, _NAME, scopes=("runner",), expires=ends)

    made, raw = kernel.db.write(make)
    return raw, lambda: kernel.db.write(lambda tx: access.revoke_token(tx, RUNNER_USER, made))


def forget_old_tokens(kernel: Kernel) -> None:
    """Revoke what a killed server left; for a day its runner may still be reporting a job."""

    def forget(tx: Tx) -> None:
        access.ensure_system_user(tx, RUNNER_USER, "The runner", access.Role.viewer)
        for each in access.tokens(tx, RUNNER_USER):
            if each.name == _NAME and each.created < after(tx.now, -_DAY_SECONDS):
                access.revoke_token(tx, RUNNER_USER, each.id)

    kernel.db.write(forget)


class LocalRunner:
    """Keeps one runner alive. `token` makes a token and the way to take it back."""

    def __init__(
        self,
        url: str,
        hidden: Path,
        token: Callable[[], tuple[str, Callable[[], None]]],
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._environment = environment
        self._url = url
        self._hidden = hidden
        self._token = token
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name="local runner", daemon=True)

    def start(self) -> None:
        self._keeper.start()

    def stop(self, seconds: float) -> None:
        """Let it give back what it runs, then end it; call while the server still answers."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        if self._keeper.ident is not None:
            self._keeper.join(seconds)

    def _keep(self) -> None:
        found = walls()
        if found.level == "none":
            _log.warning("trusted code only", why=found.why)
        pause = 1.0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = self._once(found)
            if self._stopping.is_set():
                return
            lived = time.monotonic() - began
            pause = 1.0 if lived > _SOON_SECONDS else min(pause * 2, _LONGEST_PAUSE)
            _log.warning("local runner ended", code=code, again_in=pause)
            self._stopping.wait(pause)

    def _once(self, found: Walls) -> int | None:
        token, take_back = self._token()
        file = _private_file(token, found.user)
        try:
            with self._lock:
                if self._stopping.is_set():
                    return None
                self._process = self._spawn(file, found.user)
            with self._process:  # closes our end of the pipe, too
                return self._process.wait()
        finally:
            file.unlink(missing_ok=True)
            with suppress(Exception):  # at the end of a stop the database may be gone
                take_back()

    def _spawn(self, token_file: Path, user: int | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            _command(
                *("--url", self._url, "--token-file", str(token_file), "--unlink-token"),
                *("--hide", str(self._hidden), "--work", tempfile.gettempdir()),
                *("--parent-pipe", "--name", "local"),
            ),
            **_apart(user, self._environment),
            stdin=subprocess.PIPE,
            start_new_session=True,
        )


def _command(*arguments: str) -> Sequence[str]:
    return (sys.executable, "-m", "towpath.pipelines.remote", *arguments)


def _apart(user: int | None, more: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Build what keeps a child apart from us: its environment, its place, its user."""
    ours = str(Path(towpath.__file__).resolve().parent.parent)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": ours}
    environment |= more
    apart: dict[str, Any] = {"env": environment, "cwd": "/"}
    return apart if user is None else apart | {"user": user, "group": user, "extra_groups": []}


def _private_file(text: str, user: int | None) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="towpath-token-")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    if user is not None:
        os.chown(name, user, user)
    return Path(name)

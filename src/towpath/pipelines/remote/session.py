"""The runner's end of a box: run commands in it, exchange small files with it, close it.

The other end is inside.py; namespaces.py and bare.py open boxes and differ in nothing else.
"""

import contextlib
import fcntl
import os
import select
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Literal, Self

from towpath.pipelines.remote import inside
from towpath.pipelines.remote.directories import Exchange, Layout, remove

Reason = Literal["exited", "timeout", "cancelled", "lost"]
Output = Callable[[bytes], object]

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL when a step is stopped."""
_DRAIN = 0.25  # seconds for what still comes after a step has ended: `> >(tee log)` and its like
_TICK = 0.1  # seconds until a cancelled event is seen
_FAREWELL = 5.0  # seconds beyond the grace until a box that does not answer is given up
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Exit:
    """How a command ended. A signal N gives code 128 + N; a lost box gives none."""

    code: int | None
    reason: Reason
    signal: int | None = None


class Box:
    """A place in which one job's steps run, one after the other; background processes live on.

    `workspace` and `files` are paths as steps see them; `environment` is what every step has;
    `listener` is a socket that they reach at 127.0.0.1, whoever answers there.
    """

    def __init__(
        self,
        layout: Layout,
        process: subprocess.Popen[bytes],
        control: socket.socket,
        listener: socket.socket,
    ) -> None:
        self.workspace = layout.workspace
        self.files = layout.files
        self.environment: Mapping[str, str] = {
            "HOME": layout.home,
            "TMPDIR": layout.temporary,
            "PATH": layout.path,
            "USER": "runner",
            "LOGNAME": "runner",
            "LANG": "C.UTF-8",
        }
        self._private = layout.private
        self._exchange = Exchange(layout)
        self._process = process
        self._control = control
        self.listener = listener
        self._one_at_a_time = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        output: Output,
        cwd: str | None = None,
        timeout: float | None = None,
        cancelled: threading.Event | None = None,
        grace: float = GRACE,
    ) -> Exit:
        """Run one command and hand its output on as it comes, stdout and stderr merged.

        `env` goes on top of `environment`; `cwd` is relative to the workspace; `timeout` and
        `grace` are seconds. A command that cannot be started says why in the output and exits
        with 127 or 126, as in a shell. The step ends when its process does: a background process
        that still holds the output loses it. When stopped, everything in the box is killed.
        """
        request = {
            "do": "run",
            "argv": list(argv),
            "env": {**self.environment, **env},
            "cwd": os.path.join(self.workspace, cwd or ""),  # noqa: PTH118 - a path in the box
        }
        with self._one_at_a_time, _pipe() as (reading, writing):
            if not self._ask(request, writing.fileno()):
                return Exit(None, "lost")
            writing.close()
            watch = _Watch(timeout, cancelled)
            ended = _Step(self._control, reading.fileno(), output, watch, grace).follow()
            if ended.reason == "lost":
                self._process.kill()
            return ended

    def put(self, name: str, data: bytes = b"") -> str:
        """Write a file that steps may read and change; its path as they see it."""
        return self._exchange.put(name, data)

    def take(self, name: str, limit: int = _CHUNK) -> bytes:
        """Read a file that steps may have written; empty if there is none.

        A step may have left anything in its place: a link or a pipe raises InvalidInput, more
        than `limit` bytes TooLarge.
        """
        return self._exchange.take(name, limit)

    def close(self) -> None:
        """Kill everything started in the box and remove its private directories."""
        if self._closed:
            return
        self._closed = True
        # Shut down, not only close: a run() in another thread is waiting on this very socket.
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        end(self._process)
        with self._one_at_a_time:
            self._control.close()
            self.listener.close()
            self._exchange.close()
            remove(self._private)

    def _ask(self, request: Mapping[str, Any], *descriptors: int) -> bool:
        try:
            inside.send(self._control, request, *descriptors)
        except OSError:
            return False
        return True


class _Watch:
    """Says when a step must be stopped, and why."""

    def __init__(self, timeout: float | None, cancelled: threading.Event | None) -> None:
        self._until = None if timeout is None else time.monotonic() + timeout
        self._cancelled = cancelled

    def reason(self) -> Reason | None:
        if self._cancelled is not None and self._cancelled.is_set():
            return "cancelled"
        if self._until is not None and time.monotonic() >= self._until:
            return "timeout"
        return None


class _Step:
    """Follows one running command to its end."""

    def __init__(
        self, control: socket.socket, reading: int, output: Output, watch: _Watch, grace: float
    ) -> None:
        self._control = control
        self._reading = reading
        self._output = output
        self._watch = watch
        self._grace = grace
        self._stopping: Reason | None = None
        self._give_up_at = float("inf")
        self._over = False
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._poll.register(reading, select.POLLIN)

    def follow(self) -> Exit:
        try:
            return self._follow()
        except BaseException:
            # The caller's output failed: nobody would follow the step any more.
            if not self._over:
                self._output = len
                self._stop("cancelled", 0.0)
                self._follow()
            raise

    def _follow(self) -> Exit:
        while time.monotonic() < self._give_up_at:
            ready = {fd for fd, _ in self._poll.poll(_TICK * 1000)}
            if self._reading in ready:
                self._pass_on()
            if self._control.fileno() in ready:
                return self._ended()
            reason = None if self._stopping else self._watch.reason()
            if reason:
                self._stop(reason, self._grace)
        return Exit(None, "lost")

    def _stop(self, reason: Reason, grace: float) -> None:
        self._stopping = reason
        self._give_up_at = time.monotonic() + grace + _FAREWELL
        with contextlib.suppress(OSError):
            inside.send(self._control, {"do": "stop", "grace": grace})

    def _ended(self) -> Exit:
        received = inside.receive(self._control)
        self._over = True
        self._drain()
        if received is None:
            return Exit(None, "lost")
        answer = received[0]
        if answer["is"] == "refused":
            self._output(f"Cannot start the command: {answer['why']}\n".encode())
            return Exit(answer["code"], "exited")
        return Exit(answer["code"], self._stopping or "exited", answer["signal"])

    def _drain(self) -> None:
        self._poll.unregister(self._control)
        until = time.monotonic() + _DRAIN
        while self._reading >= 0 and (left := until - time.monotonic()) > 0:
            if not self._poll.poll(left * 1000):
                return
            self._pass_on()

    def _pass_on(self) -> None:
        data = os.read(self._reading, _CHUNK)
        if data:
            self._output(data)
        else:
            self._poll.unregister(self._reading)
            self._reading = -1


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process whose control stream was shut down; kill it if it does not go."""
    try:
        process.wait(_FAREWELL)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    reading, writing = os.pipe()
    with open(reading, "rb", 0) as output, open(writing, "wb", 0) as end_of_step:  # noqa: PTH123
        with contextlib.suppress(OSError):
            fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, _CHUNK)
        yield output, end_of_step

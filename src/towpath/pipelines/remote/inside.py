"""The program that runs within a box and starts what it is told to; standard library only.

It is started once per job as `python -I -S inside.py FD`, where FD is its end of a stream socket.
Each message is a length (4 bytes, big-endian) and that many bytes of JSON. The runner's end is
session.py.

    {"do": "set up", "limits": {...}, "user": id or null} -> {"is": "ready"} + one descriptor
    {"do": "run", "argv", "env", "cwd"} + one descriptor -> {"is": "ended", "code", "signal"}
                                                          | {"is": "refused", "code", "why"}
    {"do": "stop", "grace": seconds}   no answer of its own: the step in question ends

The first descriptor listens at 127.0.0.1 of the box, for the runner to answer. The other becomes
the step's stdout and stderr, so output never passes through here. At the
end of the stream everything is killed: a runner that dies takes its job with it. As process 1 of
a namespace it owns all there is; elsewhere it adopts orphans and finds its descendants in /proc.
"""

# Each job waits for this to start, and pathlib and typing take as long to import as all the rest.
# ruff: noqa: PTH100, PTH113, PTH118, PTH123, PTH208

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    Seen = Callable[[int, int], None]

_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_HEADER = 4
_NOT_FOUND, _NOT_STARTED = 127, 126  # what shells say
_RESOURCES = {
    "processes": resource.RLIMIT_NPROC,
    "open_files": resource.RLIMIT_NOFILE,
    "file_size": resource.RLIMIT_FSIZE,
    "memory": resource.RLIMIT_DATA,
    "cpu": resource.RLIMIT_CPU,
}
_DEFAULTED = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


class Inside:
    """The loop: messages from the runner, children that end, a deadline while stopping."""

    def __init__(self, control: socket.socket, woken: socket.socket) -> None:
        self._control = control
        self._woken = woken
        self._step: int | None = None
        self._status: int | None = None
        self._kill_at: float | None = None

    def serve(self) -> None:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while True:
            ready = {fd for fd, _ in poll.poll(self._patience())}
            if self._woken.fileno() in ready:
                self._woken.recv(4096)
            self._collect()
            if self._control.fileno() in ready and not self._obey():
                return

    def _patience(self) -> int | None:
        if self._kill_at is None:
            return None
        return max(0, round((self._kill_at - time.monotonic()) * 1000))

    def _obey(self) -> bool:
        received = receive(self._control)
        if received is None:
            return False
        request, descriptors = received
        match request["do"]:
            case "set up":
                with listening() as listener:
                    set_up(request["limits"], request["user"])
                    send(self._control, {"is": "ready"}, listener.fileno())
            case "run":
                self._run(request, descriptors[0])
            case "stop" if self._step is not None and self._kill_at is None:
                self._kill_at = time.monotonic() + request["grace"]
                signal_all(signal.SIGTERM)
        return True

    def _run(self, request: Mapping[str, Any], output: int) -> None:
        try:
            self._step = start(request["argv"], request["env"], request["cwd"], output)
        except (OSError, ValueError) as error:
            code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_STARTED
            send(self._control, {"is": "refused", "code": code, "why": _why(error)})
        finally:
            os.close(output)

    def _collect(self) -> None:
        """Reap who has ended; a step has ended with its process, when stopped with all others."""
        alone = reap(self._seen)
        if self._kill_at is not None and (alone or time.monotonic() >= self._kill_at):
            kill_all(self._seen)
            self._kill_at = None
        if self._status is not None and self._kill_at is None:
            self._report(os.waitstatus_to_exitcode(self._status))

    def _seen(self, pid: int, status: int) -> None:
        if pid == self._step:
            self._status = status

    def _report(self, code: int) -> None:
        self._step = self._status = None
        number = -code if code < 0 else None
        # The shells' convention, so that a signal is a number everywhere.
        shown = code if number is None else 128 + number
        send(self._control, {"is": "ended", "code": shown, "signal": number})


def send(control: socket.socket, message: Mapping[str, Any], *descriptors: int) -> None:
    body = json.dumps(message).encode()
    header = len(body).to_bytes(_HEADER, "big")
    if descriptors:
        socket.send_fds(control, [header], descriptors)
        control.sendall(body)
    else:
        control.sendall(header + body)


def receive(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Read one message and the descriptors that came with it; None at the end of the stream."""
    try:
        header, descriptors, _, _ = socket.recv_fds(control, _HEADER, 1)
        header += _exactly(control, _HEADER - len(header)) if header else b""
        body = _exactly(control, int.from_bytes(header, "big")) if header else b""
    except (EOFError, ConnectionError):
        return None
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return (json.loads(body), descriptors) if body else None


def _exactly(control: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = control.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def set_up(limits: Mapping[str, int | None], user: int | None) -> None:
    """Take limits that all children inherit, and be the first whom a full memory kills."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, kind in _RESOURCES.items():
        _, ceiling = resource.getrlimit(kind)
        wanted = limits[name]
        if wanted is not None:
            value = wanted if ceiling == resource.RLIM_INFINITY else min(wanted, ceiling)
            resource.setrlimit(kind, (value, value))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    # Steps may not read or trace this process, which holds the line to the runner.
    _prctl(_PR_SET_DUMPABLE, 0)


def listening() -> socket.socket:
    """Listen where the box's own steps can call, and nobody else if it has a network to itself."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def start(argv: list[str], env: dict[str, str], cwd: str, output: int) -> int:
    """Start a command in a session of its own; OSError says why it could not start."""
    os.chdir(cwd)
    return os.posix_spawn(
        find(argv[0], env.get("PATH", os.defpath)),
        argv,
        env,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, output, 1),
            (os.POSIX_SPAWN_DUP2, output, 2),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=_DEFAULTED,
    )


def find(name: str, path: str) -> str:
    """Find a program on the step's PATH, which is not ours."""
    if "/" in name:
        return name
    for directory in path.split(":"):
        candidate = os.path.join(os.path.abspath(directory), name)
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    raise FileNotFoundError(f"{name}: command not found")


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def reap(seen: Seen) -> bool:
    """Take note of all who have ended; True when no child is left."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            return False
        seen(pid, status)


def kill_all(seen: Seen) -> None:
    """Kill until nothing is left: what forks meanwhile is killed in the next round."""
    while not reap(seen):
        signal_all(signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            seen(*os.waitpid(-1, 0))


def signal_all(number: signal.Signals) -> None:
    """Signal everything but this process: as process 1 all there is, else all descendants."""
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, number)
        return
    for pid in descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def descendants(root: int) -> list[int]:
    """Find all processes below one, parents first, as /proc has them now."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found = list(children.get(root, ()))
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                # The command's name stands in brackets and may hold anything, brackets too.
                yield int(name), int(file.read().rpartition(b")")[2].split()[1])


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _forget(_pid: int, _status: int) -> None:
    """Nobody asks how these ended."""


def _keep_only(descriptor: int) -> None:
    """Close what else we were started with, such as pipes that bubblewrap forgot."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in {0, 1, 2, descriptor}:
            with contextlib.suppress(OSError):
                os.close(int(name))
    os.set_inheritable(descriptor, False)


def main() -> None:
    _keep_only(int(sys.argv[1]))
    control = socket.socket(fileno=int(sys.argv[1]))
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o022)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        Inside(control, woken).serve()
    finally:
        kill_all(_forget)


if __name__ == "__main__":
    main()

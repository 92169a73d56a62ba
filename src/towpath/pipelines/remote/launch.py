"""Start a box's process and shake hands with the program inside it."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from typing import IO

from towpath.kernel.errors import Unavailable
from towpath.pipelines.remote import inside
from towpath.pipelines.remote.apart import INSIDE, Apart
from towpath.pipelines.remote.directories import OPEN_TO_STEPS, Layout, remove
from towpath.pipelines.remote.place import Limits
from towpath.pipelines.remote.session import Box, end

_START = 20.0  # seconds until a box that does not answer counts as not opened


def python(program: str) -> list[str]:
    """Build the command that runs inside.py with our interpreter and nothing of our packages."""
    return [os.path.realpath(sys.executable), "-I", "-S", "-B", program]


def start(
    layout: Layout,
    limits: Limits,
    command: Callable[[int], Sequence[str]],
    apart: Apart | None = None,
) -> Box:
    """Start `command(descriptor)`, which ends up in inside.py, and wait until it answers."""
    ours, theirs = socket.socketpair()
    with contextlib.ExitStack() as undo:
        undo.callback(remove, layout.private)
        undo.callback(ours.close)
        with theirs, tempfile.TemporaryFile() as complaints:
            if apart:
                apart.give(layout.private / name for name in OPEN_TO_STEPS)
            passed = (theirs.fileno(), *(apart.descriptors if apart else ()))
            process = _spawn(command(theirs.fileno()), passed, complaints)
            undo.callback(end, process)
            undo.callback(process.kill)
            theirs.close()
            if apart:
                apart.settle()
            listener = _greet(ours, limits, INSIDE if apart else None, complaints)
        undo.pop_all()
    return Box(layout, process, ours, listener)


def _spawn(
    argv: Sequence[str], descriptors: tuple[int, ...], errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a process from a thread that lives as long as it does.

    The kernel sends the death signal that bubblewrap asks for when the *thread* that started it
    ends, and a runner may well open a box in a thread that ends before the box does.
    """
    started: Future[subprocess.Popen[bytes]] = Future()

    def keep() -> None:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={},
                cwd="/",
                pass_fds=descriptors,
                start_new_session=True,
            )
        except OSError as error:
            started.set_exception(error)
            return
        started.set_result(process)
        process.wait()

    threading.Thread(target=keep, name="box-keeper", daemon=True).start()
    try:
        return started.result()
    except OSError as error:
        raise _no_box(str(error)) from error


def _greet(
    control: socket.socket, limits: Limits, user: int | None, complaints: IO[bytes]
) -> socket.socket:
    """Set the box up; returns what listens in it, for whoever wants to answer its steps."""
    control.settimeout(_START)
    try:
        inside.send(control, {"do": "set up", "limits": asdict(limits), "user": user})
        answer = inside.receive(control)
    except OSError as error:
        raise _no_box(_said(complaints) or str(error)) from error
    if answer is None or not answer[1]:
        raise _no_box(_said(complaints))
    control.settimeout(None)
    return socket.socket(fileno=answer[1][0])


def _said(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read(2000).decode(errors="replace").strip()


def _no_box(why: str) -> Unavailable:
    return Unavailable(
        f"The box for the job could not be opened: {why or 'it ended at once'}",
        next_step="Install bubblewrap and allow user namespaces, or run trusted code only.",
    )

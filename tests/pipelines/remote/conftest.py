"""A workspace, boxes of both kinds on it, and eyes that see all processes of this machine."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from towpath.pipelines.remote import bare, box, namespaces
from towpath.pipelines.remote.place import Place
from towpath.pipelines.remote.session import Box, Exit

OPENERS = {"namespaces": namespaces.open_box, "bare": bare.open_box}


def need_walls():
    isolation = box.detect()
    if isolation.level == "none":
        pytest.skip(f"NO SANDBOX ON THIS MACHINE, ITS TESTS DO NOT RUN. {isolation.why}")


class Steps:
    """A box that collects what its steps say."""

    def __init__(self, box: Box) -> None:
        self.box = box

    def sh(self, script: str, **options) -> tuple[Exit, str]:
        said = bytearray()
        options = {"env": {}, "output": said.extend, "timeout": 20, "grace": 0.3} | options
        ended = self.box.run(["bash", "-c", script], **options)
        return ended, said.decode(errors="replace")

    def say(self, script: str, **options) -> str:
        ended, said = self.sh(script, **options)
        assert ended == Exit(0, "exited"), said
        return said.strip()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "job" / "work"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def open_steps(workspace: Path) -> Iterator[Callable[..., Steps]]:
    """Open boxes on the workspace; closed at the end."""
    opened = []

    def opening(kind: str, **wanted) -> Steps:
        if kind == "namespaces":
            need_walls()
        place = replace(Place(workspace, scratch=workspace.parent), **wanted)
        opened.append(OPENERS[kind](place))
        return Steps(opened[-1])

    yield opening
    for each in opened:
        each.close()


@pytest.fixture(params=list(OPENERS))
def steps(request, open_steps) -> Steps:
    """A box of each kind: what holds for one holds for the other."""
    return open_steps(request.param)


@pytest.fixture
def walled(open_steps) -> Steps:
    return open_steps("namespaces")


class Sleepers:
    """Processes that sleep for a number of seconds nobody else chose, seen from outside."""

    def __init__(self, seconds: int) -> None:
        self.command = f"sleep {seconds}"

    def count(self) -> int:
        wanted = self.command.replace(" ", "\0").encode() + b"\0"
        return sum(_cmdline(path) == wanted for path in Path("/proc").glob("[0-9]*"))

    def become(self, count: int) -> bool:
        return wait_until(lambda: self.count() == count)


def _cmdline(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def sleepers(tmp_path: Path) -> Sleepers:
    return Sleepers(1_000_000 + abs(hash(str(tmp_path))) % 1_000_000)


def wait_until(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not holds():
        if time.monotonic() > until:
            return False
        pause.wait(0.01)
    return True

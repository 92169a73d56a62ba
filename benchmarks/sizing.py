"""What one installation needs: memory, processor time and disk, of a real server and its runner.

Processor seconds rather than wall time, so that a busy machine changes them little. Memory is
proportional: pages shared with others count in part. Git's processes and those of jobs count
where it says so; `--small` only shows that the program works.
"""

import os
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Figure
from tests.e2e.town import FILES
from tests.kill.harness import NAME, OWNER, Server
from tests.kill.people import World


def memory(pids: list[int]) -> float:
    """Proportional megabytes of some processes."""
    texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(text.split("\nPss:")[1].split()[0]) for text in texts) / 1024


def seconds(pids: list[int]) -> float:
    """Processor seconds of some processes and of all children that they have waited for."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids]
    return sum(sum(map(int, fields[11:15])) for fields in stats) / os.sysconf("SC_CLK_TCK")


class Scales:
    """Weighs one server, with a person at work on it."""

    def __init__(self, server: Server, world: World) -> None:
        self._server = server
        self._world = world

    @property
    def _own(self) -> list[int]:
        return [self._server.process.pid]

    def each(self, times: int, do: Callable[[int], object]) -> float:
        """Processor milliseconds of the server, with its git, for one of these."""
        before = seconds(self._own)
        for number in range(times):
            do(number)
        return (seconds(self._own) - before) / times * 1000

    def request(self, _: int) -> None:
        self._world.alice.get("/api/towpath/v1/me")

    def page(self, _: int) -> None:
        headers = {"Authorization": f"Bearer {self._world.alice.token}", "Accept": "text/html"}
        asked = urllib.request.Request(f"{self._server.url}/{OWNER}/{NAME}", headers=headers)
        with urllib.request.urlopen(asked) as answer:
            answer.read()

    def push(self, number: int) -> None:
        git = self._world.git
        head = git.commit(self._world.base, {"push": f"{number}\n"}, f"Push {number}")
        git("push", "--quiet", git.remote, f"{head}:refs/heads/pushed-{number}")

    def land(self, number: int) -> None:
        """From a push to main, over two builds of two jobs each."""
        request = self._world.open(f"land-{number}", {f"part-{number}": "x\n"}, f"Land {number}")
        self._world.approve(request)
        path = f"/api/towpath/v1/repos/{OWNER}/{NAME}/queue/{request}"
        while self._world.alice.get(path)["request"]["state"] != "landed":
            time.sleep(0.5)


def measure(folder: Path, small: bool) -> list[Figure]:  # noqa: FBT001 - one switch of main
    server = Server(folder).start()
    try:
        time.sleep(5)
        first, runner = [server.process.pid], server.family()[:-1]
        told = [
            _figure("memory of the server at rest", memory(first), "MB"),
            _figure("memory of the runner at rest", memory(runner), "MB"),
        ]
        before, idle = seconds(server.family()), 2 if small else 60
        time.sleep(idle)
        spent = (seconds(server.family()) - before) / idle * 1000
        told.append(_figure("processor at rest, server and runner", spent, "ms a second"))
        scales = Scales(server, World(server, folder / "clone", FILES))
        for name, times, do in (
            ("processor per small request of the API", 300, scales.request),
            ("processor per page of a repository", 100, scales.page),
            ("processor per push, with git", 30, scales.push),
            ("processor per landing, without its jobs", 5, scales.land),
        ):
            told.append(_figure(name, scales.each(2 if small else times, do), "ms"))
        told.append(_figure("memory of the server after all that", memory(first), "MB"))
        size = sum(path.stat().st_size for path in server.data.rglob("*") if path.is_file())
        told.append(_figure("disk after all that", size / 1e6, "MB"))
        return told
    finally:
        server.stop()


def _figure(name: str, value: float, unit: str) -> Figure:
    return Figure(name=name, value=value, unit=unit)


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="bench-sizing-"))
    try:
        return harness.report("sizing", measure(folder, "--small" in sys.argv))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

"""From a push to the first line of its build: how long a person waits for a sign of life.

A real `towpath serve` with its own runner; each push moves a branch by one commit over HTTP. The
clock starts when `git push` begins and, for the second figure, when it has ended; it stops when a
line printed by the job is on disk at the server, where any reader gets it. The floor beside it is
a bubblewrap sandbox opened by hand for one `echo`, with nothing around it.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Figure
from towpath.app.demo.serving import Person, server

PUSHES = 4
_ANSWER = b"\n42\n"
_WORKFLOW = """
on: push
jobs:
  sign-of-life:
    runs-on: ubuntu-latest
    steps:
      - run: expr 6 '*' 7
"""
_WITH_CHECKOUT = _WORKFLOW.replace(
    "    steps:\n", "    steps:\n      - uses: actions/checkout@v4\n"
)
_SANDBOX = (
    "bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/usr", "/usr", "--symlink",
    "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
    "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "echo", "42",
)  # fmt: skip


class Boat:
    """A working copy whose pushes are timed."""

    def __init__(self, folder: Path, data: Path, admin: Person, name: str, workflow: str) -> None:
        self._folder = folder / name
        self._logs = data / "logs"
        self._folder.mkdir()
        admin.post("/api/v3/user/repos", {"name": name})
        self._remote = admin.url.replace("://", f"://x:{admin.token}@") + f"/{admin.login}/{name}"
        self._git("init", "--quiet", "--initial-branch=topic")
        file = self._folder / ".towpath/workflows/ci.yml"
        file.parent.mkdir(parents=True)
        file.write_text(workflow)
        self._git("add", "--all")
        self.push()

    def pushes(self) -> Mapping[str, float]:
        """Push a few times; medians in milliseconds."""
        times = [self.push() for _ in range(PUSHES)]
        return {
            "begun": statistics.median(begun for begun, _ in times),
            "ended": statistics.median(ended for _, ended in times),
        }

    def push(self) -> tuple[float, float]:
        known = set(self._logs.glob("*/*.log"))
        self._git("commit", "--quiet", "--allow-empty", "--message", "work")
        begun = time.monotonic()
        self._git("push", "--quiet", self._remote, "HEAD:refs/heads/topic")
        ended = time.monotonic()
        while not any(_ANSWER in log.read_bytes() for log in self._new(known)):
            if time.monotonic() - ended > 60:
                raise RuntimeError("the job never spoke")
            time.sleep(0.001)
        now = time.monotonic()
        return (now - begun) * 1000, (now - ended) * 1000

    def _new(self, known: set[Path]) -> set[Path]:
        return set(self._logs.glob("*/*.log")) - known

    def _git(self, *arguments: str) -> None:
        person = ("-c", "user.name=a", "-c", "user.email=a@example.test")
        command = ["git", *person, *arguments]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True)


def sandbox() -> Mapping[str, float]:
    begun = time.monotonic()
    subprocess.run(_SANDBOX, check=True, capture_output=True)
    return {"ended": (time.monotonic() - begun) * 1000}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="towpath-bench-") as name:
        folder = Path(name)
        data = folder / "data"
        with server(data, 0, folder / "server.log") as admin:
            plain = Boat(folder, data, admin, "plain", _WORKFLOW)
            whole = Boat(folder, data, admin, "checkout", _WITH_CHECKOUT)
            samples = harness.interleave(
                {"plain": plain.pushes, "checkout": whole.pushes, "sandbox": sandbox}
            )
    floor = {"bare sandbox": samples["sandbox"]["ended"]}
    return harness.report(
        "first-line",
        [
            _figure("push begins → first line", samples["plain"]["begun"], floor),
            _figure("push ended → first line", samples["plain"]["ended"], floor),
            _figure("push ended → first line after checkout", samples["checkout"]["ended"], floor),
        ],
        "uvicorn",
        "starlette",
    )


def _figure(name: str, ours: list[float], floor: Mapping[str, list[float]]) -> Figure:
    return Figure(name=name, value=statistics.median(ours), unit="ms", samples=ours, peers=floor)


if __name__ == "__main__":
    sys.exit(main())

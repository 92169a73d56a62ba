"""What merging one request costs: in the object store alone, beside checkout and merge.

Both sides merge the same heads onto the same commits of one generated repository. Ours is
`forge.service.merge`, as the gate calls it: two git processes, every object fsynced. The peer
keeps a working tree and does what a person would: check the target out, merge the branch. The
trees must come out equal. CPU counts this process and all git processes it started.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from benchmarks import harness
from benchmarks.harness import Figure
from towpath.forge import service
from towpath.forge.clients.embedded import git
from towpath.forge.clients.embedded import refs as git_refs
from towpath.kernel import ids
from towpath.kernel.clock import SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.settings import Settings

FILES = 20_000
FOLDERS = 200
REQUESTS = 20
FILES_A_REQUEST = 5
BAR = 0.1
SOURCE = "issue 2, done when: merge cost per request"
MESSAGE = "Merge"


def generate() -> Iterator[bytes]:
    """A stream for git fast-import: one commit of 20,000 files, main two commits on, branches."""
    yield b"blob\nmark :1\ndata 6\nhello\n\n"
    yield _commit("main", 10, None)
    for number in range(FILES):
        yield f"M 100644 inline {_path(number)}\n{_data(f'file {number}' * 20)}".encode()
    yield _commit("main", 11, 10) + _change(FILES - 1, "main moves on")
    yield _commit("main", 12, 11) + _change(FILES - 2, "and on")
    for request in range(REQUESTS):
        yield _commit(f"request{request}", 100 + request, 10)
        for number in range(FILES_A_REQUEST):
            yield _change(request * 613 + number * 37, f"request {request}")
    yield b"done\n"


def _commit(branch: str, mark: int, parent: int | None) -> bytes:
    begin = f"commit refs/heads/{branch}\nmark :{mark}\ncommitter A <a@b.test> {mark} +0000\n"
    return (begin + _data("work") + (f"from :{parent}\n" if parent else "")).encode()


def _change(number: int, content: str) -> bytes:
    return f"M 100644 inline {_path(number)}\n{_data(content)}".encode()


def _path(number: int) -> str:
    return f"folder{number % FOLDERS}/sub{number % 7}/file{number}.txt"


def _data(text: str) -> str:
    return f"data {len(text)}\n{text}\n"


class Bench:
    """One repository, as ours has it and as a kept working tree."""

    def __init__(self, folder: Path) -> None:
        # Merging touches no database, so there is none.
        self.kernel = Kernel(cast("Any", None), SystemClock(), Settings(), folder, "")
        self.id = ids.new("repo")
        git_refs.create(self.kernel, self.id, "main")
        bare = git.path(self.kernel, self.id)
        git.run(bare, "fast-import", "--quiet", "--done", data=b"".join(generate()), timeout=300)
        self.tree = folder / "tree"
        _git(folder, "clone", "--quiet", "--shared", str(bare), str(self.tree))
        tips = service.refs(self.kernel, self.id)
        self.main = tips.pop("refs/heads/main")
        self.heads = list(tips.values())

    def ours(self, onto: Callable[[str], str]) -> list[str]:
        merged = [self.main]
        for head in self.heads:
            at = self.kernel.clock.now()
            made = service.merge(self.kernel, self.id, onto(merged[-1]), head, MESSAGE, at)
            assert isinstance(made, service.Merged)
            merged.append(made.sha)
        return merged[1:]

    def peer(self, onto: Callable[[str], str]) -> list[str]:
        merged = [self.main]
        for head in self.heads:
            _git(self.tree, "checkout", "--quiet", "--force", "--detach", onto(merged[-1]))
            _git(self.tree, "merge", "--quiet", "--no-ff", "-m", MESSAGE, head)
            merged.append(_git(self.tree, "rev-parse", "HEAD").strip())
        return merged[1:]

    def check(self, ours: Sequence[str], theirs: Sequence[str]) -> None:
        """Every pair of merges must hold the same tree."""
        mine = git.run(
            git.path(self.kernel, self.id), "rev-parse", *(f"{one}^{{tree}}" for one in ours)
        )
        yours = _git(self.tree, "rev-parse", *(f"{one}^{{tree}}" for one in theirs))
        assert mine.text == yours


def _git(folder: Path, *arguments: str) -> str:
    identity = {
        f"GIT_{role}_{field}": value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in (("NAME", "A"), ("EMAIL", "a@b.test"))
    }
    plain = {"PATH": os.defpath, "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"} | identity
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=plain, check=True, capture_output=True, text=True
    ).stdout


def measured(merge: Callable[[], list[str]], results: list[str]) -> Mapping[str, float]:
    """CPU and wall milliseconds for each request."""
    before, began = _cpu(), time.perf_counter()
    results[:] = merge()
    return {
        "cpu": (_cpu() - before) * 1000 / REQUESTS,
        "wall": (time.perf_counter() - began) * 1000 / REQUESTS,
    }


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def run(bench: Bench) -> list[Figure]:
    ours: list[str] = []
    theirs: list[str] = []
    figures = []
    cases: dict[str, Callable[[str], str]] = {
        "onto main": lambda _: bench.main,
        "onto the one ahead": lambda ahead: ahead,
    }
    for case, onto in cases.items():
        samples = harness.interleave(
            {
                "ours": lambda onto=onto: measured(lambda: bench.ours(onto), ours),
                "worktree": lambda onto=onto: measured(lambda: bench.peer(onto), theirs),
            }
        )
        bench.check(ours, theirs)
        figures += _figures(case, samples)
    return figures


def _figures(case: str, samples: dict[str, dict[str, list[float]]]) -> list[Figure]:
    """The ratio of CPU, judged for the plain case; samples and peers are ms for one request."""
    mine, other = samples["ours"], samples["worktree"]
    judged = {"op": "<=", "bar": BAR, "source": SOURCE} if case == "onto main" else {}
    cpu = Figure(
        name=f"CPU of a merge {case}",
        value=harness.ratio(mine["cpu"], other["cpu"]),
        unit="times",
        samples=mine["cpu"],
        peers={"worktree": other["cpu"]},
        **judged,
    )
    wall = Figure(
        name=f"wall of a merge {case}",
        value=statistics.median(mine["wall"]),
        unit="ms",
        samples=mine["wall"],
        peers={"worktree": other["wall"]},
    )
    return [cpu, wall]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="gate-merge-") as folder:
        harness.say(f"{FILES} files, {REQUESTS} requests of {FILES_A_REQUEST} files a round")
        figures = run(Bench(Path(folder)))
    harness.say(_git(Path("/"), "version").strip())
    return harness.report("gate-merge", figures)


if __name__ == "__main__":
    sys.exit(main())

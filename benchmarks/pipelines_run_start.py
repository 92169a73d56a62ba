"""How long a person waits for the first line of `towpath run`, from return to what the step says.

A tree of one workflow and one step that prints a line. The peer is what no program of Python can
do without: the same interpreter that imports PyYAML and ends. Processor time is counted with that
of all children, git and the sandbox included; on a busy machine it says more than the clock.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Figure

_WORKFLOW = "on: push\njobs:\n  a: {runs-on: x, steps: [{run: expr 6 '*' 7}]}\n"
_ANSWER = "42\n"
_TOWPATH = Path(sys.executable).with_name("towpath")


def ours(tree: Path) -> Mapping[str, float]:
    return _timed([str(_TOWPATH), "run"], tree, _ANSWER)


def bare(tree: Path) -> Mapping[str, float]:
    return _timed([sys.executable, "-c", "import yaml; print(42)"], tree, _ANSWER)


def _timed(command: Sequence[str], tree: Path, until: str) -> Mapping[str, float]:
    """Milliseconds until a line is there, and of processor time until all has ended."""
    before = os.times()
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=tree, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == until:
                first = time.perf_counter() - began
                break
        process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    after = os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    return {"first": first * 1000, "cpu": spent * 1000}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="towpath-bench-") as name:
        tree = Path(name)
        subprocess.run(["git", "init", "--quiet", "."], cwd=tree, check=True)
        file = tree / ".github/workflows/ci.yml"
        file.parent.mkdir(parents=True)
        file.write_text(_WORKFLOW)
        for warm in (ours, bare):
            warm(tree)
        found = harness.interleave({"ours": lambda: ours(tree), "bare": lambda: bare(tree)})
    return harness.report("pipelines-run-start", _figures(found), "click", "pyyaml")


def _figures(found: Mapping[str, Mapping[str, list[float]]]) -> list[Figure]:
    mine, peer = found["ours"], found["bare"]
    ratios = [one / two for one, two in zip(mine["cpu"], peer["cpu"], strict=True)]
    wanted = ("the first line of a step", mine["first"], peer["first"], 300.0)
    return [
        Figure(
            name=wanted[0], value=statistics.median(wanted[1]), unit="ms", samples=wanted[1],
            peers={"python and yaml": wanted[2]}, op="<=", bar=wanted[3],
            source="issue 4: first line of output in under 300 ms, on a quiet machine",
        ),
        Figure(
            name="processor time of all, children too", value=statistics.median(mine["cpu"]),
            unit="ms", samples=mine["cpu"], peers={"python and yaml": peer["cpu"]},
        ),
        Figure(
            name="times that of python and yaml", value=statistics.median(ratios), unit="x",
            samples=ratios, peers={},
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

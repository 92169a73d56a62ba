"""How long a workflow file of 1,000 jobs takes to be read and checked, and an expression.

The peer is npm's @actions/workflow-parser, which reads the same file in the same round: text to
tokens to a template with every expression checked, which is what ours does too. It is brought as
the tests bring it (`tests/node`), in one Node process per round; what is timed is a file read
again and again in a warm process, in both, and the best of them counts: what the machine's other
work adds is not ours. Cold, we are timed too: a fresh process that imports all it needs, reads the
file and ends.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Figure
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.expressions import functions, syntax
from towpath.pipelines.model.expressions.evaluation import Surroundings, evaluate

JOBS = 1000
READS = 5
SCRIPT = Path(__file__).resolve().parent.parent / "tests/node/parse.mjs"
SOURCE = "github.event_name == 'push' && contains(github.ref, 'refs/heads/') || needs.a.result"
SCOPE = syntax.Scope(frozenset({"github", "needs"}), functions.WITH_STATUS)
AROUND = Surroundings({"github": {"event_name": "push", "ref": "refs/heads/main"}, "needs": {}})
_JOB = """\
  job-{number}:
    runs-on: ubuntu-latest
    needs: [{needs}]
    if: github.event_name == 'push' || failure()
    steps:
      - uses: actions/checkout@v4
      - run: make part-{number} SHA=${{{{ github.sha }}}}
"""


def file() -> str:
    """Write 1,000 jobs, each needing up to two before it."""
    jobs = (
        _JOB.format(
            number=number,
            needs=", ".join(f"job-{other}" for other in range(max(0, number - 2), number)),
        )
        for number in range(JOBS)
    )
    return "on: push\njobs:\n" + "".join(jobs)


def warm(source: bytes) -> Mapping[str, float]:
    return {
        "wall": _best(lambda: parse(source, "big.yml"), time.perf_counter),
        "cpu": _best(lambda: parse(source, "big.yml"), time.process_time),
        "cold": _cold(source),
        "parse": _each(lambda: syntax.parse(SOURCE, syntax.Scope(SCOPE.names, SCOPE.functions))),
        "evaluate": _each(lambda: evaluate(syntax.parse(SOURCE, SCOPE), AROUND)),
    }


def _best(work: Callable[[], object], clock: Callable[[], float]) -> float:
    times = []
    for _ in range(READS):
        began = clock()
        work()
        times.append((clock() - began) * 1000)
    return min(times)


def _each(work: Callable[[], object], times: int = 2000) -> float:
    """Microseconds of processor time: too short a thing to tell from what else happens."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1e6


def _cold(source: bytes) -> float:
    program = (
        "import sys; from towpath.pipelines.formats.workflow import parse;"
        " parse(sys.stdin.buffer.read(), 'big.yml')"
    )
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], input=source, check=True)
    return (time.perf_counter() - began) * 1000


def peer(path: Path) -> Mapping[str, float]:
    """Read the file by npm's parser; it must find the same number of jobs and nothing wrong."""
    done = subprocess.run(
        [shutil.which("node") or "node", str(SCRIPT), str(path), str(READS)],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    told = json.loads(done.stdout)
    if told["errors"] or told["jobs"] != JOBS:
        raise RuntimeError(f"the peer read something else: {told}")
    return {"wall": min(told["wall"]), "cpu": min(told["cpu"])}


def main() -> int:
    if not (SCRIPT.parent / "node_modules").is_dir():
        subprocess.run([sys.executable, "-m", "tests.node.fetch"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.yml"
        path.write_text(file())
        source = path.read_bytes()
        harness.say(f"{JOBS} jobs, {len(source) // 1024} KiB")
        found = harness.interleave({"ours": lambda: warm(source), "npm": lambda: peer(path)})
    return harness.report("pipelines-parse", _figures(found), "pyyaml")


def _figures(found: dict[str, dict[str, list[float]]]) -> list[Figure]:
    ours, theirs = found["ours"], found["npm"]
    issue = "issue 4: parse and validate a 1,000-job file in 250 ms"
    research = "research: parse an expression in 150 us, evaluate it cached in 20 us"
    judged = (
        ("read and check 1,000 jobs", "wall", "ms", 250, issue, {"npm": theirs["wall"]}),
        ("processor time of that", "cpu", "ms", None, "", {"npm": theirs["cpu"]}),
        ("in a fresh process", "cold", "ms", None, "", {}),
        ("parse one expression", "parse", "us", 150, research, {}),
        ("evaluate it", "evaluate", "us", 20, research, {}),
    )
    return [
        Figure(
            name=name, value=statistics.median(ours[key]), unit=unit, samples=ours[key],
            peers=peers, op="<=" if bar else None, bar=bar, source=source,
        )
        for name, key, unit, bar, source, peers in judged
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

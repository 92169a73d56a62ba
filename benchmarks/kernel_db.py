"""Durable inserts by 1, 8 and 64 callers: our group commit beside a commit per call.

The peer is what one writes first: one sqlite3 connection with the same pragmas, a lock around
BEGIN IMMEDIATE, INSERT, COMMIT. Both hand the same INSERT to the driver, so what is compared is
the way to commit. Syncs are counted by strace in runs of their own, since tracing slows them.
"""

import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from benchmarks import harness
from benchmarks.harness import Figure
from towpath.kernel.clock import SystemClock
from towpath.kernel.db.interface import Sql
from towpath.kernel.db.opening import open_database

CALLERS = (1, 8, 64)
SECONDS = 2.0
SOURCE = "issue 2, done when: at 64 callers"
_CREATE = "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL)"
_INSERT = Sql("INSERT INTO note (body) VALUES (:body)")
_BODY = {"body": "x" * 100}
Insert = Callable[[], object]


@contextmanager
def ours(folder: Path) -> Iterator[Insert]:
    db = open_database(f"sqlite:///{folder / 'ours.db'}", SystemClock())
    db.write(lambda tx: tx.execute(text(_CREATE)))
    yield lambda: db.write(lambda tx: tx.direct(_INSERT, _BODY).lastrowid)
    db.close()


@contextmanager
def per_call(folder: Path) -> Iterator[Insert]:
    connection = sqlite3.connect(folder / "peer.db", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(_CREATE)
    lock = threading.Lock()

    def insert() -> None:
        with lock:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO note (body) VALUES (:body)", _BODY)
            connection.execute("COMMIT")

    yield insert
    connection.close()


CONTESTANTS = {"ours": ours, "a commit per call": per_call}


def run(name: str, callers: int, seconds: float = SECONDS) -> dict[str, float]:
    """Let `callers` threads insert for a while; inserts per second and latencies in ms."""
    folder = Path(tempfile.mkdtemp(prefix="towpath-bench-"))
    try:
        with CONTESTANTS[name](folder) as insert:
            insert()
            latencies = hammer(insert, callers, seconds)
    finally:
        shutil.rmtree(folder)
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "per second": len(latencies) / seconds,
        "p50": cuts[49] * 1000,
        "p99": cuts[98] * 1000,
        "inserts": float(len(latencies) + 2),
    }


def hammer(insert: Insert, callers: int, seconds: float) -> list[float]:
    gathered: list[list[float]] = [[] for _ in range(callers)]
    start = threading.Barrier(callers)

    def call(mine: list[float]) -> None:
        start.wait()
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            insert()
            mine.append(time.perf_counter() - began)

    threads = [threading.Thread(target=call, args=(mine,)) for mine in gathered]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [each for mine in gathered for each in mine]


def syncs_per_insert(name: str, callers: int) -> float | None:
    """Count fsync and fdatasync of a whole run with strace; None where there is no strace."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    with tempfile.NamedTemporaryFile("r") as table:
        count = ["-f", "--seccomp-bpf", "-c", "-e", "trace=fsync,fdatasync", "-o", table.name]
        once = [sys.executable, __file__, "--once", name, str(callers)]
        done = subprocess.run([strace, *count, *once], check=True, capture_output=True, text=True)
        calls = re.findall(r"^\s*\S+\s+\S+\s+\S+\s+(\d+).*sync$", table.read(), re.MULTILINE)
    return sum(map(int, calls)) / float(done.stdout)


def sync_latency() -> float:
    """Milliseconds, the median of 100 fdatasyncs of one appended page: what this disk promises."""
    samples = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(100):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            samples.append((time.perf_counter() - began) * 1000)
    return statistics.median(samples)


def main() -> int:
    figures = []
    for callers in CALLERS:
        harness.say(f"{callers} callers")
        samples = harness.interleave(
            {name: (lambda name=name, callers=callers: run(name, callers)) for name in CONTESTANTS}
        )
        figures += judged(callers, samples, is_judged=callers == CALLERS[-1])
    disk = [sync_latency() for _ in range(harness.ROUNDS)]
    told = Figure(name="one fdatasync", value=statistics.median(disk), unit="ms", samples=disk)
    figures.append(told)
    return harness.report("kernel-db", figures, "sqlalchemy")


def judged(
    callers: int, samples: Mapping[str, Mapping[str, list[float]]], *, is_judged: bool
) -> list[Figure]:
    mine, peer = samples["ours"], samples["a commit per call"]
    figures = [
        Figure(
            name=f"{callers} callers: inserts/s against the peer",
            value=harness.ratio(mine["per second"], peer["per second"]),
            unit="times",
            samples=mine["per second"],
            peers={"a commit per call": peer["per second"]},
            **bar(">=", 3.0, is_judged),
        ),
        Figure(
            name=f"{callers} callers: p99 against the peer",
            value=harness.ratio(mine["p99"], peer["p99"]),
            unit="times",
            samples=mine["p99"],
            peers={"a commit per call": peer["p99"]},
            **bar("<=", 0.1, is_judged),
        ),
    ]
    counted = {name: syncs_per_insert(name, callers) for name in CONTESTANTS}
    figures.append(
        Figure(
            name=f"{callers} callers: syncs per insert",
            value=counted["ours"],
            unit="syncs",
            peers={"a commit per call": [each for each in [counted["a commit per call"]] if each]},
            **bar("<=", 0.1, is_judged),
        )
    )
    return figures


def bar(op: str, value: float, is_judged: bool) -> dict[str, object]:  # noqa: FBT001
    return {"op": op, "bar": value, "source": SOURCE} if is_judged else {}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        print(run(sys.argv[2], int(sys.argv[3]), 1.0)["inserts"])
    else:
        sys.exit(main())

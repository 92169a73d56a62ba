"""Events and runs a second with one worker process and with two, on one PostgreSQL.

A web process answers, `towpath worker` processes do the work. Events: eight clients write
comments as fast as they are answered; it ends when the last fact has been taken in. Runs: one push
of many branches; each is planned, its job claimed and finished by a client that speaks the
runner's wire and runs nothing, since a sandbox is not what is measured. `--small` only shows that
the program works.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import harness
from benchmarks.harness import Figure
from tests.kill.harness import NAME, OWNER, PROGRAM, ROOT, Server
from tests.kill.people import World, answer
from tests.servers import postgres
from towpath.kernel import ids
from towpath.pipelines.model.execution import Outcome
from towpath.pipelines.remote.wire import Away, Wire

EVENTS, RUNS, CLIENTS = 2_000, 500, 8
PATIENCE_SECONDS = 900
FILES = {
    ".towpath/workflows/check.yml": (
        "on: push\njobs:\n  a:\n    runs-on: bench\n    steps:\n      - run: 'true'\n"
    )
}
_BUSY = (
    "SELECT count(*) FROM work_item WHERE state IN ('waiting', 'running') AND kind LIKE 'fact:%'"
)
_UNFINISHED = "SELECT count(*) FROM pipelines_suite WHERE event = 'push' AND state <> 'finished'"


@contextmanager
def workers(server: Server, count: int, folder: Path) -> Iterator[None]:
    """So many worker processes, each of which has said that it is ready."""
    command = [sys.executable, *PROGRAM, "worker", "--data", str(server.data)]
    command += ["--database", str(server.database)]
    started = []
    for number in range(count):
        log = (folder / f"worker-{number}.log").open("wb")
        started.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=server.env, cwd=ROOT)
        )
    try:
        for each in started:
            if each.stdout is None or b"ready" not in each.stdout.readline():
                raise RuntimeError(f"a worker did not start: see {folder}")
        yield
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait(60)


class Lab:
    """One measurement: a database of its own, a web process, so many workers."""

    def __init__(self, socket: str, events: int, runs: int) -> None:
        self._socket = socket
        self._events = events
        self._runs = runs
        self._count = 0

    def run(self, count: int) -> Mapping[str, float]:
        self._count += 1
        folder = Path(tempfile.mkdtemp(prefix="bench-scale-"))
        name = f"scale{self._count}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type] - a name of ours
        options = ("--role", "web", "--no-runner")
        server = Server(folder, database=self._url(name), options=options).start()
        try:
            world = World(server, folder / "clone", FILES)
            with (
                workers(server, count, folder),
                psycopg.connect(self._url(name), autocommit=True) as db,
            ):
                return {"events": self._write_comments(world, db), "runs": self._push(world, db)}
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def _url(self, database: str) -> str:
        return f"postgresql://towpath@/{database}?host={self._socket}"

    def _write_comments(self, world: World, db: "psycopg.Connection[Any]") -> float:
        number = world.open("deepen", {"depth": "1.6 m\n"}, "Deepen the summit pound")
        path = f"/api/v3/repos/{OWNER}/{NAME}/issues/{number}/comments"
        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(lambda n: answer(world.alice, "POST", path, {"body": f"Word {n}."}),
                             range(self._events)))  # fmt: skip
        _until_none(db, _BUSY)
        return self._events / (time.perf_counter() - began)

    def _push(self, world: World, db: "psycopg.Connection[Any]") -> float:
        token = {"name": "bench", "scopes": ["runner"]}
        wire = Wire(
            world.server.url, answer(world.alice, "POST", "/api/towpath/v1/tokens", token)["token"]
        )
        over = threading.Event()
        crew = [
            threading.Thread(target=_work, args=(wire, over), daemon=True) for _ in range(CLIENTS)
        ]
        for each in crew:
            each.start()
        _until_none(db, _UNFINISHED)
        branches = [f"{world.base}:refs/heads/b{number}" for number in range(self._runs)]
        began = time.perf_counter()
        world.git("push", "--quiet", world.git.remote, *branches)
        _until_none(db, f"SELECT {self._runs} - count(*) FROM pipelines_suite"
                        " WHERE ref LIKE 'refs/heads/b%' AND state = 'finished'")  # fmt: skip
        over.set()
        return self._runs / (time.perf_counter() - began)


def _work(wire: Wire, over: threading.Event) -> None:
    while not over.is_set():
        with suppress(Away):  # the server stops while we ask
            given = wire.claim("bench", ("bench",), ids.secret("lease"))
            if given is not None:
                wire.finish(given.job, given.lease, Outcome(conclusion="success"))


def _until_none(db: "psycopg.Connection[Any]", statement: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while (row := db.execute(statement).fetchone()) and row[0] > 0:  # type: ignore[call-overload] - ours
        if time.monotonic() > until:
            raise RuntimeError(f"still {row[0]} after {PATIENCE_SECONDS} s: {statement}")
        time.sleep(0.05)


def figures(samples: Mapping[str, Mapping[str, list[float]]]) -> list[Figure]:
    one, two = samples["1 worker"], samples["2 workers"]
    told = []
    for what in ("events", "runs"):
        for name, values in (("1 worker", one[what]), ("2 workers", two[what])):
            middle = sorted(values)[len(values) // 2]
            told.append(
                Figure(name=f"{what}, {name}", value=middle, unit="a second", samples=values)
            )
        gain = harness.ratio(two[what], one[what])
        told.append(Figure(name=f"{what}, 2 workers to 1", value=gain, unit="times"))
    return told


def main() -> int:
    small = "--small" in sys.argv
    events, runs, rounds = (40, 10, 1) if small else (EVENTS, RUNS, harness.ROUNDS)
    with postgres.server() as socket:
        lab = Lab(socket, events, runs)
        samples = harness.interleave(
            {"1 worker": lambda: lab.run(1), "2 workers": lambda: lab.run(2)}, rounds
        )
    return harness.report("scale", figures(samples), "psycopg")


if __name__ == "__main__":
    sys.exit(main())

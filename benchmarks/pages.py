"""How long pages and the API take with 10,000 merge requests and 100,000 runs stored.

A real server makes one of each thing: a request that landed, its build, its log. The rest are
copies of those rows, put in by SQL through the parts' own tables. Then one client asks for one
address after the other over a kept connection; `--small` only shows that the program works.
"""

import http.client
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select, update

from benchmarks import harness
from benchmarks.harness import Figure
from tests.e2e.town import FILES
from tests.kill.harness import NAME, OWNER, Server
from tests.kill.people import World
from towpath.forge.store.tables import MERGE_REQUEST, REPOSITORY
from towpath.gate.store import CHANGE
from towpath.kernel import ids
from towpath.kernel.clock import SystemClock
from towpath.kernel.db.interface import Database, Tx
from towpath.kernel.db.opening import open_database
from towpath.pipelines.store.tables import JOB, RUN, STEP, SUITE

REQUESTS, RUNS, OPEN, ASKED = 10_000, 100_000, 300, 40
AT_ONCE = 1_000
Row = dict[str, Any]


def fill(db: Database, requests: int, runs: int) -> None:
    """Copy the one landed request and its build until there are so many."""
    sample = db.read(lambda tx: {table.name: _one(tx, table) for table in
                                 (MERGE_REQUEST, CHANGE, SUITE, RUN, JOB, STEP)})  # fmt: skip
    _put(db, MERGE_REQUEST, _requests(sample["forge_merge_request"], requests))
    _put(db, CHANGE, _changes(sample["gate_change"], requests))
    db.write(lambda tx: tx.execute(update(REPOSITORY).values(requests=requests)))
    for _ in range(0, runs, AT_ONCE):
        names = [(ids.new("suite"), ids.new("run"), ids.new("job")) for _ in range(AT_ONCE)]
        _put(
            db,
            SUITE,
            (sample["pipelines_suite"] | {"id": s, "run": r, "key": s} for s, r, _ in names),
        )
        _put(db, RUN, (sample["pipelines_run"] | {"id": r, "suite": s} for s, r, _ in names))
        _put(db, JOB, (sample["pipelines_job"] | {"id": j, "run": r} for _, r, j in names))
        _put(db, STEP, (sample["pipelines_step"] | {"job": j} for _, _, j in names))


def _one(tx: Tx, table: Table) -> Row:
    """The first row that is over, as a dict; only such rows may be there many times."""
    over = [column for name in ("ended", "finished") if (column := table.c.get(name)) is not None]
    chosen = select(table).where(*(column.is_not(None) for column in over)).limit(1)
    return dict(tx.rows(chosen)[0])


def _requests(landed: Row, count: int) -> Iterator[Row]:
    for number in range(10, count + 1):
        is_open = number > count - OPEN
        state = {"state": "open", "ended": None, "merged_as": None} if is_open else {}
        yield landed | {"number": number, "source": f"branch-{number}"} | state


def _changes(landed: Row, count: int) -> Iterator[Row]:
    for number in range(10, count - OPEN + 1):
        body = json.loads(landed["body"]) | {"number": number}
        yield landed | {"number": number, "body": json.dumps(body)}


def _put(db: Database, table: Table, rows: Iterator[Row]) -> None:
    waiting = list(rows)
    for start in range(0, len(waiting), AT_ONCE):
        part = waiting[start : start + AT_ONCE]
        db.write(lambda tx, part=part: tx.execute(insert(table), part))


def addresses(world: World, run: Mapping[str, Any], requests: int) -> dict[str, str]:
    here, api = f"/{OWNER}/{NAME}", f"/api/v3/repos/{OWNER}/{NAME}"
    ours = "/api/towpath/v1"
    job = world.alice.get(f"{ours}/runs/{run['id']}")["jobs"][0]
    return {
        "page home": "/",
        "page repository": here,
        "page queue": f"{here}/queue",
        "page open request": f"{here}/merge_requests/{requests}",
        "page landed request": f"{here}/merge_requests/10",
        "page run": f"/runs/{run['id']}",
        "page log": f"/runs/{run['id']}/jobs/{job['id']}",
        "page health": "/health",
        "API open requests": f"{api}/pulls?per_page=100",
        "API closed requests, page 90": f"{api}/pulls?state=closed&per_page=100&page=90",
        "API one request": f"{api}/pulls/10",
        "API runs": f"{ours}/runs?repository={OWNER}/{NAME}",
        "API one run": f"{ours}/runs/{run['id']}",
        "API decisions": f"{ours}/repos/{OWNER}/{NAME}/queue/10",
        "API combined status": f"{api}/commits/main/status",
        "metrics": "/metrics",
    }


class Visitor:
    """One client with one kept connection."""

    def __init__(self, server: Server, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self._token = token

    def seconds(self, path: str) -> float:
        accept = "application/json" if path.startswith("/api") else "text/html"
        headers = {"Authorization": f"Bearer {self._token}", "Accept": accept}
        began = time.perf_counter()
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {body[:300]!r}")
        return took


def figures(samples: Mapping[str, Sequence[Sequence[float]]]) -> list[Figure]:
    """The p50 of all, with each round's own; the p99 of all."""
    told = []
    for name, rounds in samples.items():
        every = [1000 * each for one in rounds for each in one]
        medians = [1000 * statistics.median(one) for one in rounds]
        cuts = statistics.quantiles(every, n=100)
        told.append(Figure(name=f"{name}, p50", value=cuts[49], unit="ms", samples=medians))
        told.append(Figure(name=f"{name}, p99", value=cuts[98], unit="ms"))
    return told


def measure(folder: Path, requests: int, runs: int, asked: int, rounds: int) -> list[Figure]:
    server = Server(folder).start()
    try:
        world = World(server, folder / "clone", FILES)
        number = world.open("deepen", {"depth": "1.6 m\n"}, "Deepen the summit pound")
        world.approve(number)
        path = f"/api/towpath/v1/repos/{OWNER}/{NAME}/queue/{number}"
        while world.alice.get(path)["request"]["state"] != "landed":
            time.sleep(0.2)
        run = world.alice.get(f"/api/towpath/v1/runs?repository={OWNER}/{NAME}")[0]
        server.stop()
        harness.say(f"{requests} merge requests and {runs} runs …")
        db = open_database(f"sqlite:///{server.data / 'towpath.db'}", SystemClock())
        fill(db, requests, runs)
        db.close()
        server.start()
        visitor = Visitor(server, world.alice.token)
        todo = addresses(world, run, requests)
        for each in todo.values():
            visitor.seconds(each)
        samples: dict[str, list[list[float]]] = {name: [] for name in todo}
        for _ in range(rounds):
            for name, each in todo.items():
                samples[name].append([visitor.seconds(each) for _ in range(asked)])
        return figures(samples)
    finally:
        server.stop()


def main() -> int:
    small = "--small" in sys.argv
    folder = Path(tempfile.mkdtemp(prefix="bench-pages-"))
    try:
        sizes = (400, 1_000, 5, 2) if small else (REQUESTS, RUNS, ASKED, harness.ROUNDS)
        return harness.report("pages", measure(folder, *sizes), "fastapi", "sqlalchemy")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

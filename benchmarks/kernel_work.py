"""Due work beside Procrastinate, on one PostgreSQL: CPU per job, enqueue to start, idle CPU.

Each run is a process of its own that adds jobs and works on them; its CPU time and that of every
PostgreSQL process are added up. "One by one" adds a job, waits until it has run, adds the next:
each is claimed and finished alone. "In batches" adds them many at a time (both can) and then
drains: Procrastinate claims one job at a time, we claim and finish as many as are ready.
"""

import asyncio
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import harness
from benchmarks.harness import Figure
from tests.servers import postgres

ONE_BY_ONE = 400
IN_BATCHES = 2000
AT_ONCE = 500
IDLE_SECONDS = 10.0
SOURCE = "issue 2, done when: work rows beside Procrastinate"
Result = dict[str, Any]


# What a child process does: ours.


@contextmanager
def our_worker(url: str, run: Callable[[Any], None]) -> Iterator[Any]:
    from towpath.kernel import schema
    from towpath.kernel.clock import SystemClock
    from towpath.kernel.db.migrate import upgrade
    from towpath.kernel.db.opening import open_database
    from towpath.kernel.work.model import Handler
    from towpath.kernel.work.worker import Worker

    upgrade(url, [schema.HISTORY])
    db = open_database(url, SystemClock())
    worker = Worker(db, [Handler(kind="bench", run=run)], threads=1)
    yield db, worker
    worker.stop(10)
    db.close()


def ours_one_by_one(url: str, count: int) -> Result:
    from towpath.kernel.work import service as work

    ran = threading.Event()
    starts: list[float] = []

    def run(_: Any) -> None:
        starts.append(time.perf_counter())
        ran.set()

    with our_worker(url, run) as (db, worker):
        worker.start()

        def job() -> float:
            ran.clear()
            began = time.perf_counter()
            db.write(lambda tx: work.add(tx, "bench", {"n": 1}))
            ran.wait(10)
            return starts[-1] - began

        for _ in range(20):
            job()
        meter = Meter(url)
        latencies = [job() for _ in range(count)]
        return meter.read(count) | told(latencies)


def ours_in_batches(url: str, count: int) -> Result:
    from towpath.kernel.work import service as work

    left = itertools.count(count - 1, -1)
    done = threading.Event()

    def run(_: Any) -> None:
        if next(left) == 0:
            done.set()

    with our_worker(url, run) as (db, worker):
        meter = Meter(url)
        for _ in range(count // AT_ONCE):
            new = [work.New(kind="bench", payload={"n": n}) for n in range(AT_ONCE)]
            db.write(lambda tx, new=new: work.add_many(tx, new))
        worker.start()
        done.wait(120)
        while unfinished(url, "work_item WHERE state <> 'done' AND kind = 'bench'"):
            time.sleep(0.01)
        return meter.read(count)


def ours_idle(url: str, _: int) -> Result:
    with our_worker(url, lambda _: None) as (_db, worker):
        worker.start()
        time.sleep(2)
        meter = Meter(url)
        time.sleep(IDLE_SECONDS)
        return meter.read(1)


# What a child process does: Procrastinate.


def their_app(url: str) -> Any:
    import procrastinate

    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))


async def their_one_by_one(url: str, count: int) -> Result:
    app = their_app(url)
    ran = asyncio.Event()
    starts: list[float] = []

    @app.task(name="bench")
    async def bench(n: int) -> None:  # noqa: ARG001 - the task's parameter
        starts.append(time.perf_counter())
        ran.set()

    async def job() -> float:
        ran.clear()
        began = time.perf_counter()
        await bench.defer_async(n=1)
        await ran.wait()
        return starts[-1] - began

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        worker = asyncio.create_task(app.run_worker_async(install_signal_handlers=False))
        await asyncio.sleep(0.5)
        for _ in range(20):
            await job()
        meter = Meter(url)
        latencies = [await job() for _ in range(count)]
        result = meter.read(count) | told(latencies)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        return result


async def their_in_batches(url: str, count: int) -> Result:
    app = their_app(url)

    @app.task(name="bench")
    async def bench(n: int) -> None:
        pass

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        meter = Meter(url)
        for _ in range(count // AT_ONCE):
            await bench.batch_defer_async(*({"n": n} for n in range(AT_ONCE)))
        await app.run_worker_async(wait=False, install_signal_handlers=False)
        return meter.read(count)


async def their_idle(url: str, _: int) -> Result:
    app = their_app(url)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        worker = asyncio.create_task(app.run_worker_async(install_signal_handlers=False))
        await asyncio.sleep(2)
        meter = Meter(url)
        await asyncio.sleep(IDLE_SECONDS)
        result = meter.read(1)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        return result


def told(latencies: list[float]) -> Result:
    cuts = statistics.quantiles(latencies, n=100)
    return {"p50": cuts[49] * 1000, "p99": cuts[98] * 1000}


def unfinished(url: str, rows: str) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        return bool(connection.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchone())  # type: ignore[arg-type]


class Meter:
    """CPU milliseconds from now on, of this process and of all PostgreSQL processes."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute("SELECT current_setting('data_directory')").fetchone()
        lines = (Path(str(found[0])) / "postmaster.pid").read_text().splitlines()  # type: ignore[index]
        self._postmaster = int(lines[0])
        self._client, self._server = client_cpu(), server_cpu(self._postmaster)

    def read(self, jobs: int) -> Result:
        client = client_cpu() - self._client
        server = server_cpu(self._postmaster) - self._server
        return {
            "cpu": (client + server) / jobs * 1000,
            "client cpu": client / jobs * 1000,
            "server cpu": server / jobs * 1000,
        }


def client_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def server_cpu(postmaster: int) -> float:
    """Seconds of the postmaster, of what it reaped, and of every child it has."""
    ticks = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(status.parent.name) == postmaster:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == postmaster:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


CHILDREN: Mapping[str, tuple[Callable[[str, int], Any], int]] = {
    "ours one by one": (ours_one_by_one, ONE_BY_ONE),
    "ours in batches": (ours_in_batches, IN_BATCHES),
    "ours idle": (ours_idle, 1),
    "Procrastinate one by one": (their_one_by_one, ONE_BY_ONE),
    "Procrastinate in batches": (their_in_batches, IN_BATCHES),
    "Procrastinate idle": (their_idle, 1),
}


def child(name: str, url: str) -> None:
    fn, count = CHILDREN[name]
    result = fn(url, count)
    if asyncio.iscoroutine(result):
        result = asyncio.run(result)
    print(json.dumps(result))


class Lab:
    """Runs children, each on an empty database of one server."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._count = itertools.count()

    def run(self, name: str) -> Result:
        database = f"bench{next(self._count)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {database}")  # type: ignore[arg-type]
            try:
                command = [sys.executable, __file__, "--child", name, self._url(database)]
                with tempfile.TemporaryFile() as errors:
                    done = subprocess.run(
                        command, stdout=subprocess.PIPE, stderr=errors, timeout=300, check=False
                    )
                    errors.seek(0)
                    if done.returncode:
                        raise RuntimeError(f"{name}: {errors.read().decode()}")
                return json.loads(done.stdout.splitlines()[-1])
            finally:
                admin.execute(f"DROP DATABASE {database} WITH (FORCE)")  # type: ignore[arg-type]

    def _url(self, database: str) -> str:
        return f"postgresql://towpath@/{database}?host={self._socket}"


def main() -> int:
    with postgres.server() as socket:
        lab = Lab(socket)
        samples = harness.interleave(
            {name: (lambda name=name: lab.run(name)) for name in CHILDREN}
        )
        version = psycopg.connect(lab._url("postgres")).info.server_version // 10000  # noqa: SLF001
    harness.say(f"PostgreSQL {version}, fsync on")
    return harness.report("kernel-work", figures(samples), "psycopg", "procrastinate")


def figures(samples: Mapping[str, Mapping[str, list[float]]]) -> list[Figure]:
    def against(name: str, ours: str, theirs: str, measure: str, **more: Any) -> Figure:
        mine, peer = samples[ours][measure], samples[theirs][measure]
        return Figure(
            name=name,
            value=harness.ratio(mine, peer) if more else statistics.median(mine),
            unit="times" if more else "ms",
            samples=mine,
            peers={"Procrastinate": peer},
            **more,
        )

    one, batch = "one by one", "in batches"
    bars = {"op": "<=", "source": SOURCE}
    told = [
        against(f"{measure}, {how}", f"ours {how}", f"Procrastinate {how}", measure)
        for how in (one, batch)
        for measure in ("client cpu", "server cpu")
    ]
    return [
        against(
            "CPU per job, one by one",
            f"ours {one}",
            f"Procrastinate {one}",
            "cpu",
            bar=0.5,
            **bars,
        ),
        against(
            "CPU per job, in batches",
            f"ours {batch}",
            f"Procrastinate {batch}",
            "cpu",
            bar=0.2,
            **bars,
        ),
        *told,
        against("enqueue to start, p50", f"ours {one}", f"Procrastinate {one}", "p50"),
        against("enqueue to start, p99", f"ours {one}", f"Procrastinate {one}", "p99"),
        against(f"CPU of {IDLE_SECONDS:.0f} s idle", "ours idle", "Procrastinate idle", "cpu"),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3])
    else:
        sys.exit(main())

"""How this process is: /healthz (alive), /readyz (can serve), /metrics (for Prometheus)."""

import threading
import time
from collections.abc import Iterator, Sequence

import structlog
from fastapi import APIRouter, Depends
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

import towpath
from towpath.kernel import presence
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Unavailable
from towpath.kernel.health import LEAST_FREE_BYTES, Measure, free_bytes
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Anybody
from towpath.kernel.http.sse import stopping
from towpath.kernel.pages.words import size
from towpath.kernel.plugin import Plugin
from towpath.kernel.work import service as work
from towpath.kernel.work.service import Lag

OPEN = Depends(Anybody("probes carry no proof, and the answers name routes and counts only"))
_FACT = "fact:"
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PROVEN_SECONDS = 1.0
_log = structlog.get_logger("towpath.status")


def router() -> APIRouter:
    routes = APIRouter(tags=["status"], dependencies=[OPEN])
    prober = Prober()

    def readyz(request: Request, kernel: TheKernel) -> PlainTextResponse:
        """Ready: the database writes, the disk has room, the server is not stopping; else 503."""
        if stopping(request).is_set():
            raise Unavailable("This server is stopping.", next_step="Ask another one, or wait.")
        free = free_bytes(kernel.data)
        if free < LEAST_FREE_BYTES:
            raise Unavailable(
                f"The disk is almost full: {size(free)} are free.",
                next_step=f"Make room: below {size(LEAST_FREE_BYTES)} new pushes are refused.",
            )
        prober.prove(request.app.state.presence)
        return PlainTextResponse("ok\n")

    routes.add_api_route("/healthz", healthz, methods=["GET"], response_class=PlainTextResponse)
    routes.add_api_route("/readyz", readyz, methods=["GET"], response_class=PlainTextResponse)
    routes.add_api_route("/metrics", metrics, methods=["GET"], response_class=PlainTextResponse)
    return routes


async def healthz() -> PlainTextResponse:
    """Alive: the event loop answers."""
    return PlainTextResponse("ok\n")


def metrics(request: Request) -> Response:
    """Figures in the Prometheus text format; open, since they name routes and counts only."""
    return Response(generate_latest(request.app.state.registry), media_type=_CONTENT_TYPE)


class Prober:
    """Proves that the database writes, at most once a second however many ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._proven = float("-inf")

    def prove(self, mine: presence.Presence) -> None:
        """Write this process's own row; Unavailable when that fails, whatever the reason."""
        with self._lock:
            if time.monotonic() - self._proven < _PROVEN_SECONDS:
                return
            try:
                mine.beat()
            except Exception as error:
                _log.error("not ready", exc_info=error)
                raise Unavailable(
                    "The database does not take writes.",
                    next_step="The log says why; whoever runs this server must look at it.",
                ) from error
            self._proven = time.monotonic()


class Scrape(Collector):
    """What is read from the database and the disk for each scrape."""

    def __init__(self, kernel: Kernel, plugins: Sequence[Plugin]) -> None:
        self._kernel = kernel
        self._plugins = plugins

    def describe(self) -> Sequence[Metric]:
        """Nothing: to register must not read."""
        return ()

    def collect(self) -> Iterator[Metric]:
        lag, seen, told = self._kernel.db.read(self._read)
        yield InfoMetricFamily("towpath", "This release.", {"version": towpath.__version__})
        yield GaugeMetricFamily(
            "towpath_disk_free_bytes", "Room where everything is kept.",
            free_bytes(self._kernel.data),
        )  # fmt: skip
        yield from _backlog(lag)
        for each in (_processes(seen), *told):
            yield _gauge(each)

    def _read(self, tx: Tx) -> tuple[list[Lag], list[tuple[str, bool]], list[Measure]]:
        seen = [(each.role, each.is_alive(tx.now)) for each in presence.processes(tx)]
        told = [each for part in self._plugins for each in part.measures(self._kernel, tx)]
        return work.lag(tx), seen, told


def _processes(seen: Sequence[tuple[str, bool]]) -> Measure:
    kinds = {(role, "yes" if alive else "no") for role, alive in seen}
    counts = [
        (kind, float(sum((r, "yes" if a else "no") == kind for r, a in seen)))
        for kind in sorted(kinds)
    ]
    return Measure(
        name="towpath_processes", words="Processes seen in the last day.",
        labels=("role", "alive"), values=counts,
    )  # fmt: skip


def _gauge(measure: Measure) -> Metric:
    gauge = GaugeMetricFamily(measure.name, measure.words, labels=measure.labels)
    for labels, value in measure.values:
        gauge.add_metric(labels, value)
    return gauge


def _backlog(lag: Sequence[Lag]) -> Iterator[Metric]:
    facts = [kind for kind in lag if kind.kind.startswith(_FACT)]
    rest = [kind for kind in lag if not kind.kind.startswith(_FACT)]
    yield _counts("towpath_work_items", "Work not done yet.", "kind", rest)
    yield _overdue("towpath_work_overdue_seconds", "Age of the longest overdue.", "kind", rest)
    yield _counts("towpath_outbox_deliveries", "Facts not taken in yet.", "consumer", facts)
    yield _overdue("towpath_outbox_overdue_seconds", "Age of the oldest.", "consumer", facts)


def _counts(name: str, words: str, label: str, lag: Sequence[Lag]) -> Metric:
    gauge = GaugeMetricFamily(name, words, labels=(label, "state"))
    for kind in lag:
        named = kind.kind.removeprefix(_FACT)
        gauge.add_metric((named, "waiting"), kind.waiting)
        gauge.add_metric((named, "running"), kind.running)
        gauge.add_metric((named, "parked"), kind.parked)
    return gauge


def _overdue(name: str, words: str, label: str, lag: Sequence[Lag]) -> Metric:
    gauge = GaugeMetricFamily(name, words, labels=(label,))
    for kind in lag:
        gauge.add_metric((kind.kind.removeprefix(_FACT),), kind.oldest_seconds)
    return gauge

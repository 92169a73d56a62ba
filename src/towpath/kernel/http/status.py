"""How this process is: /healthz (alive), /readyz (can serve), /metrics (for Prometheus)."""

from collections.abc import Iterable, Iterator, Sequence

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from towpath.kernel.errors import Unavailable
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.sse import stopping
from towpath.kernel.work import service as work
from towpath.kernel.work.service import Lag

_FACT = "fact:"
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def router() -> APIRouter:
    routes = APIRouter(tags=["status"])
    routes.add_api_route("/healthz", healthz, methods=["GET"])
    routes.add_api_route("/readyz", readyz, methods=["GET"])
    routes.add_api_route("/metrics", metrics, methods=["GET"])
    return routes


async def healthz() -> PlainTextResponse:
    """Alive: the event loop answers."""
    return PlainTextResponse("ok\n")


def readyz(request: Request, kernel: TheKernel) -> PlainTextResponse:
    """Ready: the database answers and the server is not stopping; 503 otherwise."""
    if stopping(request).is_set():
        raise Unavailable("This server is stopping.", next_step="Ask another one, or wait.")
    kernel.db.read(lambda tx: tx.scalar(text("SELECT 1")))
    return PlainTextResponse("ok\n")


def metrics(request: Request, kernel: TheKernel) -> Response:
    """Figures in the Prometheus text format; open, since they name routes and counts only."""
    backlog = CollectorRegistry()
    backlog.register(_Fixed(_backlog(kernel.db.read(work.lag))))
    told = generate_latest(request.app.state.registry) + generate_latest(backlog)
    return Response(told, media_type=_CONTENT_TYPE)


class _Fixed(Collector):
    """What was read from the database for this one scrape."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = tuple(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


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

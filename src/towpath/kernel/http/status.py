"""How this process is: /healthz (alive), /readyz (can serve), /metrics (for Prometheus)."""

from fastapi import APIRouter
from prometheus_client import generate_latest
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from towpath.kernel.errors import Unavailable
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.sse import stopping

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


def metrics(request: Request) -> Response:
    """Figures in the Prometheus text format; open, since they name routes and counts only."""
    return Response(generate_latest(request.app.state.registry), media_type=_CONTENT_TYPE)

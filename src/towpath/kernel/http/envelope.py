"""Around every request: an id, headers that protect browsers, one log line, two metrics."""

import re
import time

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from towpath.kernel import ids, origin, tracing
from towpath.kernel.http import problems

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
TRUSTED = "trusted_peer"
"""In the state of a request: whether it comes from a proxy whose word counts."""
_QUIET = ("/static/", "/healthz", "/readyz", "/metrics")
_log = structlog.get_logger("towpath.access_log")

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Envelope:
    """The outermost layer but one; the request id it gives is in logs, problems and the reply."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "towpath_http_requests", "Requests by method, route and status.",
            ["method", "route", "status"], registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "towpath_http_seconds", "Seconds until the reply began, by route.",
            ["route"], registry=registry, buckets=(0.005, 0.02, 0.1, 0.5, 2, 10),
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get("x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        began = time.perf_counter()
        started = False
        structlog.contextvars.bind_contextvars(request_id=request_id)
        scope["state"]["span"] = span = _span(scope, request_id)

        async def send_wrapped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._note(scope, message["status"], time.perf_counter() - began)
                _name(scope["state"]["span"], scope, message["status"])
                _dress(MutableHeaders(scope=message), request_id)
            await send(message)

        try:
            with origin.acting(_stranger(scope, request_id)), tracing.entered(span):
                await self._app(scope, receive, send_wrapped)
        except Exception as error:
            if started:
                raise  # too late for an answer: the server cuts the connection
            reply = problems.unexpected(Request(scope, receive), error)
            await reply(scope, receive, send_wrapped)
        finally:
            if (span := scope["state"]["span"]) is not None:
                span.end()
            structlog.contextvars.unbind_contextvars("request_id")

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        self._requests.labels(scope["method"], route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if not scope["path"].startswith(_QUIET):
            _log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 1),
            )


def _stranger(scope: Scope, request_id: str) -> origin.Origin:
    """Where a request comes from, before anybody has looked who it is."""
    address = str(scope["client"][0]) if scope.get("client") else ""
    return origin.stranger(address, Headers(scope=scope).get("user-agent", ""), request_id)


def _span(scope: Scope, request_id: str) -> tracing.Span | None:
    """Follow the trace of a trusted proxy, or begin one; what is asked often has none.

    A stranger's is not followed: it could put its requests into the traces of others, and say of
    each whether it is kept.
    """
    if scope["path"].startswith(_QUIET):
        return None
    parent = _parent(scope) if scope["state"].get(TRUSTED) else ""
    return tracing.begin(
        "request", parent, root=True, kind="SERVER", attributes=_about(request_id)
    )


def follow(request: Request) -> None:
    """Follow the caller's trace from now on, since it has shown that it is a part of ours.

    The span that was begun before we knew is never ended, so nobody hears of it.
    """
    state = request.scope["state"]
    about = _about(state["request_id"])
    span = tracing.begin("request", _parent(request.scope), kind="SERVER", attributes=about)
    if span is not None and not state.get(TRUSTED):
        state["span"] = span
        tracing.switch(span)


def _parent(scope: Scope) -> str:
    return Headers(scope=scope).get("traceparent", "")


def _about(request_id: str) -> tracing.Attributes:
    return {"towpath.request": request_id}


def _name(span: tracing.Span | None, scope: Scope, status: int) -> None:
    if span is not None:
        method, route = scope["method"], _route(scope)
        span.named(
            f"{method} {route}",
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
            },
        )


def _dress(headers: MutableHeaders, request_id: str) -> None:
    headers["X-Request-ID"] = request_id
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    # Pages and replies belong to one caller; only what says otherwise may be kept.
    headers.setdefault("Cache-Control", "no-store")


def _request_id(given: str | None) -> str:
    """Keep the caller's id where it is plain, so that a chain of services shares one."""
    return given if given and _REQUEST_ID.fullmatch(given) else ids.new("req")


def _route(scope: Scope) -> str:
    """Name the route, not the path: a path would give a metric per repository.

    A plain route leaves its handler alone behind, whose name serves as well.
    """
    name = getattr(scope.get("endpoint"), "__qualname__", "other")
    return str(getattr(scope.get("route"), "path", name))

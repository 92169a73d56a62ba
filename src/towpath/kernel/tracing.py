"""Traces: what caused what, across requests, facts, work and runners, sent by OTLP over HTTP.

Off unless TOWPATH_OTLP_ENDPOINT is set; then nothing of OpenTelemetry is imported and a span is
one look at a global. The context is the string of a W3C traceparent: it travels in headers, in
rows of facts, work and jobs, and in `Tx.trace`, because a transaction may run on another thread.
Attributes are ours alone: routes, ids, kinds; never a body, a query, a header or a path.
https://www.w3.org/TR/trace-context/
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

import structlog

import towpath
from towpath.kernel.settings import Settings

Kind = Literal["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
Attributes = Mapping[str, str | int | bool]
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_EXPORT_SECONDS = 5
_tracer: Any = None
_provider: Any = None
_current: ContextVar[str] = ContextVar("towpath_trace", default="")


class Span:
    """Something that takes time; `trace` is what its children get as parent."""

    __slots__ = ("_ended", "_span", "trace")

    def __init__(self, span: Any) -> None:
        self._span = span
        self._ended = False
        context = span.get_span_context()
        self.trace = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    @property
    def trace_id(self) -> str:
        return self.trace[3:35]

    def say(self, **attributes: str | int | bool) -> None:
        self._span.set_attributes({f"towpath.{name}": at for name, at in attributes.items()})

    def named(self, name: str, attributes: Attributes) -> None:
        """Give the name that only the end knows, such as the route of a request."""
        self._span.update_name(name)
        self._span.set_attributes(attributes)

    def end(self, error: BaseException | None = None) -> None:
        """End it; a second end, by a transaction that runs again, changes nothing."""
        if self._ended:
            return
        self._ended = True
        if error is not None:  # its kind alone: its words may hold what a person typed
            from opentelemetry.trace import Status, StatusCode

            self._span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        self._span.end()


def configure(chosen: Settings, role: str) -> None:
    """Begin to send spans if a setting says where to; call once per process."""
    global _tracer, _provider  # noqa: PLW0603 - one per process, as its log
    if not chosen.otlp_endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    named = {"service.name": f"towpath-{role}", "service.version": towpath.__version__}
    sampler = ParentBased(TraceIdRatioBased(min(chosen.trace_percent, 100) / 100))
    _provider = TracerProvider(sampler=sampler, resource=Resource.create(named))
    address = chosen.otlp_endpoint.rstrip("/") + "/v1/traces"
    exporter = OTLPSpanExporter(endpoint=address, timeout=_EXPORT_SECONDS)
    _provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    _tracer = _provider.get_tracer("towpath", towpath.__version__)


def shutdown() -> None:
    """Send what is left; a collector that is away costs a few seconds at most."""
    global _tracer, _provider  # noqa: PLW0603 - the end of what configure began
    if _provider is not None:
        _provider.shutdown()
    _tracer = _provider = None


@contextmanager
def sent(chosen: Settings, role: str) -> Iterator[None]:
    """Send spans for as long as a process lives."""
    configure(chosen, role)
    try:
        yield
    finally:
        shutdown()


def current() -> str:
    """The traceparent of the span that this code runs in; empty outside of any."""
    return _current.get()


def begin(
    name: str,
    parent: str,
    *,
    root: bool = False,
    kind: Kind = "INTERNAL",
    attributes: Attributes | None = None,
) -> Span | None:
    """Start a span below `parent`; without a valid one only a `root` begins a trace of its own."""
    if _tracer is None or not (parent or root):
        return None
    from opentelemetry.trace import SpanKind

    context = _context(parent)
    if context is None and not root:
        return None
    made = _tracer.start_span(
        name, context=context, kind=SpanKind[kind], attributes=attributes or {}
    )
    return Span(made)


def point(name: str, parent: str, attributes: Attributes) -> str:
    """Note a moment, such as a fact announced; its traceparent for what follows from it."""
    span = begin(name, parent, kind="PRODUCER", attributes=attributes)
    if span is None:
        return ""
    span.end()
    return span.trace


@contextmanager
def entered(span: Span | None) -> Iterator[None]:
    """Run code inside a span: what it begins are children, its log lines name the trace."""
    if span is None:
        yield
        return
    token = _current.set(span.trace)
    try:
        with structlog.contextvars.bound_contextvars(trace_id=span.trace_id):
            yield
    finally:
        _current.reset(token)


def switch(span: Span) -> None:
    """Go on in another span until the one that was entered is left."""
    _current.set(span.trace)
    structlog.contextvars.bind_contextvars(trace_id=span.trace_id)


@contextmanager
def child(name: str, parent: str | None = None, **attributes: str | int) -> Iterator[Span | None]:
    """Run code in a new span below `parent`, or below the current one, and end it."""
    span = begin(name, current() if parent is None else parent, attributes=attributes)
    try:
        with entered(span):
            yield span
    except BaseException as error:
        if span is not None:
            span.end(error)
        raise
    if span is not None:
        span.end()


def _context(parent: str) -> Any:
    """Read a traceparent as OpenTelemetry has it; None for one that is not valid."""
    found = _TRACEPARENT.fullmatch(parent)
    if found is None:
        return None
    from opentelemetry.trace import (
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        set_span_in_context,
    )

    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return set_span_in_context(NonRecordingSpan(context))

"""A collector of traces: takes OTLP over HTTP, parses it, keeps the spans."""

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Seen:
    """One span as it came; ids in hex, `service` as its process calls itself."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    attributes: dict


class Collector:
    """What has come in so far, and the bytes it came in."""

    def __init__(self, url):
        self.url = url
        self.spans: list[Seen] = []
        self.raw = b""

    def take(self, body):
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _attributes(resource.resource.attributes)["service.name"]
            for scope in resource.scope_spans:
                self.spans += [_seen(service, span) for span in scope.spans]

    def until(self, holds, seconds=60):
        deadline = time.monotonic() + seconds
        while not (found := holds(self.spans)):
            assert time.monotonic() < deadline, sorted({(s.service, s.name) for s in self.spans})
            time.sleep(0.1)
        return found

    def lineage(self, span):
        """A span and what it follows from, up to the first."""
        by_id = {each.id: each for each in self.spans}
        line = [span]
        while line[-1].parent in by_id:
            line.append(by_id[line[-1].parent])
        return line


@contextmanager
def collecting():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Collector(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield made
        finally:
            server.shutdown()


def _seen(service, span):
    return Seen(
        service=service,
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        attributes=_attributes(span.attributes),
    )


def _attributes(pairs):
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}

"""What a job may reach through its runner, and what it may not."""

import contextlib
import http.client
import http.server
import json
import socket
import threading

import pytest

from towpath.pipelines.remote import relay
from towpath.pipelines.remote.relay import Relay

OURS = {"Host": "server", "Towpath-Relay": "127.0.0.1:1"}


class Echo(http.server.BaseHTTPRequestHandler):
    """Says what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        told = {"path": self.path, "headers": dict(self.headers), "size": len(body)}
        answer = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT  # noqa: N815 - the names are the library's

    def log_message(self, *_):
        """Nobody reads it."""


@pytest.fixture
def reached():
    """Ask through a relay; how the server was asked, or the status of the refusal."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    listener = socket.create_server(("127.0.0.1", 0))
    made = Relay(listener, f"http://127.0.0.1:{server.server_port}")
    made.start()

    def ask(path, method="GET", body=None, **headers):
        call = http.client.HTTPConnection(made.address, timeout=30)
        with contextlib.closing(call):
            call.request(method, path, body, {n.replace("_", "-"): v for n, v in headers.items()})
            answer = call.getresponse()
            read = answer.read()
            return json.loads(read) if answer.status == 200 else answer.status

    ask.address = made.address
    ask.server = f"127.0.0.1:{server.server_port}"
    yield ask
    made.close()
    server.shutdown()
    server.server_close()


def test_what_actions_need_is_passed_on_with_who_passed_it(reached):
    told = reached("/twirp/a?b=c", "POST", b"x" * 3_000_000, Authorization="Bearer t")
    assert (told["path"], told["size"]) == ("/twirp/a?b=c", 3_000_000)
    headers = told["headers"]
    assert headers["Host"] == reached.server
    assert headers["Towpath-Relay"] == reached.address
    assert headers["Authorization"] == "Bearer t"


def test_a_job_does_not_choose_what_we_say_of_it(reached):
    told = reached(
        "/api/towpath/v1/uploads/x", X_Forwarded_For="1.2.3.4", Forwarded="for=1",
        Cookie="session=1", Towpath_Relay="evil.example", traceparent="00-1",
    )  # fmt: skip
    sent = {name.lower(): value for name, value in told["headers"].items()}
    assert sent["towpath-relay"] == reached.address
    assert not {"x-forwarded-for", "forwarded", "cookie", "traceparent"} & sent.keys()


@pytest.mark.parametrize(
    "path",
    ["/", "/login", "/twirp", "/api/towpath/v1/uploads/../login", "/twirp/%2e%2e/login",
     "/api/towpath/v1/runs", "/api/v3/./x/../../login", "/metrics"],
)  # fmt: skip
def test_anything_else_is_refused(reached, path):
    assert reached(path) == 403


@pytest.mark.parametrize(
    "head",
    [
        b"GET /twirp/a HTTP/1.1\r\n folded: x\r\n\r\n",
        b"GET /twirp/a HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /twirp/a HTTP/1.1\r\nname : x\r\n\r\n",
        b"GET /twirp/a HTTP/1.1\r\na: b\nc: d\r\n\r\n",
        b"GET http://elsewhere/twirp/ HTTP/1.1\r\n\r\n",
        b"GET /twirp/a b HTTP/1.1\r\n\r\n",
        b"GET /twirp/a HTTP/2\r\n\r\n",
        b"\r\n\r\n",
        b"",
    ],
)
def test_heads_that_two_servers_may_read_differently_are_refused(head):
    assert relay.rewritten(head, OURS) is None


def test_each_connection_carries_one_request():
    head = b"GET /twirp/a HTTP/1.1\r\nConnection: keep-alive\r\nKeep-Alive: 9\r\n\r\n"
    passed = relay.rewritten(head, OURS)
    assert passed.count(b"onnection:") == 1
    assert b"Connection: close\r\n" in passed


def test_a_head_without_end_is_given_up(reached):
    host, _, port = reached.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as call:
        with contextlib.suppress(OSError):
            call.sendall(b"GET /twirp/a HTTP/1.1\r\n" + b"a: b\r\n" * 40_000)
        with contextlib.suppress(ConnectionResetError):
            assert call.recv(100).startswith(b"HTTP/1.1 400")


def test_a_relay_that_is_closed_answers_nobody():
    listener = socket.create_server(("127.0.0.1", 0))
    made = Relay(listener, "http://127.0.0.1:9")
    made.start()
    made.close()
    host, _, port = made.address.partition(":")
    with pytest.raises(ConnectionError):
        socket.create_connection((host, int(port)), timeout=5).recv(1)


def test_a_job_without_a_token_is_told_nothing():
    listener = socket.create_server(("127.0.0.1", 0))
    with contextlib.closing(Relay(listener, "http://server")) as made:
        assert made.variables("") == {}
        told = made.variables("a.b.c")
        assert told["ACTIONS_RESULTS_URL"] == f"http://{made.address}/"
        assert told["GITHUB_SERVER_URL"].startswith("http://towpath.localhost:")

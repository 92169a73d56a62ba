"""The server as the runner sees it, against a server that says what it is told to say."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import towpath
from towpath.pipelines.api.runner import POLL_SECONDS
from towpath.pipelines.model.execution import LEASE_SECONDS, Outcome
from towpath.pipelines.remote import wire as wire_module
from towpath.pipelines.remote.wire import Answer, Away, LeaseLost, Rejected, Wire


class Said:
    """What to answer next, and what was asked."""

    def __init__(self):
        self.status, self.body = 200, b"{}"
        self.asked = []
        self.drop = 0


@pytest.fixture
def said():
    return Said()


@pytest.fixture
def wire(said):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            said.asked.append((self.command, self.path, dict(self.headers), body))
            if said.drop:
                said.drop -= 1
                self.close_connection = True
                self.connection.close()
                return
            # Taken once: a 204 is over for the client after its headers, and the test
            # may say what to answer next before this thread writes the body.
            status, answer = said.status, said.body
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_PUT = do_POST  # noqa: N815 - the name that http.server looks for
        do_GET = do_POST  # noqa: N815 - likewise

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = Wire(f"http://127.0.0.1:{server.server_port}", "secret")
    yield made
    made.close()
    server.shutdown()
    server.server_close()


def test_a_request_carries_token_and_lease_and_bytes(wire, said):
    said.body = b'{"length": 5, "cancel": true}'
    assert wire.log("job_1", "lease", 2, b"abc") == Answer(cancel=True, length=5)
    method, path, headers, body = said.asked[0]
    assert (method, body) == ("PUT", b"abc")
    assert path == "/api/towpath/v1/runner/jobs/job_1/log?offset=2"
    assert headers["Authorization"] == "Bearer secret"
    assert headers["Towpath-Lease"] == "lease"


def test_no_job_is_none(wire, said):
    said.status, said.body = 204, b""
    assert wire.claim("r", ("linux",), "lease") is None
    asked = json.loads(said.asked[0][3])
    assert asked == {"runner": "r", "labels": ["linux"], "version": towpath.__version__}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (409, LeaseLost),
        (401, Rejected),
        (403, Rejected),
        (422, Rejected),
        (500, Away),
        (503, Away),
    ],
)
def test_each_kind_of_trouble_has_its_name_and_the_words_of_the_server(wire, said, status, error):
    said.status, said.body = status, b'{"detail": "because"}'
    with pytest.raises(error, match="because"):
        wire.finish("job_1", "lease", Outcome(conclusion="success"))


def test_an_answer_that_makes_no_sense_is_trouble_of_the_server(wire, said):
    said.body = b"<html>"
    with pytest.raises(Away):
        wire.heartbeat("job_1", "lease")


def test_a_kept_connection_that_was_closed_is_made_again(wire, said):
    wire.heartbeat("job_1", "lease")
    said.drop = 1
    with pytest.raises(Away):
        wire.heartbeat("job_1", "lease")
    assert wire.heartbeat("job_1", "lease") == Answer()


def test_nobody_there_is_away():
    wire = Wire("http://127.0.0.1:9", "t")
    with pytest.raises(Away, match="cannot be reached"):
        wire.heartbeat("job_1", "lease")


@pytest.mark.parametrize("url", ["ftp://x", "nonsense", ""])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(Rejected):
        Wire(url, "t")


def test_only_a_claim_may_take_longer_than_a_lease_allows(wire, said):
    wire.heartbeat("job_1", "l")
    assert wire._connection(wire_module._SECONDS).sock.gettimeout() == 10
    said.status, said.body = 204, b""
    wire.claim("r", ("a",), "l")
    assert wire._connection(wire_module._CLAIM_SECONDS).sock.gettimeout() == 40
    said.status, said.body = 200, b"{}"
    wire.heartbeat("job_1", "l")
    assert wire._local.connection.sock.gettimeout() == 10
    assert wire_module._SECONDS < LEASE_SECONDS
    assert wire_module._CLAIM_SECONDS > POLL_SECONDS


def test_the_files_of_an_action_are_bytes(wire, said):
    said.body = b"a tar archive"
    assert wire.action("job_1", "lease", "one/tool/deep er@v1&x") == b"a tar archive"
    method, path, _, _ = said.asked[0]
    assert method == "GET"
    assert path.endswith("/jobs/job_1/action?uses=one%2Ftool%2Fdeep+er%40v1%26x")

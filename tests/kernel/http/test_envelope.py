import pytest
import structlog.testing
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from towpath.app.server import Proxies
from towpath.kernel import tracing
from towpath.kernel.errors import Denied
from towpath.kernel.http.permissions import Special, guarded


def test_a_plain_request_id_is_kept_and_an_odd_one_replaced(web):
    assert web.get("/healthz", headers={"X-Request-ID": "a-1"}).headers["x-request-id"] == "a-1"
    odd = web.get("/healthz", headers={"X-Request-ID": "a b\tc"})
    assert odd.headers["x-request-id"].startswith("req_")


def test_every_reply_carries_the_headers_that_protect_browsers(web):
    for path in ("/login", "/no/such/address", "/static/mark.svg", "/healthz"):
        headers = web.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"


def test_replies_are_not_stored_unless_they_say_so(web):
    assert web.get("/login").headers["cache-control"] == "no-store"
    assert "public" in web.get("/static/mark.svg").headers["cache-control"]


def test_a_request_is_one_log_line_with_its_route_status_and_time(web):
    with structlog.testing.capture_logs() as lines:
        web.get("/api/towpath/v1/me")
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/towpath/v1/me", 401)
    assert line["ms"] >= 0


def test_health_checks_are_not_logged(web):
    with structlog.testing.capture_logs() as lines:
        web.get("/healthz")
    assert lines == []


def test_metrics_count_by_route_and_not_by_path(web, people):
    alice = people("alice")
    web.delete("/api/towpath/v1/tokens/one", headers=alice.bearer)
    web.delete("/api/towpath/v1/tokens/two", headers=alice.bearer)
    told = web.get("/metrics").text
    assert (
        'towpath_http_requests_total{method="DELETE",'
        'route="/api/towpath/v1/tokens/{token_id}",status="404"} 2.0'
    ) in told


def test_an_error_after_the_reply_began_cuts_the_connection(routes, web_for):
    from starlette.responses import StreamingResponse

    async def pieces():
        yield b"one"
        raise RuntimeError("the rope broke")

    routes.add_api_route("/rope", lambda: StreamingResponse(pieces()))
    try:
        whole = web_for().get("/rope").status_code
    except RuntimeError:
        whole = None
    assert whole in {None, 200}  # never a second reply after the first


PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
THEIRS = {"traceparent": PARENT}


def traced(spans):
    return [f"{span.context.trace_id:032x}" for span in spans() if span.kind.name == "SERVER"]


def test_a_stranger_begins_a_trace_of_its_own_whatever_it_says(web, spans):
    web.get("/login", headers=THEIRS)
    (trace,) = traced(spans)
    assert trace not in PARENT


def test_a_trusted_proxy_is_followed(app_for, spans):
    with TestClient(Proxies(app_for(), "testclient"), "http://towpath.test") as web:
        web.get("/login", headers=THEIRS)
    (trace,) = traced(spans)
    assert trace in PARENT


def refuse_without_key(request):
    if "key" not in request.headers:
        raise Denied("Show a key.")


@pytest.mark.parametrize("ours", [True, False])
def test_whoever_has_shown_to_be_ours_is_followed_and_nobody_before(routes, web_for, spans, ours):
    inside = []

    async def handler(_):
        inside.append(tracing.current())
        return PlainTextResponse("hello")

    way = guarded(Special("the header key", refuse_without_key, ours=ours), handler)
    routes.add_route("/raw", way)
    web = web_for()
    assert web.get("/raw", headers=THEIRS).status_code == 403
    assert web.get("/raw", headers=THEIRS | {"key": "it"}).status_code == 200
    assert web.get("/raw", headers={"key": "it"}).status_code == 200
    refused, admitted, without = traced(spans)
    assert refused not in PARENT
    assert (admitted in PARENT) == ours
    assert without not in PARENT
    assert (inside[0][3:35], inside[1][3:35]) == (admitted, without)
    assert tracing.current() == ""

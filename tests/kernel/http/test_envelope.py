import structlog.testing


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

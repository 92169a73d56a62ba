"""Whose trace is followed: that of a trusted proxy or of a runner, and nobody else's."""

import anyio
import pytest

from towpath.app.proxies import Proxies
from towpath.kernel.http.envelope import TRUSTED


@pytest.mark.parametrize(
    ("caller", "trusted"),
    [(("10.9.9.9", 1), True), (("203.0.113.7", 1), False), (None, False)],
    ids=["a proxy", "a stranger", "a unix socket"],
)
def test_what_comes_from_a_trusted_proxy_is_marked_whomever_it_calls_for(caller, trusted):
    found = []

    async def app(scope, receive, send):
        found.append((scope.get("state", {}).get(TRUSTED, False), scope["client"]))

    headers = [(b"x-forwarded-for", b"192.0.2.9")]
    scope = {"type": "http", "client": caller, "scheme": "http", "path": "/", "headers": headers}
    anyio.run(Proxies(app, "10.0.0.0/8"), scope, None, None)
    assert found == [(trusted, ("192.0.2.9", 0) if trusted else caller)]


def test_nobody_marks_a_request_by_what_it_says():
    found = []

    async def app(scope, receive, send):
        found.append(scope.get("state", {}))

    headers = [(b"trusted_peer", b"true"), (b"forwarded", b"for=10.9.9.9")]
    scope = {"type": "http", "client": ("203.0.113.7", 1), "path": "/", "headers": headers}
    anyio.run(Proxies(app, "10.0.0.0/8"), scope, None, None)
    assert found == [{}]

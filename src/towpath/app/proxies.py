"""Whose word counts about where a request comes from: that of the proxies a setting names.

Whoever is trusted chooses whom a failed log-in is counted against, and which trace a request
belongs to; so nobody is by default, and what others say about it is not looked at.
"""

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from towpath.kernel.http.envelope import TRUSTED


class Proxies:
    """The layer outside of all: marks what trusted proxies send, and reads their headers."""

    def __init__(self, app: ASGIApp, trusted: str) -> None:
        self._reading = ProxyHeadersMiddleware(app, trusted_hosts=trusted)  # type: ignore[arg-type] # uvicorn has types of its own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client and client[0] in self._reading.trusted_hosts:
            scope.setdefault("state", {})[TRUSTED] = True
        await self._reading(scope, receive, send)  # type: ignore[arg-type] # the same

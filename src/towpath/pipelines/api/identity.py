"""Where jobs ask for tokens that say who they are, and others for the keys to judge them by."""

from typing import Any

import msgspec
from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from towpath.kernel.context import Kernel
from towpath.kernel.http.callers import TheKernel, presented_token
from towpath.kernel.http.permissions import Anybody, Special, guarded
from towpath.pipelines import service
from towpath.pipelines.api.twirp import JOBS

TOKENS = "/api/towpath/v1/id-token"
KEYS = "/api/towpath/v1/id-token/keys"
DISCOVERY = "/.well-known/openid-configuration"
_PUBLIC = Anybody("says how to judge the tokens of jobs: public keys, the same for everybody")


def router(kernel: Kernel) -> APIRouter:
    routes = APIRouter(tags=["pipelines"])
    for path, endpoint in ((DISCOVERY, discovery), (KEYS, keys)):
        routes.add_api_route(path, endpoint, methods=["GET"], dependencies=[Depends(_PUBLIC)])

    def admit(request: Request) -> None:
        token = presented_token(request.headers.get("authorization", "")) or ""
        request.state.job = kernel.db.read(lambda tx: service.running_by(tx, token))

    async def token(request: Request) -> Response:
        """Give a job a token for whom it names."""
        audience = request.query_params.get("audience", "")
        made = await run_in_threadpool(service.id_token, kernel, request.state.job, audience)
        return Response(msgspec.json.encode({"value": made}), media_type="application/json")

    routes.add_route(TOKENS, guarded(Special(JOBS, admit), token), include_in_schema=False)
    return routes


def discovery(kernel: TheKernel) -> dict[str, Any]:
    """Describe the issuer of id tokens, as OpenID Connect Discovery wants it."""
    return dict(service.discovery(kernel.url, f"{kernel.url}{KEYS}"))


def keys(kernel: TheKernel) -> dict[str, Any]:
    """List the public keys that id tokens are signed with."""
    return service.public_keys(kernel)

"""Who calls: dependencies that turn a token, a Basic password or a session into a Principal."""

import asyncio
import base64
import binascii
from contextlib import suppress
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from towpath.kernel import origin
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Principal
from towpath.kernel.clock import SECOND
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import ANYTHING, Tx
from towpath.kernel.errors import TowpathError, Unauthenticated
from towpath.kernel.http import csrf

_EXTEND_AFTER = 60 * SECOND
_LOOK_AGAIN_SECONDS = 60.0


async def the_kernel(request: Request) -> Kernel:
    kernel: Kernel = request.app.state.kernel
    return kernel


TheKernel = Annotated[Kernel, Depends(the_kernel)]
DescribedInOpenApi = Annotated[
    HTTPAuthorizationCredentials | None,
    Depends(HTTPBearer(auto_error=False, description="An API token from /settings/tokens.")),
]


def optional_caller(
    request: Request, kernel: TheKernel, sent: csrf.SentToken, _: DescribedInOpenApi
) -> Principal | None:
    """Find the caller, if they show any proof; a proof that is wrong raises Unauthenticated.

    A changing request from a browser must also prove that it came from our own page.
    """
    csrf.check_origin(request)
    principal = _by_header(request, kernel)
    if principal is None:
        principal = _by_session(request, kernel, sent)
    request.state.principal = principal
    if principal is not None:
        note(principal)
    return principal


def note(principal: Principal) -> None:
    """Let the audit log know who this request comes from."""
    origin.identify(principal.id, principal.login, principal.proof, principal.proof_id)


def recognise(request: Request) -> None:
    """Let a page that no route asked for, such as a 404, know whose session it is shown in."""
    cookie = request.cookies.get(csrf.SESSION_COOKIE)
    if cookie:
        found = request.app.state.kernel.db.read(
            lambda tx: access.authenticate_session(tx, cookie)
        )
        request.state.principal = found[0] if found else None


async def shut_out(request: Request) -> None:
    """Return as soon as this request would not be let in again: a stream must not outlive that.

    Whoever takes a session, a token or a grant away wakes us; what ends by itself is found a
    minute later.
    """
    principal: Principal | None = request.state.principal
    if principal is None:  # anybody may listen here, and nobody can be shut out
        await asyncio.Event().wait()
        return
    kernel: Kernel = request.app.state.kernel
    loop, woken = asyncio.get_running_loop(), asyncio.Event()
    channels = {ANYTHING, access.DOORS, access.door(principal.id)}

    def heard(channel: str) -> None:
        if channel in channels:
            loop.call_soon_threadsafe(woken.set)

    leave = kernel.db.on_wake(heard)
    try:
        while await run_in_threadpool(_still_in, request, kernel):
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), _LOOK_AGAIN_SECONDS)
            woken.clear()
    finally:
        leave()


def _still_in(request: Request, kernel: Kernel) -> bool:
    """Authenticate again, and check again what the route declared."""
    try:
        principal = kernel.db.read(lambda tx: presented(request, tx))
        for check in getattr(request.state, "checks", ()) if principal else ():
            check(principal)
    except TowpathError:
        return False
    return principal is not None


def presented(request: Request, tx: Tx) -> Principal | None:
    """Find who a request comes from, by what it shows, as of now."""
    token = presented_token(request.headers.get("authorization", ""))
    if token:
        return access.authenticate_token(tx, token)
    found = access.authenticate_session(tx, request.cookies.get(csrf.SESSION_COOKIE, ""))
    return found[0] if found else None


OptionalCaller = Annotated[Principal | None, Depends(optional_caller)]


async def caller(principal: OptionalCaller) -> Principal:
    """Demand a caller; browsers are sent to /login by the problem handler."""
    if principal is None:
        raise Unauthenticated(
            "Nobody is logged in.",
            next_step="Send a token as Bearer or as Basic password, or log in at /login.",
        )
    return principal


Caller = Annotated[Principal, Depends(caller)]


def presented_token(authorization: str) -> str | None:
    """Read the token from `Bearer T`, `token T` (GitHub's way) or Basic with T as password.

    GitHub clients also send the token as user name with "x-oauth-basic" or nothing as password.
    """
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() in {"bearer", "token"}:
        return value.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user if password in {"", "x-oauth-basic"} else password


def _by_header(request: Request, kernel: Kernel) -> Principal | None:
    authorization = request.headers.get("authorization")
    if authorization is None:
        return None
    token = presented_token(authorization)
    if token is None:
        raise Unauthenticated(
            "The Authorization header cannot be read.",
            next_step="Send 'Authorization: Bearer TOKEN', or the token as Basic password.",
        )
    principal, unnoted = kernel.db.read(lambda tx: access.recognise_token(tx, token))
    if unnoted:
        kernel.db.submit(lambda tx: access.note_token_used(tx, token))
    return principal


def _by_session(request: Request, kernel: Kernel, sent: str) -> Principal | None:
    cookie = request.cookies.get(csrf.SESSION_COOKIE)
    if not cookie:
        return None
    found = kernel.db.read(lambda tx: access.authenticate_session(tx, cookie))
    if found is None:
        return None
    csrf.check_token(request, cookie, sent)
    _slide(kernel, cookie, ends=found[1])
    return found[0]


def _slide(kernel: Kernel, cookie: str, ends: int) -> None:
    hours = kernel.settings.session_hours
    used = ends - hours * 3600 * SECOND
    if kernel.clock.now() - used > _EXTEND_AFTER:
        kernel.db.submit(lambda tx: access.extend_session(tx, cookie, hours))

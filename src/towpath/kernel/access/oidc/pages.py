"""/login/oidc: to the provider, back from it, and out of it."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.kernel.access import pages
from towpath.kernel.access.oidc import service
from towpath.kernel.access.oidc.provider import Provider
from towpath.kernel.access.oidc.service import LIFE_SECONDS, Answer
from towpath.kernel.access.pages import DOOR, local
from towpath.kernel.errors import NotFound, TowpathError
from towpath.kernel.http.callers import TheKernel

COOKIE = "towpath_oidc"
_PATH = "/login/oidc"
Word = Annotated[str, Query(max_length=4000)]


def router() -> APIRouter:
    routes = APIRouter(prefix=_PATH, include_in_schema=False, dependencies=[DOOR])
    routes.add_api_route("", begin, methods=["GET"])
    routes.add_api_route("/callback", finish, methods=["GET"])
    routes.add_api_route("/end", end, methods=["GET"])
    return routes


def begin(request: Request, kernel: TheKernel, next: Word = "/") -> Response:  # noqa: A002
    """Send a browser to the provider, with a cookie that only it will have."""
    try:
        begun = service.begin(kernel, _provider(request), local(next))
    except TowpathError as error:
        return pages.form(request, next, problem=error)
    reply = RedirectResponse(begun.address, status_code=303)
    reply.set_cookie(
        COOKIE,
        begun.browser,
        max_age=LIFE_SECONDS,
        httponly=True,
        samesite="lax",
        secure=kernel.settings.secure_cookies,
        path=_PATH,
    )
    return reply


def finish(
    request: Request,
    kernel: TheKernel,
    state: Word = "",
    code: Word = "",
    iss: Word = "",
    error: Word = "",
    towpath_oidc: Annotated[str, Cookie(max_length=200)] = "",
) -> Response:
    """Where the provider sends a browser back to: into a session, or to words on what to do."""
    address = request.client.host if request.client else ""
    where = (address, request.headers.get("user-agent", ""))
    answer = Answer(state, code, iss, error)
    try:
        session, goes_to = service.finish(kernel, _provider(request), answer, towpath_oidc, where)
    except TowpathError as refused:
        return pages.form(request, "/", problem=refused)
    return pages.let_in(kernel, session, goes_to)


def end(request: Request, kernel: TheKernel) -> Response:
    """End the session at the provider too; ours has ended before."""
    try:
        goes_to = _provider(request).farewell(f"{kernel.url}/login")
    except TowpathError as error:
        return pages.form(request, "/", problem=error)
    return RedirectResponse(goes_to, status_code=303)


def _provider(request: Request) -> Provider:
    found = pages.provider_of(request)
    if found is None:
        raise NotFound(
            "No provider is set up here.", next_step="Log in with a login and a password."
        )
    return found

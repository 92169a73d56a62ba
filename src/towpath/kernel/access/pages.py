"""/login, /logout and /settings/tokens."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.kernel.access import service
from towpath.kernel.access.oidc.proof import client_secret
from towpath.kernel.access.oidc.provider import Provider
from towpath.kernel.access.passwords import HASHING
from towpath.kernel.access.service import Principal, Role, Session
from towpath.kernel.context import Kernel
from towpath.kernel.errors import InvalidInput, TowpathError
from towpath.kernel.http import csrf
from towpath.kernel.http.callers import Caller, OptionalCaller, TheKernel
from towpath.kernel.http.permissions import Anybody, Needs
from towpath.kernel.pages.rendering import render

_LIVES = {"7": 7, "30": 30, "90": 90, "365": 365}
DOOR = Depends(Anybody("the way in and out; its forms prove that they came from our page"))
KNOWN = Depends(Needs(Role.viewer, any_token=True))
VIEWERS = Depends(Needs(Role.viewer))
Checked = Depends(csrf.form_checked)
Text = Annotated[str, Form(max_length=1000)]


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/login", login_page, methods=["GET"], dependencies=[DOOR])
    routes.add_api_route("/login", log_in, methods=["POST"], dependencies=[DOOR, Checked])
    routes.add_api_route("/logout", log_out, methods=["POST"], dependencies=[DOOR, Checked])
    mine = "/settings/tokens"
    routes.add_api_route(mine, tokens_page, methods=["GET"], dependencies=[KNOWN])
    routes.add_api_route(mine, add_token, methods=["POST"], dependencies=[VIEWERS])
    routes.add_api_route(
        f"{mine}/{{token_id}}/revoke", revoke, methods=["POST"], dependencies=[VIEWERS]
    )
    return routes


def login_page(request: Request, caller: OptionalCaller, next: str = "/") -> Response:  # noqa: A002 - as browsers say
    if caller is not None:
        return RedirectResponse(local(next), status_code=303)
    return form(request, next)


async def log_in(
    request: Request,
    kernel: TheKernel,
    login: Text,
    password: Text,
    next: Text = "/",  # noqa: A002 - the name browsers and people know
) -> Response:
    address = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")
    try:
        session = await to_thread.run_sync(
            service.log_in, kernel, login, password, address, agent, limiter=HASHING
        )
    except TowpathError as error:
        return await to_thread.run_sync(form, request, next, login, error)
    return let_in(kernel, session, next)


def let_in(kernel: Kernel, session: Session, goes_to: str) -> Response:
    """Give a browser the cookie of its session and send it where it wanted to go."""
    reply = RedirectResponse(local(goes_to), status_code=303)
    reply.set_cookie(
        csrf.SESSION_COOKIE,
        session.raw,
        httponly=True,
        samesite="lax",
        secure=kernel.settings.secure_cookies,
        path="/",
    )
    return reply


def log_out(request: Request, kernel: TheKernel) -> Response:
    cookie = request.cookies.get(csrf.SESSION_COOKIE)
    if cookie:
        kernel.db.write(lambda tx: service.log_out(tx, cookie))
    left = "?left=1" if kernel.settings.oidc_issuer else ""
    reply = RedirectResponse(f"/login{left}", status_code=303)
    reply.delete_cookie(csrf.SESSION_COOKIE, path="/")
    return reply


def tokens_page(request: Request, kernel: TheKernel, caller: Caller) -> Response:
    return _tokens(request, kernel, caller)


def add_token(
    request: Request,
    kernel: TheKernel,
    caller: Caller,
    name: Text = "",
    life: Text = "90",
    scopes: Text = "",
) -> Response:
    days = _LIVES.get(life)
    try:
        _, raw = kernel.db.write(
            lambda tx: service.create_token(
                tx,
                caller.login,
                name.strip(),
                scopes=tuple(scopes.split()),
                expires=service.expiry(tx, days, kernel.settings.token_days),
            )
        )
    except InvalidInput as error:
        return _tokens(request, kernel, caller, problem=error, name=name)
    return _tokens(request, kernel, caller, made=raw)


def revoke(kernel: TheKernel, caller: Caller, token_id: str) -> Response:
    kernel.db.write(lambda tx: service.revoke_token(tx, caller.login, token_id))
    return RedirectResponse("/settings/tokens", status_code=303)


def local(address: str) -> str:
    """Keep only an address on this server: a log-in must not lead anywhere else."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if plain and address.isprintable() else "/"


def form(
    request: Request, goes_to: str, login: str = "", problem: TowpathError | None = None
) -> Response:
    """The page of the door, with why somebody has not come in yet."""
    provider = provider_of(request)
    return render(
        request,
        "kernel/login.html",
        status=problem.status if problem else 200,
        next=local(goes_to),
        login=login,
        problem=problem,
        provider=provider,
        left="left" in request.query_params,
    )


def provider_of(request: Request) -> Provider | None:
    """The provider that the settings name; an application has one, which knows its keys."""
    kernel: Kernel = request.app.state.kernel
    if not kernel.settings.oidc_issuer:
        return None
    state = request.app.state
    if not hasattr(state, "provider"):
        callback = f"{kernel.url}/login/oidc/callback"
        secret = partial(client_secret, kernel)
        state.provider = Provider(kernel.settings, kernel.clock, callback, secret)
    found: Provider = state.provider
    return found


def _tokens(
    request: Request,
    kernel: TheKernel,
    caller: Principal,
    *,
    made: str | None = None,
    problem: InvalidInput | None = None,
    name: str = "",
) -> Response:
    held = kernel.db.read(lambda tx: service.tokens(tx, caller.login))
    return render(
        request,
        "kernel/tokens.html",
        status=problem.status if problem else 200,
        tokens=held,
        lives=tuple(_LIVES),
        made=made,
        problem=problem,
        name=name,
        url=kernel.url,
    )

"""/settings: where am I logged in, how do I end that, and how do I change my password?"""

from functools import partial

from anyio import to_thread
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.kernel.access import service
from towpath.kernel.access.pages import Text
from towpath.kernel.access.passwords import HASHING
from towpath.kernel.access.service import HERE, Principal, Role
from towpath.kernel.context import Kernel
from towpath.kernel.errors import TowpathError
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.pages.rendering import render

VIEWERS = Depends(Needs(Role.viewer))


def router() -> APIRouter:
    routes = APIRouter(prefix="/settings", include_in_schema=False, dependencies=[VIEWERS])
    routes.add_api_route("", sessions_page, methods=["GET"])
    routes.add_api_route("/password", change_password, methods=["POST"])
    routes.add_api_route("/sessions/end", end_sessions, methods=["POST"])
    routes.add_api_route("/sessions/{session}/end", end_session, methods=["POST"])
    return routes


def sessions_page(request: Request, kernel: TheKernel, caller: Caller) -> Response:
    return _page(request, kernel, caller)


def _page(
    request: Request,
    kernel: Kernel,
    caller: Principal,
    problem: TowpathError | None = None,
    ended: int | None = None,
) -> Response:
    user, found = kernel.db.read(
        lambda tx: (service.known(tx, caller.login), service.sessions(tx, caller.login))
    )
    return render(
        request,
        "kernel/sessions.html",
        status=problem.status if problem else 200,
        problem=problem,
        ended=ended,
        sessions=found,
        this=caller.proof_id,
        keeper="" if user.source == HERE else user.source,
    )


async def change_password(
    request: Request, kernel: TheKernel, caller: Caller, old: Text = "", new: Text = ""
) -> Response:
    """Change one's own password; the others of one's sessions end."""
    change = partial(_change_password, request, kernel, caller, old, new)
    return await to_thread.run_sync(change, limiter=HASHING)


def _change_password(
    request: Request, kernel: Kernel, caller: Principal, old: str, new: str
) -> Response:
    address = request.client.host if request.client else ""
    try:
        ended = service.change_password(kernel, caller, old, new, address)
    except TowpathError as error:
        return _page(request, kernel, caller, error)
    return _page(request, kernel, caller, ended=ended)


def end_session(kernel: TheKernel, caller: Caller, session: str) -> Response:
    """End one session; whoever ends the one they are in is asked to log in again."""
    kernel.db.write(lambda tx: service.end_session(tx, caller.login, session))
    return RedirectResponse("/settings", status_code=303)


def end_sessions(kernel: TheKernel, caller: Caller) -> Response:
    """Log out everywhere, here too."""
    kernel.db.write(lambda tx: service.end_sessions(tx, caller.login))
    return RedirectResponse("/login", status_code=303)

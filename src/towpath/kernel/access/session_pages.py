"""/settings: where am I logged in, and how do I end that?"""

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.kernel.access import service
from towpath.kernel.access.service import Role
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.pages.rendering import render

VIEWERS = Depends(Needs(Role.viewer))


def router() -> APIRouter:
    routes = APIRouter(prefix="/settings", include_in_schema=False, dependencies=[VIEWERS])
    routes.add_api_route("", sessions_page, methods=["GET"])
    routes.add_api_route("/sessions/end", end_sessions, methods=["POST"])
    routes.add_api_route("/sessions/{session}/end", end_session, methods=["POST"])
    return routes


def sessions_page(request: Request, kernel: TheKernel, caller: Caller) -> Response:
    found = kernel.db.read(lambda tx: service.sessions(tx, caller.login))
    return render(request, "kernel/sessions.html", sessions=found, this=caller.proof_id)


def end_session(kernel: TheKernel, caller: Caller, session: str) -> Response:
    """End one session; whoever ends the one they are in is asked to log in again."""
    kernel.db.write(lambda tx: service.end_session(tx, caller.login, session))
    return RedirectResponse("/settings", status_code=303)


def end_sessions(kernel: TheKernel, caller: Caller) -> Response:
    """Log out everywhere, here too."""
    kernel.db.write(lambda tx: service.end_sessions(tx, caller.login))
    return RedirectResponse("/login", status_code=303)

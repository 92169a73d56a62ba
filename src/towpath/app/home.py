"""/ (what is happening, is it all right, what next) and /work (what waits for a person)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.kernel.access.service import Role, require
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.pages.rendering import render
from towpath.kernel.work import service as work
from towpath.kernel.work.model import WorkId


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/", home, methods=["GET"])
    routes.add_api_route("/work", parked, methods=["GET"])
    routes.add_api_route("/work/{item}/retry", retry, methods=["POST"])
    return routes


def home(request: Request, kernel: TheKernel, caller: Caller) -> Response:
    lag = kernel.db.read(work.lag)
    return render(request, "app/home.html", caller=caller, lag=lag, url=kernel.url)


def parked(request: Request, kernel: TheKernel, caller: Caller) -> Response:
    require(caller, Role.admin)
    items, lag = kernel.db.read(lambda tx: (work.parked(tx), work.lag(tx)))
    return render(request, "app/work.html", parked=items, lag=lag)


def retry(kernel: TheKernel, caller: Caller, item: int) -> Response:
    require(caller, Role.admin)
    kernel.db.write(lambda tx: work.retry(tx, WorkId(item)))
    return RedirectResponse("/work", status_code=303)

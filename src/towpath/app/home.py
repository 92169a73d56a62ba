"""/ (what is happening, is it all right, what next) and /work (what waits for a person)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.forge import service as forge
from towpath.forge.service import Repository
from towpath.gate import service as gate
from towpath.kernel.access.service import Principal, Role, may
from towpath.kernel.db.interface import Tx
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.pages.rendering import render
from towpath.kernel.work import service as work
from towpath.kernel.work.model import WorkId
from towpath.kernel.work.service import Lag, Parked

VIEWERS = Depends(Needs(Role.viewer))
ADMINS = Depends(Needs(Role.admin))
_LATE_SECONDS = 60.0


@dataclass(frozen=True)
class Health:
    """Whether it is all right, in words and in one of the kinds of state."""

    words: str
    kind: str
    parked: int


@dataclass(frozen=True)
class Overview:
    """What there is, in numbers, and where a next merge request could come from."""

    repositories: int
    open_requests: int
    in_line: int
    example: Repository | None


@dataclass(frozen=True)
class Stuck:
    """A parked row as a person reads it: facts by what they were for, not by their id."""

    item: Parked
    what: str
    payload: str


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/", home, methods=["GET"], dependencies=[VIEWERS])
    routes.add_api_route("/work", parked, methods=["GET"], dependencies=[ADMINS])
    routes.add_api_route("/work/{item}/retry", retry, methods=["POST"], dependencies=[ADMINS])
    return routes


def home(request: Request, kernel: TheKernel, caller: Caller) -> Response:
    lag, there_is = kernel.db.read(lambda tx: (work.lag(tx), overview(tx, caller)))
    return render(
        request,
        "app/home.html",
        health=health(lag),
        there_is=there_is,
        administrates=may(caller, Role.admin),
        login=caller.login,
        url=kernel.url,
    )


def parked(request: Request, kernel: TheKernel) -> Response:
    items, lag = kernel.db.read(lambda tx: (work.parked(tx), work.lag(tx)))
    stuck = [_stuck(item) for item in items]
    return render(request, "app/work.html", stuck=stuck, lag=lag, health=health(lag))


def retry(kernel: TheKernel, item: Annotated[int, Path(ge=1, lt=2**63)]) -> Response:
    kernel.db.write(lambda tx: work.retry(tx, WorkId(item)))
    return RedirectResponse("/work", status_code=303)


def health(lag: Sequence[Lag]) -> Health:
    """Judge by what is parked, then by what is overdue."""
    stuck = sum(kind.parked for kind in lag)
    oldest = max((kind.oldest_seconds for kind in lag), default=0.0)
    if stuck:
        waits = "1 piece of work waits" if stuck == 1 else f"{stuck} pieces of work wait"
        return Health(f"{waits} for a person", "bad", stuck)
    if oldest > _LATE_SECONDS:
        return Health(f"Work is {round(oldest)} s late", "waiting", 0)
    return Health("All is well", "good", 0)


def overview(tx: Tx, caller: Principal) -> Overview:
    known = forge.readable(tx, caller)
    open_requests = forge.open_merge_requests(tx, [each.id for each in known])
    in_line = sum(len(queue.line) for _, queue in gate.moving(tx, caller))
    return Overview(len(known), len(open_requests), in_line, known[0] if known else None)


def _stuck(item: Parked) -> Stuck:
    consumer = item.kind.removeprefix("fact:")
    what = item.kind if consumer == item.kind else f"{consumer} could not take in a fact"
    return Stuck(item, what, json.dumps(item.payload, indent=1, sort_keys=True))

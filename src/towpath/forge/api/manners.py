"""How the GitHub dialect behaves: its errors, its pages of long lists, who may do what."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from towpath.forge import service
from towpath.forge.api.dialect import Dialect
from towpath.forge.service import Repository
from towpath.kernel.access.service import Principal, Role, require
from towpath.kernel.errors import Conflict, InvalidInput, TowpathError, Unauthenticated
from towpath.kernel.http import problems
from towpath.kernel.http.callers import Caller, TheKernel

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class DialectRoute(APIRoute):
    """Answers errors as GitHub does, `message` first, with our problem's fields beside it."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_in_dialect(request: Request) -> Response:
            try:
                return await handle(request)
            except TowpathError as error:
                return _refusal(request, error)
            except RequestValidationError as error:
                return _refusal(request, _invalid(error))

        return handle_in_dialect


def _refusal(request: Request, error: TowpathError) -> Response:
    status = InvalidInput.status if isinstance(error, Conflict) else error.status
    problem = problems.body(
        status, error.title, error.detail, error.next_step, problems.request_id(request)
    )
    said = {"message": error.detail, "documentation_url": "/openapi.json", **problem}
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Basic realm="Towpath", charset="UTF-8"'
    return JSONResponse(said, status, headers, media_type=problems.PROBLEM_JSON)


def _invalid(error: RequestValidationError) -> InvalidInput:
    told = "; ".join(
        f"{'.'.join(map(str, one['loc'][1:])) or 'body'}: {one['msg']}"
        for one in error.errors()[:5]
    )
    return InvalidInput(f"Validation failed: {told}", next_step="Correct these fields.")


@dataclass(frozen=True)
class Page:
    """Which part of a list is wanted; GitHub counts pages from 1."""

    number: int
    size: int

    @property
    def window(self) -> tuple[int, int]:
        """How many to pass over, and how many to read: one more than is shown."""
        return (self.number - 1) * self.size, self.size + 1


def page(
    per_page: Annotated[int, Query(ge=1, le=100)] = 30,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Page:
    return Page(page, per_page)


WantedPage = Annotated[Page, Depends(page)]


def paged(request: Request, wanted: Page, found: list[Any]) -> Response:
    """Answer with a page of what was read through `wanted.window`; Link leads on (RFC 8288)."""
    links = []
    if wanted.number > 1:
        links += [_link(request, 1, "first"), _link(request, wanted.number - 1, "prev")]
    if len(found) > wanted.size:
        links += [_link(request, wanted.number + 1, "next")]
    headers = {"Link": ", ".join(links)} if links else {}
    return JSONResponse(found[: wanted.size], headers=headers)


def _link(request: Request, number: int, relation: str) -> str:
    query = dict(request.query_params) | {"page": str(number)}
    return f'<{request.url.replace(query=urlencode(query))}>; rel="{relation}"'


def sliced(wanted: Page, whole: list[Any]) -> list[Any]:
    """The window of a list that is at hand whole."""
    start, count = wanted.window
    return whole[start : start + count]


class Call:
    """One request about one repository, by somebody who may read it."""

    def __init__(self, owner: str, repo: str, caller: Caller, kernel: TheKernel) -> None:
        self.kernel = kernel
        self.caller: Principal = caller
        self.about: Repository = kernel.db.read(
            lambda tx: service.find_repository(tx, owner, repo)
        )
        require(caller, Role.viewer, scope=f"repo:read:{self.about.id}")
        self.say = Dialect(kernel.url, self.about)

    @property
    def id(self) -> str:
        return self.about.id

    def writes(self) -> None:
        """Raise Denied unless the caller may add to this repository."""
        require(self.caller, Role.member, scope=f"repo:write:{self.id}")


Repo = Annotated[Call, Depends()]

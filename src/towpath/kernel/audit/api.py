"""/api/towpath/v1/audit: search the audit log, or take all of it away."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from towpath.kernel.access.service import Role
from towpath.kernel.audit import service
from towpath.kernel.audit.model import Search, moment
from towpath.kernel.context import Kernel
from towpath.kernel.errors import InvalidInput
from towpath.kernel.http import paging
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Needs

ADMINS = Depends(Needs(Role.admin))
_MOMENT = "A date or a time in ISO 8601, such as 2026-01-31."
_TOO_LARGE = 2**63
Limit = Annotated[int, Query(ge=1, le=1000, description="How many entries at most.")]
Above = Annotated[
    int | None,
    Query(ge=0, lt=_TOO_LARGE, description="Oldest first, from the first id above it; 0: all."),
]
_EXPORTS = {
    "jsonl": (service.export_lines, "application/jsonl"),
    "csv": (service.export_table, "text/csv; charset=utf-8"),
}


def router() -> APIRouter:
    routes = APIRouter(prefix="/api/towpath/v1", tags=["audit"], dependencies=[ADMINS])
    kinds: dict[int | str, dict[str, Any]] = {
        200: {"content": {kind.partition(";")[0]: {} for _, kind in _EXPORTS.values()}}
    }
    routes.add_api_route(
        "/audit", entries, methods=["GET"], response_model=list[dict[str, Any]], responses=kinds
    )
    return routes


def entries(  # noqa: PLR0913, PLR0917 - one parameter per query
    request: Request,
    kernel: TheKernel,
    who: Annotated[str | None, Query(description="A login.")] = None,
    what: Annotated[str | None, Query(description="An action, or its beginning.")] = None,
    subject: Annotated[str | None, Query(description="Such as user:alice.")] = None,
    since: Annotated[str | None, Query(description=_MOMENT)] = None,
    until: Annotated[str | None, Query(description=_MOMENT)] = None,
    format: Annotated[  # noqa: A002 - the word everybody types
        Literal["json", "jsonl", "csv"],
        Query(description="jsonl and csv send everything that matches."),
    ] = "json",
    limit: Limit = 50,
    after: paging.After = None,
    above: Above = None,
) -> Response:
    """List changes, newest first; for administrators.

    With `above`, oldest first: to copy the log piece by piece, go on from the last id you have.
    """
    wanted = search_of(who, what, subject, since, until)
    if format in _EXPORTS:
        export, kind = _EXPORTS[format]
        name = f'attachment; filename="audit.{format}"'
        return StreamingResponse(
            export(kernel.db, wanted, above),
            media_type=kind,
            headers={"Content-Disposition": name},
        )
    if above is not None:
        return _onwards(request, kernel, wanted, above, limit)
    below = below_of(after)
    found = kernel.db.read(lambda tx: service.search(tx, wanted, below=below, limit=limit + 1))
    shown, more = paging.page(found, limit)
    cursor = paging.Cursor((shown[-1].id,)) if more else None
    told = [service.told(each) for each in shown]
    return JSONResponse(told, headers=paging.link_next(request, cursor))


def _onwards(request: Request, kernel: Kernel, wanted: Search, above: int, limit: int) -> Response:
    found = service.onwards(kernel.db, wanted, above, limit + 1)
    shown, more = paging.page(found, limit)
    following = request.url.include_query_params(above=shown[-1].id) if more else None
    link = {"Link": f'<{following}>; rel="next"'} if following else {}
    return JSONResponse([service.told(each) for each in shown], headers=link)


def search_of(
    who: str | None,
    what: str | None,
    subject: str | None,
    since: str | None,
    until: str | None,
) -> Search:
    """Read a query; what is empty asks for nothing, as a form sends it."""
    return Search(
        who=who or None,
        what=what or None,
        subject=subject or None,
        since=moment(since) if since else None,
        until=moment(until, end=True) if until else None,
    )


def below_of(after: str | None) -> int | None:
    """Read the cursor: the id of the last entry seen."""
    if not after:
        return None
    values = paging.Cursor.decode(after).values
    if len(values) != 1 or not isinstance(values[0], int) or not 0 < values[0] < _TOO_LARGE:
        raise InvalidInput(
            "This cursor belongs to another list.", next_step="Leave `after` out to start again."
        )
    return values[0]

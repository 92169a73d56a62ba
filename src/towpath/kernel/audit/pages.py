"""/audit: who changed what, when and from where; for administrators."""

from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from towpath.kernel.access.service import Role
from towpath.kernel.audit import service
from towpath.kernel.audit.api import below_of, search_of
from towpath.kernel.audit.model import Entry, Search
from towpath.kernel.errors import InvalidInput
from towpath.kernel.http import paging
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.pages.rendering import render

ADMINS = Depends(Needs(Role.admin))
_A_PAGE = 50


@dataclass(frozen=True)
class Change:
    """One value as it was and as it is; empty where there was or is none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Shown:
    entry: Entry
    words: str
    changes: tuple[Change, ...]


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/audit", log, methods=["GET"], dependencies=[ADMINS])
    return routes


def log(  # noqa: PLR0913, PLR0917 - one parameter per field of the form
    request: Request,
    kernel: TheKernel,
    who: str = "",
    what: str = "",
    subject: str = "",
    since: str = "",
    until: str = "",
    after: str = "",
) -> Response:
    asked = {"who": who, "what": what, "subject": subject, "since": since, "until": until}
    asked = {name: value.strip() for name, value in asked.items()}
    problem, found = None, []
    try:
        wanted, below = search_of(**asked), below_of(after)
        found = kernel.db.read(
            lambda tx: service.search(tx, wanted, below=below, limit=_A_PAGE + 1)
        )
    except InvalidInput as error:
        problem, wanted = error, Search()
    entries, more = paging.page(found, _A_PAGE)
    given = {name: value for name, value in asked.items() if value}
    older = given | {"after": paging.Cursor((entries[-1].id,)).encode()} if more else None
    return render(
        request,
        "kernel/audit.html",
        status=problem.status if problem else 200,
        entries=[_shown(entry) for entry in entries],
        asked=asked,
        actions=service.actions(),
        narrowed=wanted != Search() or bool(after),
        older=f"/audit?{urlencode(older)}" if older else None,
        query=urlencode(given),
        problem=problem,
    )


def _shown(entry: Entry) -> Shown:
    known = {each.name: each.words for each in service.actions()}
    before, after = entry.before or {}, entry.after or {}
    names = dict.fromkeys([*before, *after])
    changes = (Change(name, _text(before.get(name)), _text(after.get(name))) for name in names)
    return Shown(
        entry,
        known.get(entry.action, entry.action),
        tuple(change for change in changes if change.before != change.after),
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()

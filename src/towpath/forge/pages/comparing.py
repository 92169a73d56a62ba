"""One changed file alone: what is too much for a page with others."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.model.places import address, path_of
from towpath.forge.pages.files import raw_path
from towpath.forge.pages.history import with_base
from towpath.forge.pages.prose import prose
from towpath.forge.pages.requests import talk_of
from towpath.forge.pages.threads import talks
from towpath.forge.pages.visiting import HERE, Here
from towpath.forge.service import DiffFile, Thread

_DEPTH = 6


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    of_request = f"{HERE}/merge_requests/{{number:int}}/files/{{place:path}}"
    routes.add_api_route(of_request, request_file, methods=["GET"])
    routes.add_api_route(
        f"{HERE}/commit/{{sha}}/files/{{place:path}}", commit_file, methods=["GET"]
    )
    return routes


def request_file(request: Request, here: Here, number: int, ask: str = "") -> Response:
    """A file that a merge request changes, with what is said about its lines."""
    told = here.kernel.db.read(lambda tx: talk_of(tx, here.id, number))
    change = told.change
    base = service.base_of(here.kernel, change)
    diff = service.diff_file(here.kernel, here.id, base, change.head, _asked(request))
    about = [one for one in told.threads if _is_about(one, diff.files[0])]
    placed = service.placed(here.kernel, change, base, about)
    return here.render(
        "forge/changed_file.html",
        change=change,
        commit=None,
        diff=diff,
        base_sha=base,
        head=change.head,
        talks=talks(placed, diff, ask),
        prose=prose(here, [remark.body for one in about for remark in one.remarks]),
    )


def commit_file(request: Request, here: Here, sha: str) -> Response:
    """A file that a commit changes."""
    found, base = with_base(here, sha)
    diff = service.diff_file(here.kernel, here.id, base, found.sha, _asked(request))
    return here.render(
        "forge/changed_file.html",
        change=None,
        commit=found,
        diff=diff,
        base_sha=base,
        head=found.sha,
        talks=None,
        prose=None,
    )


def _asked(request: Request) -> str:
    return address(path_of(raw_path(request, _DEPTH)))


def _is_about(thread: Thread, file: DiffFile) -> bool:
    return thread.anchor.path in {file.path, file.old_path}

"""Find a file by a part of its name, and where each of its lines comes from."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from towpath.forge import service
from towpath.forge.model.places import Place, visible
from towpath.forge.pages.files import At, Shown, Spot, looked_at
from towpath.forge.pages.visiting import HERE
from towpath.forge.service import Block

_MOST_FOUND = 200
_LINES_A_PAGE = 1_000


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route(f"{HERE}/find/{{place:path}}", find_file, methods=["GET"])
    routes.add_api_route(f"{HERE}/blame/{{place:path}}", blame, methods=["GET"])
    return routes


def find_file(at: At, find: str = "") -> Response:
    """Files whose path holds every word that was typed, in any order; short paths first."""
    known, is_all = service.paths(at.here.kernel, at.here.id, at.sha)
    words = find.lower().split()
    fitting = [path for path in known if all(word in path.lower() for word in words)]
    shown = sorted(fitting, key=lambda path: (len(path), path))[:_MOST_FOUND]
    return at.render(
        "forge/find.html",
        find=find,
        found=[(visible(path), Place(at.place.rev, path).address) for path in shown],
        count=len(fitting),
        is_all=is_all,
    )


def blame(at: At, first: int = 1) -> Response:
    """The commit behind each line, a thousand lines at a time."""
    entry, shown = looked_at(at)
    if entry is None:
        return RedirectResponse(f"/{at.here.repository.full_name}/tree/{at.place.address}")
    total = len(shown.lines or [])
    start = min(max(first, 1), max(total, 1))
    following = start + _LINES_A_PAGE
    return at.render(
        "forge/blame.html",
        blocks=_blocks(at, shown, start),
        following=following if following <= total else None,
        whole=shown.whole,
    )


def _blocks(at: Spot, shown: Shown, start: int) -> list[Block]:
    """Nothing for what is no text, and for a file without lines."""
    lines = shown.lines or []
    count = min(len(lines) - start + 1, _LINES_A_PAGE)
    if not any(line.text for line in lines) and len(lines) <= 1:
        return []
    ends = (at.here.kernel, at.here.id, at.sha, at.place.path)
    return service.blame(*ends, first=start, count=count)

"""What happened in a repository: commits, one commit and what it changed, branches."""

from fastapi import APIRouter
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.model.places import EMPTY_TREE, Place
from towpath.forge.pages.files import At
from towpath.forge.pages.visiting import HERE, Here, Visit
from towpath.forge.service import Commit

_A_PAGE = 50
_MOST_SKIPPED = 100_000
_BRANCHES_A_PAGE = 100


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route(f"{HERE}/commits/{{place:path}}", commits, methods=["GET"])
    routes.add_api_route(f"{HERE}/commit/{{sha}}", commit, methods=["GET"])
    routes.add_api_route(f"{HERE}/branches", branches, methods=["GET"])
    return routes


def commits(at: At, skip: int = 0) -> Response:
    """Commits of a branch, or those that touched a path, newest first.

    What leads on names the commit it began with, so that nothing shifts while others push.
    """
    skip = min(max(skip, 0), _MOST_SKIPPED)
    listed = service.history(
        at.here.kernel, at.here.id, at.sha, at.place.path, skip=skip, limit=_A_PAGE + 1
    )
    return at.render(
        "forge/commits.html",
        commits=listed[:_A_PAGE],
        skipped=skip,
        older=skip + _A_PAGE if len(listed) > _A_PAGE else None,
        begun=Place(at.sha, at.place.path).address,
    )


def commit(here: Here, sha: str, files: int = 0) -> Response:
    """One commit and how it differs from the first of those before it, a page at a time."""
    found, base = with_base(here, sha)
    ends = (here.kernel, here.id, base, found.sha)
    diff = service.diff(*ends, skip=files, limits=service.A_PAGE)
    return here.render("forge/commit.html", commit=found, base_sha=base, diff=diff)


def with_base(here: Visit, sha: str) -> tuple[Commit, str]:
    """A commit, and what to compare it with."""
    (found,) = service.commits(here.kernel, here.id, None, sha, limit=1)
    return found, found.parents[0] if found.parents else EMPTY_TREE


def branches(here: Here, find: str = "", after: int = 0) -> Response:
    """Branches, the one with the newest commit first."""
    known = [one for one in service.branches(here.kernel, here.id) if find in one.name]
    start = min(max(after, 0), len(known))
    following = start + _BRANCHES_A_PAGE
    return here.render(
        "forge/branches.html",
        branches=[(one, Place(one.name, "").address) for one in known[start:following]],
        count=len(known),
        find=find,
        following=following if following < len(known) else None,
    )

"""Branches and how they are protected, in the GitHub dialect.

A protected branch here moves through merge requests that another person approved and that were
tested as they land: that is one rule, so GitHub's many switches are read back as it, whatever
was asked for.
"""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api.dialect import Dialect
from towpath.forge.api.manners import GOVERNS, Repo, WantedPage, paged, routes, sliced
from towpath.forge.api.shapes import Json
from towpath.forge.model.names import branch_ref
from towpath.kernel.errors import NotFound

BRANCHES = "refs/heads/"


class Protection(BaseModel):
    """What GitHub asks for; all of it means our one rule."""

    required_status_checks: dict[str, Any] | None = None
    enforce_admins: bool | None = None
    required_pull_request_reviews: dict[str, Any] | None = None
    restrictions: dict[str, Any] | None = None


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}/branches")
    made.add_api_route("", branches, methods=["GET"])
    guard = "/{branch:path}/protection"
    made.add_api_route(guard, protection, methods=["GET"])
    made.add_api_route(guard, protect, methods=["PUT"], dependencies=[GOVERNS])
    made.add_api_route(
        guard, unprotect, methods=["DELETE"], status_code=204, dependencies=[GOVERNS]
    )
    made.add_api_route("/{branch:path}", branch, methods=["GET"])
    return made


def branches(
    request: Request, repo: Repo, page: WantedPage, *, protected: bool | None = None
) -> Response:
    """List branches by name; `protected` narrows to those that are, or are not."""
    listed = service.refs(repo.kernel, repo.id)
    named = ((ref.removeprefix(BRANCHES), sha) for ref, sha in sorted(listed.items()))
    found = [
        (name, sha)
        for name, sha in named
        if protected is None or protected is (name in repo.about.protected)
    ]
    return paged(request, page, [repo.say.branch(*one) for one in sliced(page, found)])


def branch(repo: Repo, branch: str) -> Json:
    """Describe a branch and its newest commit."""
    sha = _tip(repo, branch)
    newest = service.commits(repo.kernel, repo.id, None, sha, limit=1)[0]
    address = _address(repo, branch)
    held = branch in repo.about.protected
    return repo.say.branch(branch, sha) | {
        "commit": repo.say.commit(newest),
        "_links": {
            "self": address,
            "html": f"{repo.say.html}/tree/{quote(branch)}",
        },
        "protection": {"enabled": held, "url": f"{address}/protection"},
        "protection_url": f"{address}/protection",
    }


def _tip(repo: Repo, branch: str) -> str:
    sha = service.resolve(repo.kernel, repo.id, branch_ref(branch))
    if sha is None:
        raise NotFound(f"There is no branch {branch}.", next_step="List them at /branches.")
    return sha


def _address(repo: Repo, branch: str) -> str:
    return f"{repo.say.api}/branches/{quote(branch, safe='')}"


def protection(repo: Repo, branch: str) -> Json:
    """Tell how a branch is protected."""
    _tip(repo, branch)
    if branch not in repo.about.protected:
        raise NotFound("Branch not protected", next_step="Protect it with PUT.")
    return protected_shape(repo.say, branch)


def protect(repo: Repo, branch: str, _: Protection | None = None) -> Json:
    """Let a branch move through merge requests alone; for maintainers."""
    _tip(repo, branch)
    repo.kernel.db.write(lambda tx: service.protect(tx, repo.id, branch))
    return protected_shape(repo.say, branch)


def unprotect(repo: Repo, branch: str) -> Response:
    """Let a branch be pushed to; for maintainers, and not for the main branch."""
    if branch not in repo.about.protected:
        raise NotFound("Branch not protected", next_step="Nothing has to be done.")
    repo.kernel.db.write(lambda tx: service.unprotect(tx, repo.id, branch))
    return Response(status_code=204)


def protected_shape(say: Dialect, branch: str) -> Json:
    url = f"{say.api}/branches/{quote(branch, safe='')}/protection"
    off = dict.fromkeys(
        (
            "required_linear_history",
            "allow_force_pushes",
            "allow_deletions",
            "block_creations",
            "required_conversation_resolution",
        )
    )
    return {
        "url": url,
        "required_pull_request_reviews": {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": True,
            "require_code_owner_reviews": False,
            "required_approving_review_count": 1,
            "require_last_push_approval": False,
        },
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": True},
        **{name: {"enabled": False} for name in off},
    }

"""Repositories, branches, commits and statuses in the GitHub dialect, at /api/v3."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as FromPath
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api.dialect import Dialect, Json, user
from towpath.forge.api.manners import DialectRoute, Repo, WantedPage, paged, sliced
from towpath.forge.model.names import branch_ref
from towpath.forge.service import Repository, StatusState
from towpath.kernel.access.service import Role, require
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput, NotFound
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.idempotency import replayable

BRANCHES = "refs/heads/"
_HEX = frozenset("0123456789abcdef")
_SHA_LENGTH = 40


class NewRepository(BaseModel):
    name: str
    default_branch: str = Field("main", description="Its first branch; it is protected.")


class NewStatus(BaseModel):
    state: StatusState
    target_url: str | None = None
    description: str | None = None
    context: str = "default"


def router() -> APIRouter:
    routes = APIRouter(prefix="/api/v3", tags=["GitHub dialect"], route_class=DialectRoute)
    routes.add_api_route("/user", me, methods=["GET"])
    routes.add_api_route("/user/repos", add_own, methods=["POST"], status_code=201)
    routes.add_api_route("/orgs/{org}/repos", add_for, methods=["POST"], status_code=201)
    here = "/repos/{owner}/{repo}"
    routes.add_api_route(here, repository, methods=["GET"])
    routes.add_api_route(f"{here}/branches", branches, methods=["GET"])
    routes.add_api_route(f"{here}/branches/{{branch:path}}", branch, methods=["GET"])
    routes.add_api_route(f"{here}/git/ref/{{ref:path}}", ref, methods=["GET"])
    routes.add_api_route(f"{here}/statuses/{{sha}}", add_status, methods=["POST"], status_code=201)
    routes.add_api_route(f"{here}/commits/{{ref:path}}/status", combined, methods=["GET"])
    routes.add_api_route(f"{here}/commits/{{ref:path}}/statuses", statuses, methods=["GET"])
    routes.add_api_route(f"{here}/commits/{{ref:path}}", commit, methods=["GET"])
    return routes


def me(kernel: TheKernel, caller: Caller) -> Json:
    """Tell who calls."""
    return user(kernel.url, caller.login) | {"name": caller.name or None}


def add_own(kernel: TheKernel, caller: Caller, new: NewRepository) -> Json:
    """Create a repository that belongs to you."""
    require(caller, Role.member)
    return _add(kernel, caller.login, new)


def add_for(kernel: TheKernel, caller: Caller, org: str, new: NewRepository) -> Json:
    """Create a repository for an organisation; for maintainers."""
    require(caller, Role.maintainer)
    return _add(kernel, org, new)


def _add(kernel: Kernel, owner: str, new: NewRepository) -> Json:
    made = service.create_repository(kernel, owner, new.name, default_branch=new.default_branch)
    return Dialect(kernel.url, made).repository()


def repository(repo: Repo) -> Json:
    """Describe a repository."""
    return repo.say.repository()


def branches(request: Request, repo: Repo, page: WantedPage) -> Response:
    """List branches by name."""
    found = sorted(service.refs(repo.kernel, repo.id).items())
    shown = [repo.say.branch(ref.removeprefix(BRANCHES), sha) for ref, sha in sliced(page, found)]
    return paged(request, page, shown)


def branch(repo: Repo, branch: str) -> Json:
    """Describe a branch and its newest commit."""
    sha = service.resolve(repo.kernel, repo.id, branch_ref(branch))
    if sha is None:
        raise NotFound(f"There is no branch {branch}.", next_step="List them at /branches.")
    return repo.say.branch(branch, sha) | {"commit": _commit(repo.kernel, repo.about, sha)}


def ref(repo: Repo, ref: Annotated[str, FromPath(description="Such as heads/main.")]) -> Json:
    """Tell which object a branch or tag names."""
    full = f"refs/{ref}"
    found = service.refs(repo.kernel, repo.id, "refs/").get(full)
    if found is None:
        raise NotFound(f"There is no ref {full!a}.", next_step="Write it like heads/main.")
    commit = service.resolve(repo.kernel, repo.id, full)
    return repo.say.ref(full, found, "commit" if commit == found else "tag")


def commit(repo: Repo, ref: str) -> Json:
    """Describe a commit, named by its full object name, a branch or a tag."""
    return _commit(repo.kernel, repo.about, _resolve(repo, ref))


def _commit(kernel: Kernel, about: Repository, sha: str) -> Json:
    found = service.commits(kernel, about.id, None, sha, limit=1)[0]
    return Dialect(kernel.url, about).commit(found)


def _resolve(repo: Repo, name: str) -> str:
    """Find a commit by sha, `heads/…`, `tags/…`, branch or tag, in this order."""
    for candidate in (name, f"refs/{name}", f"refs/heads/{name}", f"refs/tags/{name}"):
        if not candidate.startswith("refs/") and not _is_sha(candidate):
            continue
        found = service.resolve(repo.kernel, repo.id, candidate)
        if found:
            return found
    raise NotFound(f"There is no commit {name[:200]!a}.", next_step="Push it first.")


def _is_sha(name: str) -> bool:
    return len(name) == _SHA_LENGTH and _HEX.issuperset(name)


def combined(repo: Repo, ref: str) -> Json:
    """Tell how a commit is doing, all statuses taken together."""
    sha = _resolve(repo, ref)
    return repo.say.combined(sha, _statuses(repo, sha))


def statuses(request: Request, repo: Repo, page: WantedPage, ref: str) -> Response:
    """List what is said about a commit."""
    sha = _resolve(repo, ref)
    said = [repo.say.status(sha, status) for status in _statuses(repo, sha)]
    return paged(request, page, sliced(page, said))


def _statuses(repo: Repo, sha: str) -> tuple[service.Status, ...]:
    return repo.kernel.db.read(lambda tx: service.statuses(tx, repo.id, sha))


def add_status(request: Request, repo: Repo, sha: str, new: NewStatus) -> Response:
    """Say how a commit is doing; a later word of the same context replaces the earlier."""
    repo.writes()
    if service.resolve(repo.kernel, repo.id, sha) is None:
        raise InvalidInput(f"No commit found for SHA: {sha}", next_step="Push the commit first.")

    def add(tx: Tx) -> dict[str, Any]:
        said = service.set_status(
            tx, repo.id, sha, new.context, new.state, new.description or "",
            new.target_url or "", author=repo.caller.login,
        )  # fmt: skip
        return repo.say.status(sha, said)

    return replayable(request, add)

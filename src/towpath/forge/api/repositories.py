"""Repositories in the GitHub dialect: found, listed, made, changed."""

from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api import shapes
from towpath.forge.api.manners import GOVERNS, Repo, WantedPage, paged, routes, sliced
from towpath.forge.api.people import rights
from towpath.forge.api.shapes import Json
from towpath.forge.service import Repository, Signature, Wish
from towpath.kernel.access.service import Principal, Role, require
from towpath.kernel.context import Kernel
from towpath.kernel.errors import InvalidInput
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.once import OnceKernel
from towpath.kernel.http.permissions import Needs

LISTED = Depends(Needs(Role.viewer, any_token=True, also="lists what the caller may read"))
MEMBERS = Depends(Needs(Role.member))
MAINTAINERS = Depends(Needs(Role.maintainer))
ADMINISTERS = Depends(Needs(Role.admin, service.repository_at))


Visibility = Literal["private", "internal"]
"""Nobody without an account sees anything here, so no repository is GitHub's `public`."""


class NewRepository(BaseModel):
    name: str
    description: str | None = None
    auto_init: bool = Field(default=False, description="Begin it with a README.md.")
    private: bool = Field(default=False, description="Only who was granted a role knows of it.")
    visibility: Visibility | None = Field(None, description="The same in other words.")
    default_branch: str = Field("main", description="Its first branch; it is protected.")


class ChangedRepository(BaseModel):
    name: str | None = None
    description: str | None = None
    default_branch: str | None = None
    private: bool | None = Field(None, description="Only an admin of it changes this.")
    visibility: Visibility | None = Field(None, description="The same in other words.")
    archived: bool | None = None


def router() -> APIRouter:
    made = routes()
    made.add_api_route("/user/repos", mine, methods=["GET"], dependencies=[LISTED])
    made.add_api_route(
        "/user/repos", add_own, methods=["POST"], status_code=201, dependencies=[MEMBERS]
    )
    made.add_api_route("/orgs/{owner}/repos", of, methods=["GET"], dependencies=[LISTED])
    made.add_api_route("/users/{owner}/repos", of, methods=["GET"], dependencies=[LISTED])
    made.add_api_route(
        "/orgs/{org}/repos", add_for, methods=["POST"], status_code=201, dependencies=[MAINTAINERS]
    )
    here = "/repos/{owner}/{repo}"
    made.add_api_route(here, repository, methods=["GET"])
    made.add_api_route(here, change, methods=["PATCH"], dependencies=[GOVERNS])
    made.add_api_route(
        here, delete, methods=["DELETE"], status_code=204, dependencies=[ADMINISTERS]
    )
    return made


def mine(request: Request, kernel: TheKernel, caller: Caller, page: WantedPage) -> Response:
    """List the repositories that you may read, by name."""
    return _listed(request, kernel, caller, page, None)


def of(
    request: Request, kernel: TheKernel, caller: Caller, page: WantedPage, owner: str
) -> Response:
    """List the repositories of one owner that you may read, by name."""
    return _listed(request, kernel, caller, page, owner.lower())


def _listed(
    request: Request, kernel: Kernel, caller: Principal, page: WantedPage, owner: str | None
) -> Response:
    read = kernel.db.read(lambda tx: service.readable(tx, caller))
    found = [one for one in read if owner in {None, one.owner.lower()}]
    shown = [shapes.repository(kernel.url, one) for one in sliced(page, found)]
    return paged(request, page, shown)


def add_own(kernel: OnceKernel, caller: Caller, new: NewRepository) -> Json:
    """Create a repository that belongs to you."""
    return _add(kernel, caller, caller.login, new)


def add_for(kernel: OnceKernel, caller: Caller, org: str, new: NewRepository) -> Json:
    """Create a repository for an organisation; for maintainers."""
    return _add(kernel, caller, org, new)


def _add(kernel: Kernel, caller: Principal, owner: str, new: NewRepository) -> Json:
    made = service.create_repository(
        kernel,
        owner,
        new.name,
        default_branch=new.default_branch,
        creator=caller.login,
        private=bool(_private(new)),
    )
    if new.description:
        made = service.edit_repository(
            kernel, made.id, description=new.description, default_branch=None
        )
    if new.auto_init:
        _begin(kernel, caller, made)
    return shapes.repository(kernel.url, made)


def _private(asked: NewRepository | ChangedRepository) -> bool | None:
    return asked.private if asked.visibility is None else asked.visibility == "private"


def _begin(kernel: Kernel, caller: Principal, made: Repository) -> None:
    by = signature_of(kernel, caller)
    text = f"# {made.name}\n\n{made.description}".rstrip() + "\n"
    wish = Wish("README.md", text.encode(), "Initial commit", by, by)
    service.write_file(kernel, made.id, made.default_branch, wish, None, trusted=True)


def signature_of(kernel: Kernel, caller: Principal) -> Signature:
    """How a commit names who made it here; nobody's real address is given away."""
    name = " ".join(caller.name.translate({ord(one): None for one in "<>\n\0"}).split())
    address = f"{caller.login}@users.towpath.invalid"
    return Signature(name or caller.login, address, kernel.clock.now())


def repository(repo: Repo) -> Json:
    """Describe a repository, and what you may do in it."""
    return repo.say.repository() | {"permissions": rights(repo.caller, repo.about)}


def change(repo: Repo, new: ChangedRepository) -> Json:
    """Change its words; as its admin its name and who sees it, as a maintainer of all main.

    A main branch that is none any more can be freed and pushed to: a role on one repository must
    not lead around the approval that its main branch asks for.
    """
    if new.default_branch not in {None, repo.about.default_branch}:
        require(repo.caller, Role.maintainer, scope=f"repo:write:{repo.id}")
    if new.name not in {None, repo.about.name}:
        require(repo.caller, Role.admin, scope=f"repo:write:{repo.id}", resource=repo.about)
    private = _private(new)
    if private not in {None, repo.about.private}:
        require(repo.caller, Role.admin, scope=f"repo:write:{repo.id}", resource=repo.about)
    if new.archived:
        raise InvalidInput(
            "A repository here is not archived.", next_step="Change something else about it."
        )
    if private is not None:
        repo.kernel.db.write(lambda tx: service.set_private(tx, repo.id, private=private))
    after = service.edit_repository(
        repo.kernel,
        repo.id,
        description=new.description,
        default_branch=new.default_branch,
        name=new.name,
    )
    return shapes.repository(repo.kernel.url, after)


def delete(repo: Repo) -> Response:
    """Delete a repository for good, with all it holds; for its admins, by no narrow token."""
    repo.kernel.db.write(lambda tx: service.delete_repository(tx, repo.id))
    return Response(status_code=204)

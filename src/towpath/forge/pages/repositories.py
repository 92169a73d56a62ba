"""A repository answers: what waits to be merged, how do I get the code, what do I do next."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from markupsafe import Markup
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.forge import service
from towpath.forge.model.places import Place
from towpath.forge.model.requests import State
from towpath.forge.pages.files import readme_of
from towpath.forge.pages.visiting import BRANCHES, HERE, Here, Line, Visit
from towpath.forge.service import MergeRequest, Repository, Status
from towpath.kernel.access.service import Principal, Role, may, require
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput, TowpathError
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Anybody, Needs
from towpath.kernel.pages.rendering import fragment, principal, render

MEMBERS = Depends(Needs(Role.member, also="maintainer for another owner"))
ANYBODY = Depends(Anybody("leads on to an address that asks"))
_A_PAGE = 30
_STATES: dict[str, State] = {"open": "open", "merged": "merged", "closed": "closed"}


class NewRepository(BaseModel):
    owner: Line
    name: Line
    branch: Line = "main"
    private: bool = False


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/new", new_repository, methods=["GET"], dependencies=[MEMBERS])
    routes.add_api_route("/new", add_repository, methods=["POST"], dependencies=[MEMBERS])
    routes.add_api_route(f"{HERE}.git", clone_address, methods=["GET"], dependencies=[ANYBODY])
    routes.add_api_route(HERE, repository, methods=["GET"])
    return routes


def home_slot(kernel: Kernel, request: Request, _: Mapping[str, Any]) -> Markup:
    """Each repository that one may read, with how much waits in it; nothing without any."""
    looking = principal(request)
    if looking is None or not may(looking, Role.viewer):
        return Markup("")
    shown = kernel.db.read(lambda tx: _repositories(tx, looking))
    return fragment(request, "forge/home.html", repositories=shown) if shown else Markup("")


def _repositories(tx: Tx, looking: Principal) -> list[tuple[Repository, int]]:
    known = service.readable(tx, looking)
    waiting = [one.repository for one in service.open_merge_requests(tx, [r.id for r in known])]
    return [(one, waiting.count(one.id)) for one in known]


SLOTS = {"home": home_slot}


def new_repository(request: Request, caller: Caller) -> Response:
    return _new_repository(request, NewRepository(owner=caller.login, name=""))


def _new_repository(
    request: Request, given: NewRepository, problem: TowpathError | None = None
) -> Response:
    status = problem.status if problem else 200
    return render(
        request, "forge/new_repository.html", status=status, given=given, problem=problem
    )


def add_repository(
    request: Request, kernel: TheKernel, caller: Caller, given: Annotated[NewRepository, Form()]
) -> Response:
    if given.owner != caller.login:
        require(caller, Role.maintainer)
    try:
        made = service.create_repository(
            kernel,
            given.owner,
            given.name,
            default_branch=given.branch,
            creator=caller.login,
            private=given.private,
        )
    except (InvalidInput, Conflict) as error:
        return _new_repository(request, given, error)
    return RedirectResponse(f"/{made.full_name}", status_code=303)


def clone_address(owner: str, name: str) -> Response:
    """Somebody put the address for git into a browser."""
    return RedirectResponse(f"/{owner}/{name}", status_code=303)


def repository(here: Here, state: str = "open", after: int | None = None) -> Response:
    wanted = _STATES.get(state, "open")
    listed, counts, tests = here.kernel.db.read(lambda tx: _list(tx, here.id, wanted, after))
    branches = {
        ref.removeprefix(BRANCHES): sha for ref, sha in service.refs(here.kernel, here.id).items()
    }
    shown = Place(_shown_branch(here.repository, branches), "")
    return here.render(
        "forge/repository.html",
        requests=listed[:_A_PAGE],
        older=listed[_A_PAGE - 1].number if len(listed) > _A_PAGE else None,
        tests=tests,
        counts=counts,
        state=wanted,
        branches=list(branches.items()),
        governs=may(here.caller, Role.maintainer, resource=here.repository),
        administers=may(here.caller, Role.admin, resource=here.repository),
        shown=shown,
        readme=_readme(here, shown, branches.get(shown.rev)),
        clone=f"{here.kernel.url}/{here.repository.full_name}.git",
    )


def _readme(here: Visit, top: Place, sha: str | None) -> Markup | None:
    return readme_of(here, top, service.folder(here.kernel, here.id, sha, "")) if sha else None


def _shown_branch(repository: Repository, branches: Mapping[str, str]) -> str:
    """The default branch, or any while it is not there yet."""
    return next(
        (name for name in (repository.default_branch, *branches) if name in branches),
        repository.default_branch,
    )


def _list(
    tx: Tx, repository: str, state: State, after: int | None
) -> tuple[list[MergeRequest], dict[State, int], dict[int, str]]:
    listed = service.merge_requests(tx, repository, state, after, _A_PAGE + 1)
    tests = {one.number: summary(service.statuses(tx, repository, one.head)) for one in listed}
    return listed, service.count_merge_requests(tx, repository), tests


def summary(statuses: tuple[Status, ...]) -> str:
    return service.worst_state(statuses) if statuses else "none"

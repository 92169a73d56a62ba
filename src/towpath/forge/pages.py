"""The repository page and the merge request page, and the forms on them.

A repository answers: what waits to be merged, how do I get the code, what do I do next. A merge
request answers: what would change, what do people and machines say, what is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from markupsafe import Markup
from pydantic import AfterValidator, BaseModel, StringConstraints
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.forge import service
from towpath.forge.model.names import RESERVED_OWNERS
from towpath.forge.model.requests import State
from towpath.forge.service import (
    Comment,
    Commit,
    Diff,
    MergeRequest,
    Repository,
    Review,
    Status,
    Verdict,
)
from towpath.kernel.access.service import Principal, Role, may, require
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput, NotFound, TowpathError
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.pages.rendering import fragment, principal, render

BRANCHES = "refs/heads/"
_A_PAGE = 30
_STATES: dict[str, State] = {"open": "open", "merged": "merged", "closed": "closed"}
_VERDICTS: dict[str, Verdict] = {"approve": "approve", "request_changes": "request_changes"}


def _lines(body: str) -> str:
    """Text as people mean it: browsers end lines with two characters (RFC 2046)."""
    return body.replace("\r\n", "\n").strip("\n")


Line = Annotated[str, StringConstraints(max_length=1_000, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(max_length=70_000), AfterValidator(_lines)]


class Owner(StringConvertor):
    """Any first part of a path but our own words, which lead to other parts."""

    regex = f"(?!(?:{'|'.join(sorted(RESERVED_OWNERS))})(?:/|$))[^/]+"


register_url_convertor("owner", Owner())


class Visit:
    """Somebody who may read it looks at a repository."""

    def __init__(
        self, request: Request, kernel: TheKernel, caller: Caller, owner: str, name: str
    ) -> None:
        self.request = request
        self.kernel = kernel
        self.caller: Principal = caller
        self.repository: Repository = kernel.db.read(
            lambda tx: service.find_repository(tx, owner, name)
        )
        require(caller, Role.viewer, scope=f"repo:read:{self.id}")

    @property
    def id(self) -> str:
        return self.repository.id

    @property
    def writes(self) -> bool:
        return may(self.caller, Role.member)

    def render(self, template: str, problem: TowpathError | None = None, **more: Any) -> Response:
        return render(
            self.request,
            template,
            status=problem.status if problem else 200,
            repository=self.repository,
            writes=self.writes,
            problem=problem,
            **more,
        )

    def to(self, number: int) -> Response:
        address = f"/{self.repository.full_name}/merge_requests/{number}"
        return RedirectResponse(address, status_code=303)


class Writing(Visit):
    """Somebody who may change something sends a form."""

    def __init__(
        self, request: Request, kernel: TheKernel, caller: Caller, owner: str, name: str
    ) -> None:
        super().__init__(request, kernel, caller, owner, name)
        require(caller, Role.member)


Here = Annotated[Visit, Depends()]
Changes = Annotated[Writing, Depends()]


class NewRepository(BaseModel):
    owner: Line
    name: Line
    branch: Line = "main"


class NewRequest(BaseModel):
    source: Line
    target: Line
    title: Line = ""
    body: Text = ""


class Said(BaseModel):
    """`verdict` is the button that was pressed, `head` the commit whose diff was on the page."""

    body: Text = ""
    verdict: Line = "comment"
    head: Line = ""


@dataclass(frozen=True)
class Talk:
    """What is said about a merge request, in the order it was said."""

    change: MergeRequest
    entries: tuple[Review | Comment, ...]
    verdicts: tuple[Review, ...]
    statuses: tuple[Status, ...]
    summary: str


@dataclass(frozen=True)
class Content:
    commits: list[Commit]
    diff: Diff


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/new", new_repository, methods=["GET"])
    routes.add_api_route("/new", add_repository, methods=["POST"])
    here = "/{owner:owner}/{name}"
    routes.add_api_route(f"{here}.git", clone_address, methods=["GET"])
    routes.add_api_route(here, repository, methods=["GET"])
    routes.add_api_route(f"{here}/merge_requests/new", new_request, methods=["GET"])
    routes.add_api_route(f"{here}/merge_requests/new", add_request, methods=["POST"])
    one = f"{here}/merge_requests/{{number:int}}"
    routes.add_api_route(one, merge_request, methods=["GET"])
    routes.add_api_route(f"{one}/talk", talk, methods=["GET"])
    routes.add_api_route(f"{one}/judged", judged, methods=["GET"])
    routes.add_api_route(f"{one}/say", say, methods=["POST"])
    routes.add_api_route(f"{one}/close", close, methods=["POST"])
    routes.add_api_route(f"{one}/reopen", reopen, methods=["POST"])
    return routes


def home_slot(kernel: Kernel, request: Request, _: Mapping[str, Any]) -> Markup:
    """Every repository, with how much waits in it; nothing while there is none."""
    looking = principal(request)
    if looking is None or not may(looking, Role.viewer):
        return Markup("")
    shown = kernel.db.read(_repositories)
    return fragment(request, "forge/home.html", repositories=shown) if shown else Markup("")


def _repositories(tx: Tx) -> list[tuple[Repository, int]]:
    known = service.repositories(tx)
    waiting = [one.repository for one in service.open_merge_requests(tx, [r.id for r in known])]
    return [(one, waiting.count(one.id)) for one in known]


SLOTS = {"home": home_slot}


def new_repository(request: Request, caller: Caller) -> Response:
    require(caller, Role.member)
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
    require(caller, Role.member if given.owner == caller.login else Role.maintainer)
    try:
        made = service.create_repository(
            kernel, given.owner, given.name, default_branch=given.branch
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
    branches = service.refs(here.kernel, here.id)
    return here.render(
        "forge/repository.html",
        requests=listed[:_A_PAGE],
        older=listed[_A_PAGE - 1].number if len(listed) > _A_PAGE else None,
        tests=tests,
        counts=counts,
        state=wanted,
        branches=[(ref.removeprefix(BRANCHES), sha) for ref, sha in branches.items()],
        clone=f"{here.kernel.url}/{here.repository.full_name}.git",
    )


def _list(
    tx: Tx, repository: str, state: State, after: int | None
) -> tuple[list[MergeRequest], dict[State, int], dict[int, str]]:
    listed = service.merge_requests(tx, repository, state, after, _A_PAGE + 1)
    tests = {one.number: _summary(service.statuses(tx, repository, one.head)) for one in listed}
    return listed, service.count_merge_requests(tx, repository), tests


def _summary(statuses: tuple[Status, ...]) -> str:
    return service.worst_state(statuses) if statuses else "none"


def new_request(here: Changes, source: str = "", target: str = "") -> Response:
    target = target or here.repository.default_branch
    return _new_request(here, NewRequest(source=source, target=target))


def _new_request(here: Visit, given: NewRequest, problem: TowpathError | None = None) -> Response:
    branches = [ref.removeprefix(BRANCHES) for ref in service.refs(here.kernel, here.id)]
    return here.render("forge/new_request.html", problem, branches=branches, given=given)


def add_request(here: Changes, given: Annotated[NewRequest, Form()]) -> Response:
    try:
        title = given.title or service.branch_subject(here.kernel, here.id, given.source)
        made = service.open_merge_request(
            here.kernel,
            here.id,
            title=title,
            body=given.body,
            author=here.caller.login,
            source=given.source,
            target=given.target,
        )
    except (InvalidInput, Conflict) as error:
        return _new_request(here, given, error)
    return here.to(made.number)


def merge_request(here: Here, number: int) -> Response:
    return _merge_request(here, number)


def _merge_request(
    here: Visit, number: int, problem: TowpathError | None = None, text: str = ""
) -> Response:
    told = here.kernel.db.read(lambda tx: _talk(tx, here.id, number))
    change = told.change
    return here.render(
        "forge/merge_request.html",
        problem,
        talk=told,
        change=change,
        seen=change.head,
        content=_content(here, change),
        text=text,
    )


def _content(here: Visit, change: MergeRequest) -> Content | None:
    """What would change; None for an old request whose commits are not kept any more."""
    try:
        ends = (here.kernel, here.id, service.base_of(here.kernel, change), change.head)
        return Content(service.commits(*ends), service.diff(*ends))
    except NotFound:
        return None


def _talk(tx: Tx, repository: str, number: int) -> Talk:
    change = service.merge_request(tx, repository, number)
    reviews = service.reviews(tx, repository, number)
    said: list[Review | Comment] = [*reviews, *service.comments(tx, repository, number)]
    statuses = service.statuses(tx, repository, change.head)
    return Talk(
        change,
        tuple(sorted(said, key=lambda entry: (entry.at, entry.id))),
        tuple(service.current_reviews(reviews).values()),
        statuses,
        _summary(statuses),
    )


def talk(here: Here, number: int, seen: str = "") -> Response:
    """What the page fetches when something happened; `seen` is the head whose diff it shows."""
    told = here.kernel.db.read(lambda tx: _talk(tx, here.id, number))
    return here.render(
        "forge/talk.html", talk=told, change=told.change, seen=seen or told.change.head
    )


def judged(here: Here, number: int) -> Response:
    """What machines and reviewers think, fetched like the talk."""
    told = here.kernel.db.read(lambda tx: _talk(tx, here.id, number))
    return here.render("forge/judged.html", talk=told, change=told.change)


def say(here: Changes, number: int, given: Annotated[Said, Form()]) -> Response:
    """Comment, approve or ask for changes, by which button was pressed."""
    try:
        here.kernel.db.write(lambda tx: _say(tx, here, number, given))
    except (InvalidInput, Conflict) as error:
        return _merge_request(here, number, error, given.body)
    return here.to(number)


def _say(tx: Tx, here: Visit, number: int, given: Said) -> None:
    who = here.caller.login
    verdict = _VERDICTS.get(given.verdict)
    if verdict is None:
        service.comment(tx, here.id, number, who, given.body, head=given.head or None)
    else:
        service.review(tx, here.id, number, who, verdict, body=given.body, head=given.head)


def close(here: Changes, number: int) -> Response:
    try:
        here.kernel.db.write(lambda tx: service.close(tx, here.id, number))
    except Conflict as error:
        return _merge_request(here, number, error)
    return here.to(number)


def reopen(here: Changes, number: int) -> Response:
    try:
        service.reopen(here.kernel, here.id, number)
    except (InvalidInput, Conflict) as error:
        return _merge_request(here, number, error)
    return here.to(number)

"""Merge requests, reviews and comments in the GitHub dialect, where they are pull requests."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api.dialect import Json
from towpath.forge.api.manners import DialectRoute, Repo, WantedPage, paged, sliced
from towpath.forge.model.requests import State
from towpath.forge.service import MergeRequest, Verdict
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput
from towpath.kernel.http.idempotency import replayable

_STATES: dict[str, tuple[State, ...]] = {
    "open": ("open",),
    "closed": ("closed", "merged"),
    "all": ("open", "closed", "merged"),
}
_VERDICTS: dict[str, Verdict] = {
    "APPROVE": "approve",
    "REQUEST_CHANGES": "request_changes",
    "COMMENT": "comment",
}


class NewPull(BaseModel):
    title: str
    head: str
    base: str
    body: str | None = None


class ChangedPull(BaseModel):
    title: str | None = None
    body: str | None = None
    state: Literal["open", "closed"] | None = None
    base: str | None = None


class NewReview(BaseModel):
    event: Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"]
    body: str | None = None
    commit_id: str | None = None


class NewComment(BaseModel):
    body: str


def router() -> APIRouter:
    routes = APIRouter(
        prefix="/api/v3/repos/{owner}/{repo}", tags=["GitHub dialect"], route_class=DialectRoute
    )
    routes.add_api_route("/pulls", pulls, methods=["GET"])
    routes.add_api_route("/pulls", add_pull, methods=["POST"], status_code=201)
    here = "/pulls/{number}"
    routes.add_api_route(here, pull, methods=["GET"])
    routes.add_api_route(here, change_pull, methods=["PATCH"])
    routes.add_api_route(f"{here}/files", files, methods=["GET"])
    routes.add_api_route(f"{here}/commits", commits, methods=["GET"])
    routes.add_api_route(f"{here}/reviews", reviews, methods=["GET"])
    routes.add_api_route(f"{here}/reviews", add_review, methods=["POST"])
    there = "/issues/{number}/comments"
    routes.add_api_route(there, comments, methods=["GET"])
    routes.add_api_route(there, add_comment, methods=["POST"], status_code=201)
    return routes


def pulls(
    request: Request,
    repo: Repo,
    page: WantedPage,
    state: Literal["open", "closed", "all"] = "open",
    head: str | None = None,
    base: str | None = None,
) -> Response:
    """List merge requests, newest first; `head` and `base` narrow to branches."""
    ends = {}
    if head is not None:
        ends["source"] = _own_branch(repo, head)
    if base is not None:
        ends["target"] = base
    found = repo.kernel.db.read(
        lambda tx: service.search_merge_requests(tx, repo.id, _STATES[state], ends, page.window)
    )
    return paged(request, page, [repo.say.pull(one) for one in found])


def _own_branch(repo: Repo, head: str) -> str:
    """Read `branch` or `owner:branch`; there are no forks here."""
    owner, colon, branch = head.partition(":")
    if colon and owner.lower() != repo.about.owner.lower():
        raise InvalidInput(
            f"{head!a} is in another repository.", next_step=f"Push it to {repo.about.full_name}."
        )
    return branch if colon else head


def add_pull(repo: Repo, new: NewPull) -> Json:
    """Ask for a branch to be merged."""
    repo.writes()
    made = service.open_merge_request(
        repo.kernel,
        repo.id,
        title=new.title,
        body=new.body or "",
        author=repo.caller.login,
        source=_own_branch(repo, new.head),
        target=new.base,
    )
    return repo.say.pull(made)


def pull(repo: Repo, number: int) -> Json:
    """Describe a merge request, with the size of its change."""
    found = _find(repo, number)
    said = repo.kernel.db.read(lambda tx: service.comments(tx, repo.id, number))
    ends = _ends(repo, found)
    held, changed = service.commits(*ends), service.diff(*ends)
    return repo.say.whole_pull(found, len(said), len(held), changed)


def _find(repo: Repo, number: int) -> MergeRequest:
    return repo.kernel.db.read(lambda tx: service.merge_request(tx, repo.id, number))


def _ends(repo: Repo, found: MergeRequest) -> tuple[Kernel, str, str, str]:
    return repo.kernel, repo.id, service.base_of(repo.kernel, found), found.head


def change_pull(repo: Repo, number: int, new: ChangedPull) -> Json:
    """Change title or body, close, or open again."""
    repo.writes()
    before = _find(repo, number)
    if new.base not in {None, before.target}:
        raise InvalidInput(
            "The target of a merge request cannot change.", next_step="Open another one."
        )
    if new.state == "open" and before.state == "closed":
        service.reopen(repo.kernel, repo.id, number)
    changed = repo.kernel.db.write(lambda tx: _change(tx, repo, before, new))
    return repo.say.pull(changed)


def _change(tx: Tx, repo: Repo, before: MergeRequest, new: ChangedPull) -> MergeRequest:
    if new.title is not None or new.body is not None:
        service.edit(tx, repo.id, before.number, title=new.title, body=new.body)
    if new.state == "closed" and before.state == "open":
        service.close(tx, repo.id, before.number)
    return service.merge_request(tx, repo.id, before.number)


def files(request: Request, repo: Repo, page: WantedPage, number: int) -> Response:
    """List the files that a merge request changes, with patches where they are short enough."""
    found = _find(repo, number)
    changed = service.diff(*_ends(repo, found)).files
    shown = [repo.say.file(file, found.head) for file in sliced(page, list(changed))]
    return paged(request, page, shown)


def commits(request: Request, repo: Repo, page: WantedPage, number: int) -> Response:
    """List the commits of a merge request, oldest first, at most 250."""
    found = _find(repo, number)
    held = service.commits(*_ends(repo, found))
    return paged(request, page, [repo.say.commit(one) for one in sliced(page, held[::-1])])


def reviews(request: Request, repo: Repo, page: WantedPage, number: int) -> Response:
    """List reviews, oldest first."""
    found = _find(repo, number)
    made = repo.kernel.db.read(lambda tx: service.reviews(tx, repo.id, number))
    shown = [repo.say.review(found, one) for one in sliced(page, list(made))]
    return paged(request, page, shown)


def add_review(request: Request, repo: Repo, number: int, new: NewReview) -> Response:
    """Approve, ask for changes, or comment; `commit_id` is the commit that was looked at."""
    repo.writes()

    def add(tx: Tx) -> dict[str, Any]:
        made = service.review(
            tx, repo.id, number, repo.caller.login, _VERDICTS[new.event],
            body=new.body or "", head=new.commit_id,
        )  # fmt: skip
        return repo.say.review(service.merge_request(tx, repo.id, number), made)

    return replayable(request, add, status=200)


def comments(request: Request, repo: Repo, page: WantedPage, number: int) -> Response:
    """List comments, oldest first."""
    _find(repo, number)
    said = repo.kernel.db.read(lambda tx: service.comments(tx, repo.id, number))
    shown = [repo.say.comment(number, one) for one in sliced(page, list(said))]
    return paged(request, page, shown)


def add_comment(request: Request, repo: Repo, number: int, new: NewComment) -> Response:
    """Comment on a merge request; the gate listens for its commands here."""
    repo.writes()

    def add(tx: Tx) -> dict[str, Any]:
        said = service.comment(tx, repo.id, number, repo.caller.login, new.body)
        return repo.say.comment(number, said)

    return replayable(request, add)

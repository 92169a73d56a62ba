"""Merge requests in the GitHub dialect, where they are pull requests."""

from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api import media
from towpath.forge.api.manners import Number, Repo, WantedPage, paged, routes, sliced
from towpath.forge.api.shapes import Json
from towpath.forge.model.requests import State
from towpath.forge.service import Label, MergeRequest
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput, NotFound, Stale, TowpathError

_STATES: dict[str, tuple[State, ...]] = {
    "open": ("open",),
    "closed": ("closed", "merged"),
    "all": ("open", "closed", "merged"),
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


class Merge(BaseModel):
    """What GitHub lets a caller choose; here the gate does, but `sha` is compared."""

    sha: str | None = None
    merge_method: Literal["merge", "squash", "rebase"] | None = None
    commit_title: str | None = None
    commit_message: str | None = None


class NotMergeable(TowpathError):
    status = 405
    title = "This is not merged by a request"


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}/pulls")
    made.add_api_route("", pulls, methods=["GET"])
    made.add_api_route("", add_pull, methods=["POST"], status_code=201)
    made.add_api_route("/{number:int}.{kind}", text, methods=["GET"], responses=media.DOCUMENTED)
    here = "/{number}"
    made.add_api_route(here, pull, methods=["GET"], response_model=None)
    made.add_api_route(here, change_pull, methods=["PATCH"])
    made.add_api_route(f"{here}/files", files, methods=["GET"])
    made.add_api_route(f"{here}/commits", commits, methods=["GET"])
    made.add_api_route(f"{here}/merge", is_merged, methods=["GET"], status_code=204)
    made.add_api_route(f"{here}/merge", merge, methods=["PUT"])
    return made


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
    found, page.total = repo.kernel.db.read(
        lambda tx: (
            service.search_merge_requests(tx, repo.id, _STATES[state], ends, page.window),
            None if ends else _count(tx, repo, _STATES[state]),
        )
    )
    carried = _labels(repo, found)
    return paged(request, page, [repo.say.pull(one, carried[one.number]) for one in found])


def _count(tx: Tx, repo: Repo, states: Sequence[State]) -> int:
    counts = service.count_merge_requests(tx, repo.id)
    return sum(counts.get(state, 0) for state in states)


def _labels(repo: Repo, found: Sequence[MergeRequest]) -> dict[int, list[Label]]:
    numbers = [one.number for one in found]
    return repo.kernel.db.read(lambda tx: service.labels_of(tx, repo.id, numbers))


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
    return _whole(repo, made)


def pull(request: Request, repo: Repo, number: Number) -> Json | Response:
    """Describe a merge request, with the size of its change; or give it as a diff or patch."""
    found = repo.request(number)
    told = media.text_wanted(request, repo, service.base_of(repo.kernel, found), found.head)
    return _whole(repo, found) if told is None else told


def _whole(repo: Repo, found: MergeRequest) -> Json:
    said, threads = repo.kernel.db.read(
        lambda tx: (
            service.comments(tx, repo.id, found.number),
            service.threads(tx, repo.id, found.number),
        )
    )
    counts = len(said), sum(len(one.remarks) for one in threads)
    ends = _ends(repo, found)
    held, changed = service.commits(*ends), service.diff(*ends)
    carried = _labels(repo, [found])[found.number]
    return repo.say.whole_pull(found, carried, counts, len(held), changed)


def text(repo: Repo, number: Number, kind: Literal["diff", "patch"]) -> Response:
    """Give a merge request as one diff, or as one mail for each commit."""
    found = repo.request(number)
    return media.text(repo, service.base_of(repo.kernel, found), found.head, kind)


def is_merged(repo: Repo, number: Number) -> Response:
    """Answer 204 if a merge request has landed, 404 if not."""
    if repo.request(number).state != "merged":
        raise NotFound("Pull Request has not been merged", next_step="Look at its queue.")
    return Response(status_code=204)


def merge(repo: Repo, number: Number, wish: Merge | None = None) -> Json:
    """Ask the gate, which alone moves a protected branch, or say what is missing.

    The answer is always a refusal, as GitHub's is where a merge queue is required: nothing has
    been merged when it is given.
    """
    repo.writes()
    found = repo.request(number)
    if wish and wish.sha not in {None, found.head}:
        raise Stale("Head branch was modified. Review and try the merge again.",
                    next_step=f"It is at {found.head}.")  # fmt: skip
    wanting = repo.kernel.db.write(
        lambda tx: service.ask_to_merge(tx, repo.id, number, repo.caller.login)
    )
    message, next_step = wanting or (
        f"{found.target} moves by the gate alone, which has been asked and lands what it tested.",
        "Wait for the webhook pull_request closed, or until GET of this address is 204.",
    )
    raise NotMergeable(message, next_step=next_step)


def _ends(repo: Repo, found: MergeRequest) -> tuple[Kernel, str, str, str]:
    return repo.kernel, repo.id, service.base_of(repo.kernel, found), found.head


def change_pull(repo: Repo, number: Number, new: ChangedPull) -> Json:
    """Change title or body, close, or open again."""
    repo.writes()
    before = repo.request(number)
    if new.base not in {None, before.target}:
        raise InvalidInput(
            "The target of a merge request cannot change.", next_step="Open another one."
        )
    if new.state == "open" and before.state == "closed":
        service.reopen(repo.kernel, repo.id, number)
    changed = repo.kernel.db.write(lambda tx: _change(tx, repo, before, new))
    return _whole(repo, changed)


def _change(tx: Tx, repo: Repo, before: MergeRequest, new: ChangedPull) -> MergeRequest:
    if new.title is not None or new.body is not None:
        service.edit(tx, repo.id, before.number, title=new.title, body=new.body)
    if new.state == "closed" and before.state == "open":
        service.close(tx, repo.id, before.number)
    return service.merge_request(tx, repo.id, before.number)


def files(request: Request, repo: Repo, page: WantedPage, number: Number) -> Response:
    """List the files that a merge request changes, with patches where they are short enough."""
    found = repo.request(number)
    changed = service.diff(*_ends(repo, found)).files
    shown = [repo.say.file(file, found.head) for file in sliced(page, list(changed))]
    return paged(request, page, shown)


def commits(request: Request, repo: Repo, page: WantedPage, number: Number) -> Response:
    """List the commits of a merge request, oldest first, at most 250."""
    found = repo.request(number)
    held = service.commits(*_ends(repo, found))
    return paged(request, page, [repo.say.commit(one) for one in sliced(page, held[::-1])])

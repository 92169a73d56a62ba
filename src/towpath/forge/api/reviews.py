"""Reviews of merge requests in the GitHub dialect."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api.manners import Call, Handle, Number, Repo, WantedPage, paged, routes, sliced
from towpath.forge.api.remarks import OnLine
from towpath.forge.api.shapes import Json
from towpath.forge.service import Verdict
from towpath.kernel.db.interface import Tx
from towpath.kernel.http.idempotency import replayable

MOST_COMMENTS = 100
_VERDICTS: dict[str, Verdict] = {
    "APPROVE": "approve",
    "REQUEST_CHANGES": "request_changes",
    "COMMENT": "comment",
}


class NewReview(BaseModel):
    event: Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"]
    body: str | None = None
    commit_id: str | None = None
    comments: list[OnLine] = Field(default=[], max_length=MOST_COMMENTS)


class Dismissal(BaseModel):
    message: str
    event: Literal["DISMISS"] | None = None


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}/pulls/{number}/reviews")
    made.add_api_route("", reviews, methods=["GET"])
    made.add_api_route("", add_review, methods=["POST"])
    made.add_api_route("/{review_id}", review, methods=["GET"])
    made.add_api_route("/{review_id}/dismissals", dismiss, methods=["PUT"])
    return made


def reviews(request: Request, repo: Repo, page: WantedPage, number: Number) -> Response:
    """List reviews, oldest first."""
    found = repo.request(number)
    made = repo.kernel.db.read(lambda tx: service.reviews(tx, repo.id, number))
    shown = [repo.say.review(found, one) for one in sliced(page, list(made))]
    return paged(request, page, shown)


def review(repo: Repo, number: Number, review_id: Handle) -> Json:
    """Read one review."""
    found = repo.request(number)
    made = repo.kernel.db.read(lambda tx: service.find_review(tx, repo.id, number, review_id))
    return repo.say.review(found, made)


def add_review(request: Request, repo: Repo, number: Number, new: NewReview) -> Response:
    """Approve, ask for changes, or comment; `commit_id` is the commit that was looked at."""
    repo.writes()
    drafted = _drafted(repo, number, new)

    def add(tx: Tx) -> dict[str, Any]:
        made = service.review(
            tx, repo.id, number, repo.caller.login, _VERDICTS[new.event],
            body=new.body or "", head=new.commit_id, threads=drafted,
        )  # fmt: skip
        return repo.say.review(service.merge_request(tx, repo.id, number), made)

    return replayable(request, add, status=200)


def _drafted(repo: Call, number: int, new: NewReview) -> list[service.Thread]:
    """What is said about lines, each found in the diff before anything is written."""
    found = repo.request(number)
    wanted = [one.wanted() for one in new.comments]
    places = service.places(repo.kernel, found, new.commit_id or found.head, wanted)
    who = repo.caller.login
    return [
        service.draft_thread(who, one.body, place)
        for one, place in zip(new.comments, places, strict=True)
    ]


def dismiss(repo: Repo, number: Number, review_id: Handle, why: Dismissal) -> Json:
    """Let a verdict count no more: one's own, or as a maintainer anybody's."""
    repo.writes()
    found = repo.request(number)

    def change(tx: Tx) -> service.Review:
        before = service.find_review(tx, repo.id, number, review_id)
        if before.author != repo.caller.login:
            repo.governs()
        return service.dismiss(tx, repo.id, number, review_id, why.message)

    return repo.say.review(found, repo.kernel.db.write(change))

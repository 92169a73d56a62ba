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
from towpath.forge.service import Draft, Verdict
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput
from towpath.kernel.http.idempotency import replayable

MOST_COMMENTS = 100
_VERDICTS: dict[str, Verdict] = {
    "APPROVE": "approve",
    "REQUEST_CHANGES": "request_changes",
    "COMMENT": "comment",
}


Event = Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"]


class NewReview(BaseModel):
    event: Event | None = Field(default=None, description="Without it, the review is only begun.")
    body: str | None = None
    commit_id: str | None = None
    comments: list[OnLine] = Field(default=[], max_length=MOST_COMMENTS)


class Given(BaseModel):
    event: Event
    body: str | None = None


class Reworded(BaseModel):
    body: str


class Dismissal(BaseModel):
    message: str
    event: Literal["DISMISS"] | None = None


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}/pulls/{number}/reviews")
    made.add_api_route("", reviews, methods=["GET"])
    made.add_api_route("", add_review, methods=["POST"])
    one = "/{review_id}"
    made.add_api_route(one, review, methods=["GET"])
    made.add_api_route(one, reword, methods=["PUT"])
    made.add_api_route(one, drop, methods=["DELETE"])
    made.add_api_route(f"{one}/events", give, methods=["POST"])
    made.add_api_route("/{review_id}/dismissals", dismiss, methods=["PUT"])
    return made


def reviews(request: Request, repo: Repo, page: WantedPage, number: Number) -> Response:
    """List reviews, oldest first; last of all one that you have begun."""
    found = repo.request(number)
    made = repo.kernel.db.read(lambda tx: service.reviews(tx, repo.id, number))
    told = [repo.say.review(found, one) for one in made]
    begun = _begun(repo, number)
    if begun:
        told.append(repo.say.draft(found, begun))
    return paged(request, page, sliced(page, told))


def _begun(repo: Call, number: int) -> Draft | None:
    return repo.kernel.db.read(lambda tx: service.draft_of(tx, repo.id, number, repo.caller.login))


def _draft(tx: Tx, repo: Call, number: int, handle: int) -> Draft:
    """What the caller has begun under this number; InvalidInput for a review that was given."""
    found = service.draft_of(tx, repo.id, number, repo.caller.login)
    if found is None or found.handle != handle:
        service.find_review(tx, repo.id, number, handle)
        raise InvalidInput(
            "This review was given and stays as it is.", next_step="Dismiss it, or add another."
        )
    return found


def review(repo: Repo, number: Number, review_id: Handle) -> Json:
    """Read one review."""
    found, begun = repo.request(number), _begun(repo, number)
    if begun and begun.handle == review_id:
        return repo.say.draft(found, begun)
    made = repo.kernel.db.read(lambda tx: service.find_review(tx, repo.id, number, review_id))
    return repo.say.review(found, made)


def reword(repo: Repo, number: Number, review_id: Handle, new: Reworded) -> Json:
    """Change what a review says that you have begun; one that was given stays as it is."""
    found = repo.request(number)
    after = repo.kernel.db.write(
        lambda tx: service.reword_draft(tx, _draft(tx, repo, number, review_id), new.body)
    )
    return repo.say.draft(found, after)


def drop(repo: Repo, number: Number, review_id: Handle) -> Json:
    """Forget a review that you have begun, with what it says about lines."""
    found = repo.request(number)

    def forget(tx: Tx) -> Draft:
        begun = _draft(tx, repo, number, review_id)
        service.drop_draft(tx, begun)
        return begun

    return repo.say.draft(found, repo.kernel.db.write(forget))


def give(request: Request, repo: Repo, number: Number, review_id: Handle, new: Given) -> Response:
    """Give a review that you have begun: everybody sees it from now on."""

    def submit(tx: Tx) -> Json:
        begun = _draft(tx, repo, number, review_id)
        made = service.give_draft(tx, repo.id, begun, _VERDICTS[new.event], new.body)
        return repo.say.review(service.merge_request(tx, repo.id, number), made)

    return replayable(request, submit, status=200)


def add_review(request: Request, repo: Repo, number: Number, new: NewReview) -> Response:
    """Approve, ask for changes, or comment; without an event, begin a review to give later.

    `commit_id` is the commit that was looked at.
    """
    repo.writes()
    drafted = _drafted(repo, number, new)

    whole: dict[str, Any] = {
        "body": new.body or "", "head": new.commit_id, "threads": drafted,
    }  # fmt: skip

    def add(tx: Tx) -> Json:
        found, who = service.merge_request(tx, repo.id, number), repo.caller.login
        if new.event is None:
            return repo.say.draft(found, service.draft_review(tx, repo.id, number, who, **whole))
        made = service.review(tx, repo.id, number, who, _VERDICTS[new.event], **whole)
        return repo.say.review(found, made)

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

"""The few pictures that people put on merge requests and comments, in the GitHub dialect."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from towpath.forge import service
from towpath.forge.api.manners import Call, Handle, Number, Repo, WantedPage, paged, routes, sliced
from towpath.kernel.db.interface import Tx


class NewReaction(BaseModel):
    content: str


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}")
    of_comment = "/comments/{comment_id}/reactions"
    for place, handlers in (
        ("/issues/{number}/reactions", (to_request, add_to_request, delete_from_request)),
        (f"/issues{of_comment}", (to_comment, add_to_comment, delete_from_comment)),
        (f"/pulls{of_comment}", (to_remark, add_to_remark, delete_from_remark)),
    ):
        made.add_api_route(place, handlers[0], methods=["GET"])
        made.add_api_route(place, handlers[1], methods=["POST"], status_code=201)
        one = f"{place}/{{reaction_id}}"
        made.add_api_route(one, handlers[2], methods=["DELETE"], status_code=204)
    return made


def _subject(tx: Tx, repo: Call, kind: str, handle: int) -> str:
    """Name what is reacted to, once it is sure to be there."""
    if kind == "number":
        return f"request:{service.merge_request(tx, repo.id, handle).number}"
    if kind == "remark":
        return f"remark:{service.find_remark(tx, repo.id, handle)[2].id}"
    return f"comment:{service.find_comment(tx, repo.id, handle)[1].id}"


def to_request(request: Request, repo: Repo, page: WantedPage, number: Number) -> Response:
    """List the reactions to a merge request, oldest first."""
    return _listed(request, repo, page, "number", number)


def to_comment(request: Request, repo: Repo, page: WantedPage, comment_id: Handle) -> Response:
    """List the reactions to a comment, oldest first."""
    return _listed(request, repo, page, "comment", comment_id)


def to_remark(request: Request, repo: Repo, page: WantedPage, comment_id: Handle) -> Response:
    """List the reactions to a comment on a line, oldest first."""
    return _listed(request, repo, page, "remark", comment_id)


def _listed(request: Request, repo: Call, page: WantedPage, kind: str, handle: int) -> Response:
    found = repo.kernel.db.read(
        lambda tx: service.reactions(tx, repo.id, _subject(tx, repo, kind, handle))
    )
    return paged(request, page, [repo.say.reaction(one) for one in sliced(page, found)])


def add_to_request(repo: Repo, number: Number, new: NewReaction) -> Response:
    """React to a merge request; the same reaction again answers 200 and changes nothing."""
    return _added(repo, "number", number, new)


def add_to_comment(repo: Repo, comment_id: Handle, new: NewReaction) -> Response:
    """React to a comment; the same reaction again answers 200 and changes nothing."""
    return _added(repo, "comment", comment_id, new)


def add_to_remark(repo: Repo, comment_id: Handle, new: NewReaction) -> Response:
    """React to a comment on a line; the same reaction again answers 200 and changes nothing."""
    return _added(repo, "remark", comment_id, new)


def _added(repo: Call, kind: str, handle: int, new: NewReaction) -> Response:
    repo.writes()

    def add(tx: Tx) -> tuple[service.Reaction, bool]:
        subject = _subject(tx, repo, kind, handle)
        return service.react(tx, repo.id, subject, repo.caller.login, new.content)

    made, fresh = repo.kernel.db.write(add)
    return JSONResponse(repo.say.reaction(made), 201 if fresh else 200)


def delete_from_request(repo: Repo, number: Number, reaction_id: Handle) -> Response:
    """Take one's own reaction to a merge request back."""
    return _deleted(repo, "number", number, reaction_id)


def delete_from_comment(repo: Repo, comment_id: Handle, reaction_id: Handle) -> Response:
    """Take one's own reaction to a comment back."""
    return _deleted(repo, "comment", comment_id, reaction_id)


def delete_from_remark(repo: Repo, comment_id: Handle, reaction_id: Handle) -> Response:
    """Take one's own reaction to a comment on a line back."""
    return _deleted(repo, "remark", comment_id, reaction_id)


def _deleted(repo: Call, kind: str, handle: int, reaction: int) -> Response:
    repo.writes()
    repo.kernel.db.write(
        lambda tx: service.unreact(
            tx, repo.id, _subject(tx, repo, kind, handle), repo.caller.login, reaction
        )
    )
    return Response(status_code=204)

"""What is said on merge requests, in the GitHub dialect."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api.manners import (
    Handle,
    Number,
    Repo,
    WantedPage,
    dated,
    paged,
    routes,
    sliced,
)
from towpath.forge.api.shapes import Json
from towpath.kernel.db.interface import Tx
from towpath.kernel.http.idempotency import replayable


class Words(BaseModel):
    body: str


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}/issues")
    made.add_api_route("/comments", everywhere, methods=["GET"])
    one = "/comments/{comment_id}"
    made.add_api_route(one, comment, methods=["GET"])
    made.add_api_route(one, edit, methods=["PATCH"])
    made.add_api_route(one, delete, methods=["DELETE"], status_code=204)
    there = "/{number}/comments"
    made.add_api_route(there, comments, methods=["GET"])
    made.add_api_route(there, add_comment, methods=["POST"], status_code=201)
    return made


def everywhere(request: Request, repo: Repo, page: WantedPage) -> Response:
    """List the comments of all merge requests, oldest first."""
    found = repo.kernel.db.read(lambda tx: service.repository_comments(tx, repo.id, page.window))
    return paged(request, page, [repo.say.comment(*one) for one in found])


def comments(request: Request, repo: Repo, page: WantedPage, number: Number) -> Response:
    """List comments, oldest first."""
    repo.request(number)
    said = repo.kernel.db.read(lambda tx: service.comments(tx, repo.id, number))
    shown = [repo.say.comment(number, one) for one in sliced(page, list(said))]
    return paged(request, page, shown)


def add_comment(request: Request, repo: Repo, number: Number, new: Words) -> Response:
    """Comment on a merge request; the gate listens for its commands here."""
    repo.writes()

    def add(tx: Tx) -> dict[str, Any]:
        said = service.comment(tx, repo.id, number, repo.caller.login, new.body)
        return repo.say.comment(number, said)

    return replayable(request, add)


def comment(reply: Response, repo: Repo, comment_id: Handle) -> Json:
    """Read one comment."""
    number, found = repo.kernel.db.read(lambda tx: service.find_comment(tx, repo.id, comment_id))
    dated(reply, found.edited or found.at)
    return repo.say.comment(number, found)


def edit(repo: Repo, comment_id: Handle, new: Words) -> Json:
    """Change the text of one's own comment, or as a maintainer anybody's."""
    _own(repo, comment_id)
    after = repo.kernel.db.write(
        lambda tx: service.edit_comment(tx, repo.id, comment_id, new.body)
    )
    return repo.say.comment(*after)


def delete(repo: Repo, comment_id: Handle) -> Response:
    """Delete one's own comment, or as a maintainer anybody's."""
    _own(repo, comment_id)
    repo.kernel.db.write(lambda tx: service.delete_comment(tx, repo.id, comment_id))
    return Response(status_code=204)


def _own(repo: Repo, handle: int) -> None:
    repo.writes()
    _, found = repo.kernel.db.read(lambda tx: service.find_comment(tx, repo.id, handle))
    if found.author != repo.caller.login:
        repo.governs()

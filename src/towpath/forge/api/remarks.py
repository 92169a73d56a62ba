"""Comments on lines of a diff in the GitHub dialect: the discussions of our page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api.comments import Words
from towpath.forge.api.lines import Lines, look
from towpath.forge.api.manners import (
    Call,
    Handle,
    Number,
    Repo,
    WantedPage,
    micros,
    paged,
    routes,
    sliced,
)
from towpath.forge.api.shapes import Json
from towpath.forge.service import MergeRequest, Order, Placed, Remark, Thread, Wanted
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput
from towpath.kernel.http.idempotency import replayable

Side = Literal["LEFT", "RIGHT"]


class OnLine(BaseModel):
    """A comment on a line: `line` and `side`, or `position` as it was before GitHub had those.

    Or, with the subject type "file", on all of a file.
    """

    body: str
    path: str
    side: Side = "RIGHT"
    line: int | None = Field(default=None, ge=1)
    position: int | None = Field(default=None, ge=1)
    start_line: int | None = Field(default=None, ge=1)
    start_side: Literal["LEFT", "RIGHT", "side"] | None = None
    subject_type: Literal["line", "file"] | None = None

    def wanted(self) -> Wanted:
        """Where it is to stand; InvalidInput for what we cannot keep."""
        if self.subject_type == "file":
            return Wanted(path=self.path, whole_file=True)
        if self.start_line and self.start_side not in {None, "side", self.side}:
            raise InvalidInput(
                "The lines of a comment stand on one side here.", next_step="Leave start_side out."
            )
        return Wanted(
            path=self.path,
            side="old" if self.side == "LEFT" else "new",
            line=self.line,
            position=self.position,
            start=self.start_line,
        )


class NewRemark(BaseModel):
    """A comment on a line of the diff up to `commit_id`, or an answer to another."""

    body: str
    in_reply_to: int | None = Field(default=None, ge=1, lt=2**53)
    commit_id: str | None = None
    path: str | None = None
    side: Side = "RIGHT"
    line: int | None = Field(default=None, ge=1)
    position: int | None = Field(default=None, ge=1)
    start_line: int | None = Field(default=None, ge=1)
    start_side: Literal["LEFT", "RIGHT", "side"] | None = None
    subject_type: Literal["line", "file"] | None = None

    def on_line(self) -> OnLine:
        if self.path is None or self.commit_id is None:
            raise InvalidInput(
                "A comment needs commit_id and path.", next_step="Give them, or in_reply_to."
            )
        given = self.model_dump(exclude={"in_reply_to", "commit_id"})
        return OnLine(**given)


def order(
    sort: Literal["created", "updated", "created_at"] | None = None,
    direction: Literal["asc", "desc"] | None = None,
    since: datetime | None = None,
) -> Order:
    """How GitHub lets a caller order comments: oldest first, unless they are to be sorted."""
    return Order(
        by_change=sort == "updated",
        newest_first=sort is not None and direction != "asc",
        since=micros(since) or 0,
    )


Ordered = Annotated[Order, Depends(order)]


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}/pulls")
    made.add_api_route("/comments", everywhere, methods=["GET"])
    one = "/comments/{comment_id}"
    made.add_api_route(one, remark, methods=["GET"])
    made.add_api_route(one, edit, methods=["PATCH"])
    made.add_api_route(one, delete, methods=["DELETE"], status_code=204)
    there = "/{number}/comments"
    made.add_api_route(there, remarks, methods=["GET"])
    made.add_api_route(there, add_remark, methods=["POST"], status_code=201)
    made.add_api_route(
        f"{there}/{{comment_id}}/replies", add_answer, methods=["POST"], status_code=201
    )
    made.add_api_route("/{number}/reviews/{review_id}/comments", of_review, methods=["GET"])
    return made


def everywhere(request: Request, repo: Repo, page: WantedPage, order: Ordered) -> Response:
    """List the comments on lines of all merge requests, oldest first."""
    return paged(request, page, _listed(repo, None, page.window, order))


def remarks(
    request: Request, repo: Repo, page: WantedPage, order: Ordered, number: Number
) -> Response:
    """List the comments on lines of a merge request, oldest first."""
    repo.request(number)
    return paged(request, page, _listed(repo, number, page.window, order))


def _listed(repo: Call, number: int | None, window: tuple[int, int], order: Order) -> list[Json]:
    def read(tx: Tx) -> tuple[Any, ...]:
        found = service.remarks(tx, repo.id, number, window, order)
        numbers = sorted({number for number, _ in found})
        requests = service.merge_requests_numbered(tx, repo.id, numbers)
        return found, requests, service.threads_of(tx, repo.id, numbers)

    found, requests, threads = repo.kernel.db.read(read)
    told: dict[str, Json] = {}
    for each, request in requests.items():
        told |= look(repo, request, threads[each]).all()
    return [told[remark] for _, remark in found]


def of_review(
    request: Request, repo: Repo, page: WantedPage, number: Number, review_id: Handle
) -> Response:
    """List the comments that came with a review."""
    found = repo.request(number)

    def read(tx: Tx) -> Sequence[Thread]:
        begun = service.draft_of(tx, repo.id, number, repo.caller.login)
        if begun and begun.handle == review_id:
            return begun.threads
        review = service.find_review(tx, repo.id, number, review_id)
        mine = service.threads(tx, repo.id, number)
        return [one for one in mine if one.remarks[0].review == review.id]

    told = look(repo, found, repo.kernel.db.read(read)).all()
    mine = [one for one in told.values() if one["pull_request_review_id"] == review_id]
    return paged(request, page, sliced(page, mine))


def remark(repo: Repo, comment_id: Handle) -> Json:
    """Read one comment on a line."""
    lines, thread, found = _find(repo, comment_id)
    return lines.told(thread, found)


def _find(repo: Call, handle: int) -> tuple[Lines, Placed, Remark]:
    def read(tx: Tx) -> tuple[MergeRequest, Thread, Remark]:
        number, thread, found = service.find_remark(tx, repo.id, handle)
        return service.merge_request(tx, repo.id, number), thread, found

    request, thread, found = repo.kernel.db.read(read)
    lines = look(repo, request, [thread])
    return lines, lines.placed[0], found


def add_remark(request: Request, repo: Repo, number: Number, new: NewRemark) -> Response:
    """Comment on a line of the diff, or answer another comment."""
    repo.writes()
    if new.in_reply_to is not None:
        return add_answer(request, repo, number, new.in_reply_to, Words(body=new.body))
    found = repo.request(number)
    wanted = new.on_line().wanted()
    (place,) = service.places(repo.kernel, found, new.commit_id or "", [wanted])
    drafted = service.draft_thread(repo.caller.login, new.body, place)
    lines = look(repo, found, [drafted])

    def add(tx: Tx) -> Json:
        made = service.begin_thread(tx, repo.id, number, drafted)
        return lines.told(lines.placed[0], made.remarks[0])

    return replayable(request, add)


def add_answer(
    request: Request, repo: Repo, number: Number, comment_id: Handle, new: Words
) -> Response:
    """Answer in the discussion that a comment belongs to."""
    repo.writes()
    lines, asked, _ = _find(repo, comment_id)

    def add(tx: Tx) -> Json:
        thread, who = asked.thread.id, repo.caller.login
        return lines.told(asked, service.reply(tx, repo.id, number, thread, who, new.body))

    return replayable(request, add)


def edit(repo: Repo, comment_id: Handle, new: Words) -> Json:
    """Change the text of one's own comment, or as a maintainer anybody's."""
    _own(repo, comment_id)
    repo.kernel.db.write(lambda tx: service.edit_remark(tx, repo.id, comment_id, new.body))
    return remark(repo, comment_id)


def delete(repo: Repo, comment_id: Handle) -> Response:
    """Delete one's own comment, or as a maintainer anybody's; answers to it stay."""
    _own(repo, comment_id)
    repo.kernel.db.write(lambda tx: service.delete_remark(tx, repo.id, comment_id))
    return Response(status_code=204)


def _own(repo: Repo, handle: int) -> None:
    repo.writes()
    _, _, found = repo.kernel.db.read(lambda tx: service.find_remark(tx, repo.id, handle))
    if found.author != repo.caller.login:
        repo.governs()

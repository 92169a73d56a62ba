"""A merge request answers: what would change, what do people and machines say, what is missing."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.pages.prose import prose
from towpath.forge.pages.repositories import summary
from towpath.forge.pages.threads import Talks, talks
from towpath.forge.pages.visiting import BRANCHES, HERE, Changes, Here, Line, Text, Visit
from towpath.forge.service import (
    Comment,
    Commit,
    Diff,
    MergeRequest,
    Review,
    Status,
    Thread,
    Verdict,
)
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput, NotFound, TowpathError

_VERDICTS: dict[str, Verdict] = {"approve": "approve", "request_changes": "request_changes"}


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
    threads: tuple[Thread, ...]

    @property
    def texts(self) -> list[str]:
        """All that is Markdown on the page."""
        remarks = [remark for thread in self.threads for remark in thread.remarks]
        return [self.change.body, *(one.body for one in (*self.entries, *remarks))]


@dataclass(frozen=True)
class Content:
    commits: list[Commit]
    diff: Diff
    base: str
    talks: Talks


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route(f"{HERE}/merge_requests/new", new_request, methods=["GET"])
    routes.add_api_route(f"{HERE}/merge_requests/new", add_request, methods=["POST"])
    one = f"{HERE}/merge_requests/{{number:int}}"
    routes.add_api_route(one, merge_request, methods=["GET"])
    routes.add_api_route(f"{one}/talk", talk, methods=["GET"])
    routes.add_api_route(f"{one}/judged", judged, methods=["GET"])
    routes.add_api_route(f"{one}/say", say, methods=["POST"])
    routes.add_api_route(f"{one}/close", close, methods=["POST"])
    routes.add_api_route(f"{one}/reopen", reopen, methods=["POST"])
    return routes


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


def merge_request(here: Here, number: int, ask: str = "", files: int = 0) -> Response:
    """The page; `files` is how many changed files to pass over."""
    return _merge_request(here, number, ask=ask, files=files)


def _merge_request(
    here: Visit,
    number: int,
    problem: TowpathError | None = None,
    text: str = "",
    *,
    ask: str = "",
    files: int = 0,
    preview: bool = False,
) -> Response:
    told = here.kernel.db.read(lambda tx: talk_of(tx, here.id, number))
    change = told.change
    return here.render(
        "forge/merge_request.html",
        problem,
        talk=told,
        change=change,
        seen=change.head,
        content=_content(here, told, ask, files),
        text=text,
        preview=preview,
        prose=prose(here, [*told.texts, text]),
    )


def _content(here: Visit, told: Talk, ask: str, files: int) -> Content | None:
    """What would change; None for an old request whose commits are not kept any more."""
    change = told.change
    base = service.base_of(here.kernel, change)
    try:
        ends = (here.kernel, here.id, base, change.head)
        commits = service.commits(*ends)
        diff = service.diff(*ends, skip=files, limits=service.A_PAGE)
    except NotFound:
        return None
    placed = service.placed(here.kernel, change, base, told.threads)
    return Content(commits, diff, base, talks(placed, diff, ask))


def talk_of(tx: Tx, repository: str, number: int) -> Talk:
    change = service.merge_request(tx, repository, number)
    reviews = service.reviews(tx, repository, number)
    said: list[Review | Comment] = [*reviews, *service.comments(tx, repository, number)]
    statuses = service.statuses(tx, repository, change.head)
    return Talk(
        change,
        tuple(sorted(said, key=lambda entry: (entry.at, entry.id))),
        tuple(service.current_reviews(reviews).values()),
        statuses,
        summary(statuses),
        service.threads(tx, repository, number),
    )


def talk(here: Here, number: int, seen: str = "") -> Response:
    """What the page fetches when something happened; `seen` is the head whose diff it shows."""
    told = here.kernel.db.read(lambda tx: talk_of(tx, here.id, number))
    return here.render(
        "forge/talk.html",
        talk=told,
        change=told.change,
        seen=seen or told.change.head,
        prose=prose(here, told.texts),
    )


def judged(here: Here, number: int) -> Response:
    """What machines and reviewers think, fetched like the talk."""
    told = here.kernel.db.read(lambda tx: talk_of(tx, here.id, number))
    return here.render("forge/judged.html", talk=told, change=told.change)


def say(here: Changes, number: int, given: Annotated[Said, Form()]) -> Response:
    """Comment, approve or ask for changes, by which button was pressed; or only look at it."""
    if given.verdict == "preview":
        return _merge_request(here, number, text=given.body, preview=True)
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

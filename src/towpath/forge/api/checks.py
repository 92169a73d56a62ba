"""Check runs and the suites they make up, in the GitHub dialect.

A suite here is what one author says about one commit. Our own builds stand among them: pipelines
write one check run for each of their runs, in the transaction that moves it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api import verdicts
from towpath.forge.api.commits import resolve
from towpath.forge.api.manners import (
    CHECKS,
    Call,
    Handle,
    Repo,
    WantedPage,
    micros,
    paged,
    routes,
    sliced,
)
from towpath.forge.api.shapes import Json
from towpath.forge.model.checks import CheckStatus, Conclusion, latest, suite
from towpath.forge.service import Check
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Denied, InvalidInput, NotFound

Which = Annotated[Literal["latest", "all"], Query(alias="filter")]


class Output(BaseModel):
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = Field(default=[], max_length=50)


class Said(BaseModel):
    """What may be said of a check at any time; what is left out stays."""

    name: str | None = None
    details_url: str | None = None
    external_id: str | None = None
    status: CheckStatus | None = None
    conclusion: Conclusion | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    output: Output | None = None


class NewCheck(Said):
    name: str
    head_sha: str


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}")
    made.add_api_route(
        "/check-runs", add, methods=["POST"], status_code=201, dependencies=[CHECKS]
    )
    made.add_api_route("/check-runs/{check_run_id}", check, methods=["GET"])
    one = "/check-runs/{check_run_id}"
    made.add_api_route(one, change, methods=["PATCH"], dependencies=[CHECKS])
    made.add_api_route("/check-runs/{check_run_id}/annotations", annotations, methods=["GET"])
    again = "/check-runs/{check_run_id}/rerequest"
    made.add_api_route(again, ask_again, methods=["POST"], status_code=201)
    made.add_api_route("/commits/{ref:path}/check-runs", of_commit, methods=["GET"])
    made.add_api_route("/commits/{ref:path}/check-suites", suites, methods=["GET"])
    return made


def add(repo: Repo, new: NewCheck) -> Json:
    """Say that something checks a commit."""
    repo.writes("checks:write")
    if service.resolve(repo.kernel, repo.id, new.head_sha) is None:
        raise InvalidInput("No commit found for SHA: " + new.head_sha, next_step="Push it first.")

    def write(tx: Tx) -> Check:
        fresh = Check(
            id=service.new_check_id(), sha=new.head_sha, name=new.name, author=repo.caller.login,
            status="queued", conclusion=None, at=tx.now, started=tx.now, completed=None,
        )  # fmt: skip
        return service.add_check(tx, repo.id, _said(fresh, new))

    return verdicts.check(repo.say, repo.kernel.db.write(write))


def _said(before: Check, new: Said) -> Check:
    """Join what is said now with what was said before."""
    output = new.output or Output(title=before.title, summary=before.summary, text=before.text)
    return replace(
        before,
        name=new.name or before.name,
        status=new.status or before.status,
        conclusion=_conclusion(before, new),
        started=micros(new.started_at) or before.started,
        completed=micros(new.completed_at) or before.completed,
        title=output.title or "",
        summary=output.summary or "",
        text=output.text or "",
        url=before.url if new.details_url is None else new.details_url,
        external=before.external if new.external_id is None else new.external_id,
        annotations=before.annotations + tuple(output.annotations),
    )


def _conclusion(before: Check, new: Said) -> Conclusion | None:
    """A check that is begun again has no conclusion any more."""
    again = new.status not in {None, "completed"}
    return new.conclusion or (None if again else before.conclusion)


def check(repo: Repo, check_run_id: Handle) -> Json:
    """Describe a check run."""
    return verdicts.check(repo.say, _find(repo, check_run_id))


def _find(repo: Call, handle: int) -> Check:
    return repo.kernel.db.read(lambda tx: service.check(tx, repo.id, handle))


def change(repo: Repo, check_run_id: Handle, new: Said) -> Json:
    """Say how a check is going now; whoever said the first word says the others."""
    repo.writes("checks:write")
    if _find(repo, check_run_id).author != repo.caller.login:
        raise Denied("This check is somebody else's.", next_step="Make one of your own.")
    after = repo.kernel.db.write(
        lambda tx: service.change_check(tx, repo.id, check_run_id, lambda one: _said(one, new))
    )
    return verdicts.check(repo.say, after)


def ask_again(repo: Repo, check_run_id: Handle) -> Json:
    """Have a check done again, once it is completed; one of ours is run, others hear of it."""
    repo.kernel.db.write(lambda tx: service.ask_again(tx, repo.id, check_run_id))
    return {}


def annotations(request: Request, repo: Repo, page: WantedPage, check_run_id: Handle) -> Response:
    """List what a check says about single lines."""
    found = _find(repo, check_run_id)
    return paged(request, page, sliced(page, list(found.annotations)))


def of_commit(
    request: Request,
    repo: Repo,
    page: WantedPage,
    ref: str,
    check_name: str | None = None,
    status: CheckStatus | None = None,
    which: Which = "latest",
) -> Response:
    """List what checks a commit; `latest` shows one of each name and author."""
    found = _checks(repo, resolve(repo, ref))
    return listed(request, repo, page, chosen(found, check_name, status, which))


def chosen(
    found: list[Check], name: str | None, status: CheckStatus | None, which: Which
) -> list[Check]:
    """Those that are asked for by their name, their status, and whether older ones count."""
    if which == "latest":
        found = latest(found)
    return [one for one in found if name in {None, one.name} and status in {None, one.status}]


def listed(request: Request, repo: Call, page: WantedPage, chosen: list[Check]) -> Response:
    """Show a page of checks."""
    shown = [verdicts.check(repo.say, one) for one in sliced(page, chosen)]
    return paged(
        request, page, shown, lambda part: {"total_count": len(chosen), "check_runs": part}
    )


def _checks(repo: Call, sha: str) -> list[Check]:
    return repo.kernel.db.read(lambda tx: service.checks(tx, repo.id, sha))


def suites(request: Request, repo: Repo, page: WantedPage, ref: str) -> Response:
    """List what each author says about a commit, all of their checks taken together."""
    sha = resolve(repo, ref)
    by_author: dict[str, list[Check]] = {}
    for one in latest(_checks(repo, sha)):
        by_author.setdefault(one.author, []).append(one)
    head = service.commits(repo.kernel, repo.id, None, sha, limit=1)
    if not head:
        raise NotFound("There is no such commit.", next_step="Push it first.")
    told = [verdicts.suite(repo.say, suite(mine), head[0]) for mine in by_author.values()]
    return paged(
        request, page, sliced(page, told),
        lambda part: {"total_count": len(told), "check_suites": part},
    )  # fmt: skip

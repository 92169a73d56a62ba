"""/api/towpath/v1/repos/{owner}/{name}/queue: where every merge request stands, and why."""

from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from towpath.gate import service
from towpath.gate.service import Line
from towpath.kernel.access.service import Role
from towpath.kernel.db.interface import Tx
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Needs

READS = Depends(Needs(Role.viewer, service.repository_at))
_BASE = "/repos/{owner}/{name}/queue"


class _Refused(BaseModel):
    """`why` is one of conflict, red, cancelled, absent, invalid; `onto` is where main stood."""

    model_config = ConfigDict(from_attributes=True)
    why: str
    onto: str
    files: list[str]
    summary: str
    run: str | None


class RequestOut(BaseModel):
    """One merge request as the gate sees it; times in microseconds since 1970, UTC.

    `state` is one of watched, queued, landing, landed, refused. `place` counts from 1, `onto` are
    the requests that the candidate contains beside this one. `expected_seconds` is until it lands
    if all is green, `seconds` passed from the queue to the end.
    """

    model_config = ConfigDict(from_attributes=True)
    number: int
    branch: str
    title: str
    author: str
    state: str
    word: str
    sentence: str
    next_step: str
    head: str
    place: int | None
    onto: list[int]
    base: str | None
    candidate: str | None
    run: str | None
    since: int | None
    ended: int | None
    seconds: float | None
    expected_seconds: float | None
    landed: str | None
    refused: _Refused | None


class QueueOut(BaseModel):
    """Those in line first, in order; then what is watched; then what ended, last first."""

    repository: str
    requests: list[RequestOut]


class DecisionsOut(BaseModel):
    """`do` names the action; `tip` is where the target branch stood when it was decided."""

    request: RequestOut
    decisions: list[dict[str, Any]]


def router() -> APIRouter:
    routes = APIRouter(prefix="/api/towpath/v1", tags=["gate"], dependencies=[READS])
    routes.add_api_route(_BASE, queue, methods=["GET"])
    routes.add_api_route(f"{_BASE}/{{number}}", decisions, methods=["GET"])
    return routes


def queue(kernel: TheKernel, owner: str, name: str) -> QueueOut:
    """List every request that is in line, watched, or ended lately, of all target branches."""

    def read(tx: Tx) -> QueueOut:
        found = service.find_repository(tx, owner, name)
        queues = service.queues(tx, found.id)
        lines = [line for each in queues for line in (*each.line, *each.watched, *each.recent)]
        return QueueOut(repository=found.full_name, requests=[_out(line) for line in lines])

    return kernel.db.read(read)


def decisions(kernel: TheKernel, owner: str, name: str, number: int) -> DecisionsOut:
    """Tell where one request stands and the last hundred decisions about it, oldest first."""

    def read(tx: Tx) -> DecisionsOut:
        found = service.find_repository(tx, owner, name)
        line = service.explain(tx, found.id, number)
        made = service.decisions(tx, found.id, number, limit=100)
        return DecisionsOut(request=_out(line), decisions=list(made))

    return kernel.db.read(read)


def _out(line: Line) -> RequestOut:
    return RequestOut.model_validate(line)

"""The queue page, and what the gate adds to the pages of others.

The page answers: is anything moving, what waits for what, and why was mine refused.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.gate import service
from towpath.gate.service import Repository
from towpath.kernel.access.service import Role
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.pages.rendering import fragment, principal, render

READS = Depends(Needs(Role.viewer, service.repository_at))
MEMBERS = Depends(Needs(Role.member, service.repository_at))
_JUDGED_LAST = 5
_SAYABLE = {"wait": "/wait", "resume": "/wait off", "retry": "/retry"}


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/{owner}/{name}/queue", queue, methods=["GET"], dependencies=[READS])
    base = "/{owner}/{name}/merge_requests/{number}/gate"
    routes.add_api_route(base, panel, methods=["GET"], dependencies=[READS])
    routes.add_api_route(base, say, methods=["POST"], dependencies=[MEMBERS])
    return routes


def queue(request: Request, kernel: TheKernel, owner: str, name: str) -> Response:
    found, queues = kernel.db.read(lambda tx: _queues(tx, owner, name))
    return render(request, "gate/queue.html", repository=found, queues=queues)


def _queues(tx: Tx, owner: str, name: str) -> tuple[Repository, list[service.QueueView]]:
    found = service.find_repository(tx, owner, name)
    return found, service.queues(tx, found.id)


def panel(request: Request, kernel: TheKernel, owner: str, name: str, number: int) -> Response:
    """The panel of one request alone: what its page fetches when something happened."""
    found = kernel.db.read(lambda tx: service.find_repository(tx, owner, name))
    return Response(_panel(kernel, request, found, number), media_type="text/html")


def say(
    kernel: TheKernel,
    caller: Caller,
    owner: str,
    name: str,
    number: int,
    command: Annotated[str, Form()],
) -> Response:
    """A button is a comment: what it does is seen by everybody, and undone by another one."""
    if command not in _SAYABLE:
        raise InvalidInput(
            f"There is no button {command[:40]!r}.", next_step="Reload the page and try again."
        )

    def write(tx: Tx) -> Repository:
        found = service.find_repository(tx, owner, name)
        service.speak(tx, found.id, number, caller.login, _SAYABLE[command])
        return found

    found = kernel.db.write(write)
    return RedirectResponse(f"/{found.full_name}/merge_requests/{number}", status_code=303)


def merge_request_slot(kernel: Kernel, request: Request, facts: Mapping[str, Any]) -> Markup:
    """Facts: `repository` (id or record) and `number`."""
    return _panel(kernel, request, _repository(kernel, facts), facts["number"])


def _panel(kernel: Kernel, request: Request, repository: Repository, number: int) -> Markup:
    line = kernel.db.read(lambda tx: service.explain(tx, repository.id, number))
    return fragment(request, "gate/panel.html", repository=repository, line=line)


def repository_slot(kernel: Kernel, request: Request, facts: Mapping[str, Any]) -> Markup:
    """Facts: `repository` (id or record)."""
    repository = _repository(kernel, facts)
    queues = kernel.db.read(lambda tx: service.queues(tx, repository.id))
    return fragment(request, "gate/repository.html", repository=repository, queues=queues)


def home_slot(kernel: Kernel, request: Request, _: Mapping[str, Any]) -> Markup:
    looking = principal(request)
    if looking is None:
        return Markup("")
    moving, judged = kernel.db.read(
        lambda tx: (service.moving(tx, looking), service.judged_last(tx, looking, _JUDGED_LAST))
    )
    return fragment(request, "gate/home.html", moving=moving, judged=judged)


def _repository(kernel: Kernel, facts: Mapping[str, Any]) -> Repository:
    given = facts["repository"]
    if isinstance(given, Repository):
        return given
    return kernel.db.read(lambda tx: service.repository(tx, given))


SLOTS = {
    "merge_request": merge_request_slot,
    "repository": repository_slot,
    "home": home_slot,
}

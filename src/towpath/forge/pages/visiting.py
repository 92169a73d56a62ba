"""Who looks at which repository, and what they may send."""

from typing import Annotated, Any

from fastapi import Depends
from pydantic import AfterValidator, StringConstraints
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.forge import service
from towpath.forge.model.names import RESERVED_OWNERS
from towpath.forge.service import Repository
from towpath.kernel.access.service import Principal, Role, may
from towpath.kernel.errors import TowpathError
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.pages.rendering import render

HERE = "/{owner:owner}/{name}"
READS = Depends(Needs(Role.viewer, service.repository_at, scopes=("repo:read:{}",)))
WRITES = Depends(Needs(Role.member, service.repository_at))
GOVERNS = Depends(Needs(Role.maintainer, service.repository_at))
ADMINISTERS = Depends(Needs(Role.admin, service.repository_at))
BRANCHES = "refs/heads/"


def _lines(body: str) -> str:
    """Text as people mean it: browsers end lines with two characters (RFC 2046)."""
    return body.replace("\r\n", "\n").strip("\n")


Line = Annotated[str, StringConstraints(max_length=1_000, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(max_length=70_000), AfterValidator(_lines)]


class Owner(StringConvertor):
    """Any first part of a path but our own words, which lead to other parts."""

    regex = f"(?!(?:{'|'.join(sorted(RESERVED_OWNERS))})(?:/|$))[^/]+"


register_url_convertor("owner", Owner())


class Visit:
    """Somebody who may read it looks at a repository."""

    def __init__(
        self,
        request: Request,
        kernel: TheKernel,
        caller: Caller,
        owner: str,
        name: str,
        _: Annotated[None, READS],
    ) -> None:
        self.request = request
        self.kernel = kernel
        self.caller: Principal = caller
        self.repository: Repository = kernel.db.read(
            lambda tx: service.find_repository(tx, owner, name)
        )

    @property
    def id(self) -> str:
        return self.repository.id

    @property
    def writes(self) -> bool:
        return may(self.caller, Role.member, resource=self.repository)

    def render(self, template: str, problem: TowpathError | None = None, **more: Any) -> Response:
        return render(
            self.request,
            template,
            status=problem.status if problem else 200,
            repository=self.repository,
            writes=self.writes,
            problem=problem,
            **more,
        )

    def to(self, number: int) -> Response:
        address = f"/{self.repository.full_name}/merge_requests/{number}"
        return RedirectResponse(address, status_code=303)


def writing(here: Annotated[Visit, Depends()], _: Annotated[None, WRITES]) -> Visit:
    """Somebody who may change something sends a form."""
    return here


Here = Annotated[Visit, Depends()]
Changes = Annotated[Visit, Depends(writing)]

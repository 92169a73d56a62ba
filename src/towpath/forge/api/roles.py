"""/api/towpath/v1/repos/{owner}/{name}/grants: who may do more in one repository.

Whoever administers it says so; admin is the highest role, so nobody grants above their own.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.service import Repository
from towpath.kernel.access import service as access
from towpath.kernel.access.model import valid_role
from towpath.kernel.access.service import Role
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Needs

ADMINISTERS = Depends(Needs(Role.admin, service.repository_at))


class NewGrant(BaseModel):
    model_config = ConfigDict(extra="forbid")
    role: str | None = Field(description="null takes the grant away.")
    login: str = ""
    team: str = ""


def router() -> APIRouter:
    routes = APIRouter(prefix="/api/towpath/v1", tags=["access"], dependencies=[ADMINISTERS])
    here = "/repos/{owner}/{name}/grants"
    routes.add_api_route(here, grants, methods=["GET"])
    routes.add_api_route(here, grant, methods=["PUT"], status_code=204)
    return routes


def _repository(kernel: TheKernel, owner: str, name: str) -> Repository:
    return kernel.db.read(lambda tx: service.find_repository(tx, owner, name))


Here = Annotated[Repository, Depends(_repository)]


def grants(kernel: TheKernel, here: Here) -> list[dict[str, Any]]:
    """List who was granted a role on a repository, beside the role they have everywhere."""
    return [
        {"login": each.login, "team": each.team, "role": each.role.name}
        for each in kernel.db.read(lambda tx: access.grants(tx, here.id))
    ]


def grant(kernel: TheKernel, caller: Caller, here: Here, new: NewGrant) -> Response:
    """Give one user or one team a role on a repository, or with null take it away."""
    role = None if new.role is None else valid_role(new.role)
    kernel.db.write(
        lambda tx: access.grant(tx, here.id, role, login=new.login, team_slug=new.team, by=caller)
    )
    return Response(status_code=204)

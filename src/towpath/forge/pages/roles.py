"""Who may do what in a repository, for those who administer it, and how they give others more."""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from towpath.forge.pages.visiting import ADMINISTERS, HERE, Changes, Line, Visit
from towpath.kernel.access import service as access
from towpath.kernel.access.model import valid_role
from towpath.kernel.access.service import Role
from towpath.kernel.errors import TowpathError


class Given(BaseModel):
    """`role` none takes away; one of `login` and `team` is filled in."""

    login: Line = ""
    team: Line = ""
    role: Line = ""


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False, dependencies=[ADMINISTERS])
    routes.add_api_route(f"{HERE}/roles", roles, methods=["GET"])
    routes.add_api_route(f"{HERE}/roles", grant, methods=["POST"])
    return routes


def roles(here: Changes) -> Response:
    return _roles(here, None, Given())


def _roles(here: Visit, problem: TowpathError | None, given: Given) -> Response:
    granted = here.kernel.db.read(lambda tx: access.grants(tx, here.id))
    return here.render(
        "forge/roles.html", problem, grants=granted, names=tuple(Role.__members__), given=given
    )


def grant(here: Changes, given: Annotated[Given, Form()]) -> Response:
    try:
        role = None if given.role == "none" else valid_role(given.role)
        here.kernel.db.write(
            lambda tx: access.grant(
                tx, here.id, role, login=given.login, team_slug=given.team, by=here.caller
            )
        )
    except TowpathError as error:
        return _roles(here, error, given)
    return RedirectResponse(f"/{here.repository.full_name}/roles", status_code=303)

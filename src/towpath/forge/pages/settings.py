"""What a repository is called, for those who administer it."""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from towpath.forge import service
from towpath.forge.pages.visiting import ADMINISTERS, HERE, Changes, Line
from towpath.kernel.errors import Conflict, InvalidInput


class Given(BaseModel):
    name: Line


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False, dependencies=[ADMINISTERS])
    routes.add_api_route(f"{HERE}/settings", settings, methods=["GET"])
    routes.add_api_route(f"{HERE}/settings", rename, methods=["POST"])
    return routes


def settings(here: Changes) -> Response:
    return here.render("forge/settings.html", name=here.repository.name)


def rename(here: Changes, given: Annotated[Given, Form()]) -> Response:
    try:
        after = service.edit_repository(here.kernel, here.id, name=given.name)
    except (Conflict, InvalidInput) as error:
        return here.render("forge/settings.html", error, name=given.name)
    return RedirectResponse(f"/{after.full_name}/settings", status_code=303)

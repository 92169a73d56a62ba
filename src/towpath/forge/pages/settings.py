"""What a repository is called, who sees it, and its end, for those who administer it."""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from towpath.forge import service
from towpath.forge.pages.visiting import ADMINISTERS, HERE, Changes, Line
from towpath.kernel.errors import Conflict, InvalidInput


class Given(BaseModel):
    name: Line


class Seen(BaseModel):
    private: bool


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False, dependencies=[ADMINISTERS])
    routes.add_api_route(f"{HERE}/settings", settings, methods=["GET"])
    routes.add_api_route(f"{HERE}/settings", rename, methods=["POST"])
    routes.add_api_route(f"{HERE}/settings/delete", delete, methods=["POST"])
    routes.add_api_route(f"{HERE}/visibility", hide_or_show, methods=["POST"])
    return routes


class Confirmed(BaseModel):
    full_name: Line


def settings(here: Changes) -> Response:
    return here.render("forge/settings.html", name=here.repository.name)


def rename(here: Changes, given: Annotated[Given, Form()]) -> Response:
    try:
        after = service.edit_repository(here.kernel, here.id, name=given.name)
    except (Conflict, InvalidInput) as error:
        return here.render("forge/settings.html", error, name=given.name)
    return RedirectResponse(f"/{after.full_name}/settings", status_code=303)


def delete(here: Changes, given: Annotated[Confirmed, Form()]) -> Response:
    """Only whoever types the whole name means it."""
    name = here.repository.full_name
    if given.full_name.lower() != name.lower():
        error = InvalidInput(
            f"That is not the name of this repository, so {name} is still there.",
            next_step=f"Type {name} to delete it.",
        )
        return here.render("forge/settings.html", error, name=here.repository.name)
    here.kernel.db.write(lambda tx: service.delete_repository(tx, here.id))
    return RedirectResponse("/", status_code=303)


def hide_or_show(here: Changes, seen: Annotated[Seen, Form()]) -> Response:
    after = here.kernel.db.write(lambda tx: service.set_private(tx, here.id, private=seen.private))
    return RedirectResponse(f"/{after.full_name}/settings", status_code=303)

"""The secrets of a repository, for its maintainers: names, since when, a form to set one."""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel, SecretStr
from starlette.responses import RedirectResponse, Response

from towpath.forge import service
from towpath.forge.pages.visiting import GOVERNS, HERE, Changes, Line, Visit
from towpath.kernel.errors import Conflict, InvalidInput, TowpathError


class Given(BaseModel):
    name: Line
    value: SecretStr


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False, dependencies=[GOVERNS])
    base = f"{HERE}/secrets"
    routes.add_api_route(base, secrets, methods=["GET"])
    routes.add_api_route(base, put, methods=["POST"])
    routes.add_api_route(f"{base}/{{secret}}/remove", remove, methods=["POST"])
    return routes


def secrets(here: Changes) -> Response:
    """Its own, and what it shares with the other repositories of its owner."""
    return _secrets(here, "", None)


def _secrets(here: Visit, name: str, problem: TowpathError | None) -> Response:
    own = service.keeper_of(here.repository)
    shared = here.kernel.db.read(lambda tx: service.owner_as_keeper(tx, here.repository.owner))
    known, above = here.kernel.db.read(
        lambda tx: (service.secrets_of(tx, own), service.secrets_of(tx, shared))
    )
    names = {each.name for each in known}
    return here.render(
        "forge/secrets.html",
        problem,
        secrets=known,
        shared=[each for each in above if each.name not in names],
        name=name,
    )


def put(here: Changes, given: Annotated[Given, Form()]) -> Response:
    """What browsers do to line ends is undone: keys in PEM have them."""
    value = given.value.get_secret_value().replace("\r\n", "\n")
    try:
        service.set_secret(here.kernel, service.keeper_of(here.repository), given.name, value)
    except (InvalidInput, Conflict) as error:
        return _secrets(here, given.name, error)
    return _back(here)


def remove(here: Changes, secret: str) -> Response:
    keeper = service.keeper_of(here.repository)
    here.kernel.db.write(lambda tx: service.remove_secret(tx, keeper, secret))
    return _back(here)


def _back(here: Visit) -> Response:
    return RedirectResponse(f"/{here.repository.full_name}/secrets", status_code=303)

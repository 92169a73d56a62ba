"""Secrets of a repository as GitHub's clients set them: sealed for this server, never shown.

https://docs.github.com/rest/actions/secrets
"""

from typing import Annotated

from fastapi import Depends
from fastapi.routing import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from towpath.forge import service
from towpath.forge.api.manners import WantedPage, paged, routes, sliced
from towpath.forge.api.secrets import KEEPS
from towpath.forge.api.shapes import Json, instant
from towpath.forge.service import Keeper
from towpath.kernel.errors import NotFound
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.secrets.service import Named

_LONGEST = 100_000


class Sealed(BaseModel):
    encrypted_value: str = Field(max_length=_LONGEST)
    key_id: str = Field(max_length=100)


def router() -> APIRouter:
    made = routes("/repos/{owner}/{repo}/actions/secrets")
    made.dependencies.append(KEEPS)
    made.add_api_route("", listed, methods=["GET"])
    made.add_api_route("/public-key", public_key, methods=["GET"])
    made.add_api_route("/{secret_name}", one, methods=["GET"])
    made.add_api_route("/{secret_name}", put, methods=["PUT"], status_code=201)
    made.add_api_route("/{secret_name}", remove, methods=["DELETE"], status_code=204)
    return made


def _keeper(kernel: TheKernel, owner: str, repo: str) -> Keeper:
    return service.keeper_of(kernel.db.read(lambda tx: service.find_repository(tx, owner, repo)))


OfRepository = Annotated[Keeper, Depends(_keeper)]


def listed(
    request: Request, kernel: TheKernel, keeper: OfRepository, page: WantedPage
) -> Response:
    """List the secrets of a repository by name, without values."""
    found = kernel.db.read(lambda tx: service.secrets_of(tx, keeper))
    shown = [_told(each) for each in sliced(page, found)]
    return paged(request, page, shown, lambda part: {"total_count": len(found), "secrets": part})


def _told(secret: Named) -> Json:
    at = instant(secret.changed)
    return {"name": secret.name, "created_at": at, "updated_at": at}


def public_key(kernel: TheKernel, _: OfRepository) -> Json:
    """Give the key that a value is sealed with before it is sent."""
    found = service.box_key(kernel)
    return {"key_id": found.id, "key": found.public}


def one(kernel: TheKernel, keeper: OfRepository, secret_name: str) -> Json:
    """Say since when a secret is as it is."""
    for each in kernel.db.read(lambda tx: service.secrets_of(tx, keeper)):
        if each.name == secret_name.upper():
            return _told(each)
    raise NotFound("There is no such secret.", next_step="List those that there are.")


def put(kernel: TheKernel, keeper: OfRepository, secret_name: str, new: Sealed) -> Response:
    """Set a secret, sealed with the public key; nobody gets it back."""
    value = service.open_box(kernel, new.key_id, new.encrypted_value)
    fresh = service.set_secret(kernel, keeper, secret_name, value)
    return JSONResponse({}, 201) if fresh else Response(status_code=204)


def remove(kernel: TheKernel, keeper: OfRepository, secret_name: str) -> Response:
    """Remove a secret."""
    kernel.db.write(lambda tx: service.remove_secret(tx, keeper, secret_name))
    return Response(status_code=204)

"""/api/towpath/v1/secrets: set and remove secrets of the site, rotate keys; never a value out."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from towpath.kernel.access.service import Role
from towpath.kernel.db.interface import Tx
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.secrets import service
from towpath.kernel.secrets.service import SITE, KeyState, Named


class NewValue(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    value: SecretStr


def router() -> APIRouter:
    admins = Depends(Needs(Role.admin))
    routes = APIRouter(prefix="/api/towpath/v1/secrets", tags=["secrets"], dependencies=[admins])
    routes.add_api_route("", listed, methods=["GET"])
    routes.add_api_route("/keys", keys, methods=["GET"])
    routes.add_api_route("/keys", rotate, methods=["POST"], status_code=202)
    routes.add_api_route("/keys/{key}", drop, methods=["DELETE"], status_code=204)
    routes.add_api_route("/site/{name}", put, methods=["PUT"], status_code=204)
    routes.add_api_route("/site/{name}", remove, methods=["DELETE"], status_code=204)
    return routes


def listed(request: Request, kernel: TheKernel) -> list[dict[str, Any]]:
    """List every secret by owner and name, without values; for administrators.

    `of` is what people call the owner, where a part knows it.
    """

    def read(tx: Tx) -> list[dict[str, Any]]:
        found = service.names(tx)
        called = _names(request, tx, [_id(each) for each in found])
        return [asdict(each) | {"of": called.get(_id(each), each.owner)} for each in found]

    return kernel.db.read(read)


def _id(each: Named) -> str:
    return each.owner.partition(":")[2]


def _names(request: Request, tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for part in request.app.state.plugins:
        if part.resources:
            named |= part.resources.names(tx, ids)
    return named


def put(kernel: TheKernel, name: str, new: NewValue) -> Response:
    """Set a secret of the whole site; for administrators. Nobody gets it back."""
    ring, value = service.load(kernel), new.value.get_secret_value()
    kernel.db.write(lambda tx: service.put(tx, ring, SITE, name, value))
    return Response(status_code=204)


def remove(kernel: TheKernel, name: str) -> Response:
    """Remove a secret of the whole site; for administrators."""
    kernel.db.write(lambda tx: service.delete(tx, SITE, name))
    return Response(status_code=204)


def keys(kernel: TheKernel) -> list[KeyState]:
    """List the keys by id: which encrypts, which is at hand, how many secrets need it."""
    ring = service.load(kernel)
    return kernel.db.read(lambda tx: service.key_states(tx, ring))


def rotate(kernel: TheKernel) -> dict[str, Any]:
    """Let a new key encrypt and have every secret sealed again in the background."""
    return {"key": service.rotate(kernel)}


def drop(kernel: TheKernel, key: str) -> Response:
    """Take an old key out of the key file; refused while any secret needs it."""
    service.drop_key(kernel, key)
    return Response(status_code=204)

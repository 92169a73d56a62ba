"""/api/towpath/v1/secrets: set and remove secrets of the site, rotate keys; never a value out."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, SecretStr
from starlette.responses import Response

from towpath.kernel.access.service import Role, require
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.secrets import service
from towpath.kernel.secrets.service import SITE, KeyState, Named


class NewValue(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    value: SecretStr


def router() -> APIRouter:
    routes = APIRouter(prefix="/api/towpath/v1/secrets", tags=["secrets"])
    routes.add_api_route("", listed, methods=["GET"])
    routes.add_api_route("/keys", keys, methods=["GET"])
    routes.add_api_route("/keys", rotate, methods=["POST"], status_code=202)
    routes.add_api_route("/keys/{key}", drop, methods=["DELETE"], status_code=204)
    routes.add_api_route("/site/{name}", put, methods=["PUT"], status_code=204)
    routes.add_api_route("/site/{name}", remove, methods=["DELETE"], status_code=204)
    return routes


def listed(kernel: TheKernel, caller: Caller) -> list[Named]:
    """List every secret by owner and name, without values; for administrators."""
    require(caller, Role.admin)
    return kernel.db.read(service.names)


def put(kernel: TheKernel, caller: Caller, name: str, new: NewValue) -> Response:
    """Set a secret of the whole site; for administrators. Nobody gets it back."""
    require(caller, Role.admin)
    ring, value = service.load(kernel), new.value.get_secret_value()
    kernel.db.write(lambda tx: service.put(tx, ring, SITE, name, value))
    return Response(status_code=204)


def remove(kernel: TheKernel, caller: Caller, name: str) -> Response:
    """Remove a secret of the whole site; for administrators."""
    require(caller, Role.admin)
    kernel.db.write(lambda tx: service.delete(tx, SITE, name))
    return Response(status_code=204)


def keys(kernel: TheKernel, caller: Caller) -> list[KeyState]:
    """List the keys by id: which encrypts, which is at hand, how many secrets need it."""
    require(caller, Role.admin)
    ring = service.load(kernel)
    return kernel.db.read(lambda tx: service.key_states(tx, ring))


def rotate(kernel: TheKernel, caller: Caller) -> dict[str, Any]:
    """Let a new key encrypt and have every secret sealed again in the background."""
    require(caller, Role.admin)
    return {"key": service.rotate(kernel)}


def drop(kernel: TheKernel, caller: Caller, key: str) -> Response:
    """Take an old key out of the key file; refused while any secret needs it."""
    require(caller, Role.admin)
    service.drop_key(kernel, key)
    return Response(status_code=204)

"""/api/towpath/v1: secrets of a repository, for its maintainers; of an owner, for administrators.

A value goes in and never out.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.service import Keeper
from towpath.kernel.access.service import Role
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.secrets.api import NewValue
from towpath.kernel.secrets.service import Named

KEEPS = Depends(Needs(Role.maintainer, service.repository_at, scopes=("secrets:write:{}",)))
ADMINS = Depends(Needs(Role.admin))


def router() -> APIRouter:
    routes = APIRouter(prefix="/api/towpath/v1", tags=["secrets"])
    base, rule = "/repos/{owner}/{name}/secrets", [KEEPS]
    routes.add_api_route(base, listed, methods=["GET"], dependencies=rule)
    one = f"{base}/{{secret}}"
    routes.add_api_route(one, put, methods=["PUT"], status_code=204, dependencies=rule)
    routes.add_api_route(one, remove, methods=["DELETE"], status_code=204, dependencies=rule)
    base, rule = "/owners/{owner}/secrets", [ADMINS]
    routes.add_api_route(base, listed_of_owner, methods=["GET"], dependencies=rule)
    one = f"{base}/{{secret}}"
    routes.add_api_route(one, put_for_owner, methods=["PUT"], status_code=204, dependencies=rule)
    routes.add_api_route(
        one, remove_from_owner, methods=["DELETE"], status_code=204, dependencies=rule
    )
    return routes


def _repository(kernel: TheKernel, owner: str, name: str) -> Keeper:
    return service.keeper_of(kernel.db.read(lambda tx: service.find_repository(tx, owner, name)))


def _owner(kernel: TheKernel, owner: str) -> Keeper:
    return kernel.db.read(lambda tx: service.owner_as_keeper(tx, owner))


OfRepository = Annotated[Keeper, Depends(_repository)]
OfOwner = Annotated[Keeper, Depends(_owner)]


def listed(kernel: TheKernel, keeper: OfRepository) -> list[Named]:
    """List the secrets of a repository by name, without values; for its maintainers."""
    return kernel.db.read(lambda tx: service.secrets_of(tx, keeper))


def put(kernel: TheKernel, keeper: OfRepository, secret: str, new: NewValue) -> Response:
    """Set a secret of a repository; for its maintainers. Nobody gets it back."""
    return _put(kernel, keeper, secret, new)


def remove(kernel: TheKernel, keeper: OfRepository, secret: str) -> Response:
    """Remove a secret of a repository; for its maintainers."""
    return _remove(kernel, keeper, secret)


def listed_of_owner(kernel: TheKernel, keeper: OfOwner) -> list[Named]:
    """List the secrets that all repositories of one owner share; for administrators."""
    return kernel.db.read(lambda tx: service.secrets_of(tx, keeper))


def put_for_owner(kernel: TheKernel, keeper: OfOwner, secret: str, new: NewValue) -> Response:
    """Set a secret for all repositories of one owner; for administrators. Nobody gets it back."""
    return _put(kernel, keeper, secret, new)


def remove_from_owner(kernel: TheKernel, keeper: OfOwner, secret: str) -> Response:
    """Remove a secret of all repositories of one owner; for administrators."""
    return _remove(kernel, keeper, secret)


def _put(kernel: TheKernel, keeper: Keeper, secret: str, new: NewValue) -> Response:
    service.set_secret(kernel, keeper, secret, new.value.get_secret_value())
    return Response(status_code=204)


def _remove(kernel: TheKernel, keeper: Keeper, secret: str) -> Response:
    kernel.db.write(lambda tx: service.remove_secret(tx, keeper, secret))
    return Response(status_code=204)

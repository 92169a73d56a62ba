"""/api/towpath/v1: who am I, add a user, make and revoke tokens, end sessions."""

from dataclasses import asdict
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from towpath.kernel.access import service
from towpath.kernel.access.model import valid_password, valid_role
from towpath.kernel.access.passwords import HASHING, hashed
from towpath.kernel.access.service import Role, may, require
from towpath.kernel.db.interface import Tx
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.idempotency import replayable
from towpath.kernel.http.permissions import Needs

KNOWN = Depends(Needs(Role.viewer, any_token=True))
OWN = Depends(Needs(Role.viewer, also="admin for the tokens of others"))
ADMINS = Depends(Needs(Role.admin))
VIEWERS = Depends(Needs(Role.viewer))


class NewUser(BaseModel):
    model_config = ConfigDict(extra="forbid")
    login: str
    name: str = Field("", max_length=200)
    role: str = "member"
    password: str | None = None


class NewToken(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=100)
    login: str | None = Field(None, description="For whom; an administrator may name others.")
    scopes: list[str] = Field(default_factory=list, max_length=50)
    days: int | None = Field(None, ge=1, le=3650, description="Days until it expires.")


def router() -> APIRouter:
    routes = APIRouter(prefix="/api/towpath/v1", tags=["access"])
    routes.add_api_route("/me", me, methods=["GET"], dependencies=[KNOWN])
    routes.add_api_route(
        "/users", add_user, methods=["POST"], status_code=201, dependencies=[ADMINS]
    )
    routes.add_api_route("/tokens", tokens, methods=["GET"], dependencies=[KNOWN])
    routes.add_api_route(
        "/tokens", add_token, methods=["POST"], status_code=201, dependencies=[OWN]
    )
    routes.add_api_route(
        "/tokens/{token_id}", revoke, methods=["DELETE"], status_code=204, dependencies=[OWN]
    )
    for path, verb, method, status in (
        ("/sessions", sessions, "GET", 200),
        ("/sessions", end_sessions, "DELETE", 204),
        ("/sessions/{session}", end_session, "DELETE", 204),
    ):
        routes.add_api_route(
            path, verb, methods=[method], status_code=status, dependencies=[VIEWERS]
        )
    return routes


def me(caller: Caller) -> dict[str, Any]:
    """Tell who calls and what their token may do."""
    return {
        "id": caller.id,
        "login": caller.login,
        "name": caller.name,
        "role": caller.role.name,
        "scopes": sorted(caller.scopes),
    }


async def password_hash(new: NewUser) -> str | None:
    if new.password is None:
        return None
    return await to_thread.run_sync(hashed, valid_password(new.password), limiter=HASHING)


def add_user(
    request: Request,
    new: NewUser,
    hashed_password: Annotated[str | None, Depends(password_hash)],
) -> Response:
    """Add a user; for administrators. Without a password only tokens let them in.

    Under one Idempotency-Key the first password counts: requests are not told apart by it.
    """
    role = valid_role(new.role)

    def add(tx: Tx) -> dict[str, Any]:
        made = service.create_user(tx, new.login, hashed_password, role, name=new.name)
        return {"id": made.id, "login": made.login, "name": made.name, "role": made.role.name}

    return replayable(request, add, asked=new.model_dump(exclude={"password"}))


def tokens(kernel: TheKernel, caller: Caller) -> list[service.Token]:
    """List your tokens, newest first, without the secrets."""
    return kernel.db.read(lambda tx: service.tokens(tx, caller.login))


def add_token(request: Request, kernel: TheKernel, caller: Caller, new: NewToken) -> Response:
    """Make a token; the first reply is the only place that shows it, in a replay it is null."""
    login, most = new.login or caller.login, kernel.settings.token_days
    if login != caller.login:
        require(caller, Role.admin)

    def add(tx: Tx) -> dict[str, Any]:
        expires = service.expiry(tx, new.days, most)
        token_id, raw = service.create_token(
            tx, login, new.name, scopes=tuple(new.scopes), expires=expires
        )
        return {"id": token_id, "login": login, "name": new.name, "token": raw, "expires": expires}

    return replayable(request, add, unsaid=("token",))


def revoke(kernel: TheKernel, caller: Caller, token_id: str) -> Response:
    """Revoke one of your tokens at once; an administrator revokes anybody's."""

    def write(tx: Tx) -> None:
        if may(caller, Role.admin):
            service.revoke_any_token(tx, token_id)
        else:
            service.revoke_token(tx, caller.login, token_id)

    kernel.db.write(write)
    return Response(status_code=204)


def sessions(kernel: TheKernel, caller: Caller) -> list[dict[str, Any]]:
    """List the browsers in which you are logged in, newest first; `this` is the one that asks."""
    found = kernel.db.read(lambda tx: service.sessions(tx, caller.login))
    return [asdict(each) | {"this": each.id == caller.proof_id} for each in found]


def end_session(kernel: TheKernel, caller: Caller, session: str) -> Response:
    """Log yourself out of one browser."""
    kernel.db.write(lambda tx: service.end_session(tx, caller.login, session))
    return Response(status_code=204)


def end_sessions(kernel: TheKernel, caller: Caller) -> Response:
    """Log yourself out everywhere; tokens stay."""
    kernel.db.write(lambda tx: service.end_sessions(tx, caller.login))
    return Response(status_code=204)

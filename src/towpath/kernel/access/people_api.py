"""/api/towpath/v1/{users,teams,grants,people}: for administrators and their programs."""

from dataclasses import asdict
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from towpath.kernel.access import importing, service
from towpath.kernel.access.model import OpenSession, User, valid_role
from towpath.kernel.access.passwords import HASHING
from towpath.kernel.access.service import Role
from towpath.kernel.db.interface import Tx
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.idempotency import replayable
from towpath.kernel.http.permissions import Needs
from towpath.kernel.plugin import names_of, resource_named

ADMINS = Depends(Needs(Role.admin))


class ChangedUser(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(None, max_length=200)
    role: str | None = None
    active: bool | None = Field(None, description="false shuts the user out at once.")


class NewPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")
    password: str = Field(max_length=1000)


class NewTeam(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slug: str
    name: str = Field("", max_length=200)


class NewServiceAccount(BaseModel):
    model_config = ConfigDict(extra="forbid")
    login: str
    name: str = Field("", max_length=200)
    owner: str = Field(description="The slug of the team that answers for it.")
    role: str = "viewer"


class NewGrant(BaseModel):
    model_config = ConfigDict(extra="forbid")
    resource: str = Field(description="Such as owner/name.", max_length=200)
    role: str | None = Field(description="null takes the grant away.")
    login: str = ""
    team: str = ""


class People(BaseModel):
    model_config = ConfigDict(extra="forbid")
    csv: str = Field(max_length=900_000)
    apply: bool = Field(default=False, description="false only says what would change.")


def router() -> APIRouter:
    routes = APIRouter(prefix="/api/towpath/v1", tags=["access"], dependencies=[ADMINS])
    routes.add_api_route("/users", users, methods=["GET"])
    routes.add_api_route("/users/{login}", change_user, methods=["PATCH"])
    routes.add_api_route("/users/{login}/password", set_password, methods=["PUT"], status_code=204)
    sessions_of = "/users/{login}/sessions"
    routes.add_api_route(sessions_of, sessions, methods=["GET"])
    routes.add_api_route(sessions_of, log_out, methods=["DELETE"], status_code=204)
    one = f"{sessions_of}/{{session}}"
    routes.add_api_route(one, end_session, methods=["DELETE"], status_code=204)
    routes.add_api_route("/service-accounts", add_account, methods=["POST"], status_code=201)
    routes.add_api_route("/teams", teams, methods=["GET"])
    routes.add_api_route("/teams", add_team, methods=["POST"], status_code=201)
    routes.add_api_route("/teams/{slug}", remove_team, methods=["DELETE"], status_code=204)
    member = "/teams/{slug}/members/{login}"
    routes.add_api_route(member, add_member, methods=["PUT"], status_code=204)
    routes.add_api_route(member, remove_member, methods=["DELETE"], status_code=204)
    routes.add_api_route("/grants", grants, methods=["GET"])
    routes.add_api_route("/grants", grant, methods=["PUT"], status_code=204)
    routes.add_api_route("/people/import", bring, methods=["POST"])
    routes.add_api_route("/people/tokens", tokens, methods=["GET"])
    return routes


def users(kernel: TheKernel) -> list[dict[str, Any]]:
    """List people and service accounts by login."""
    return [_user(each) for each in kernel.db.read(service.users)]


def change_user(kernel: TheKernel, login: str, new: ChangedUser) -> dict[str, Any]:
    """Change a name or a role, shut a user out, or let them in again."""
    role = None if new.role is None else valid_role(new.role)

    def change(tx: Tx) -> User:
        if new.name is not None:
            service.rename_user(tx, login, new.name)
        if role is not None:
            service.set_role(tx, login, role)
        if new.active is not None:
            (service.activate if new.active else service.deactivate)(tx, login)
        return service.known(tx, login)

    return _user(kernel.db.write(change))


async def set_password(kernel: TheKernel, login: str, new: NewPassword) -> Response:
    """Set a person's first or a new password, which ends every session of theirs."""
    await to_thread.run_sync(service.set_password, kernel, login, new.password, limiter=HASHING)
    return Response(status_code=204)


def sessions(kernel: TheKernel, login: str) -> list[OpenSession]:
    """List the sessions of a user, newest first; an id opens nothing."""
    return kernel.db.read(lambda tx: service.sessions(tx, login))


def end_session(kernel: TheKernel, login: str, session: str) -> Response:
    """Log a user out of one session."""
    kernel.db.write(lambda tx: service.end_session(tx, login, session))
    return Response(status_code=204)


def log_out(kernel: TheKernel, login: str) -> Response:
    """End every session of a user."""
    kernel.db.write(lambda tx: service.end_sessions(tx, login))
    return Response(status_code=204)


def add_account(request: Request, new: NewServiceAccount) -> Response:
    """Add a service account: a team owns it, and only tokens let it in."""
    role = valid_role(new.role)

    def add(tx: Tx) -> dict[str, Any]:
        return _user(service.create_service_account(tx, new.login, new.name, new.owner, role))

    return replayable(request, add)


def teams(kernel: TheKernel) -> list[dict[str, Any]]:
    """List teams with their members; `brought` came from an outside source."""
    return [
        {
            "slug": each.team.slug,
            "name": each.team.name,
            "members": each.members,
            "brought": each.brought,
            "service_accounts": each.owns,
        }
        for each in kernel.db.read(service.teams)
    ]


def add_team(request: Request, new: NewTeam) -> Response:
    """Add a team."""

    def add(tx: Tx) -> dict[str, str]:
        made = service.add_team(tx, new.slug, new.name)
        return {"slug": made.slug, "name": made.name}

    return replayable(request, add)


def remove_team(kernel: TheKernel, slug: str) -> Response:
    """Remove a team and all it was granted."""
    kernel.db.write(lambda tx: service.remove_team(tx, slug))
    return Response(status_code=204)


def add_member(kernel: TheKernel, slug: str, login: str) -> Response:
    """Put a user into a team."""
    kernel.db.write(lambda tx: service.add_member(tx, slug, login))
    return Response(status_code=204)


def remove_member(kernel: TheKernel, slug: str, login: str) -> Response:
    """Take a user out of a team; one that an outside source put there stays."""
    kernel.db.write(lambda tx: service.remove_member(tx, slug, login))
    return Response(status_code=204)


def grants(request: Request, kernel: TheKernel) -> list[dict[str, Any]]:
    """List every role on a single resource, by the resource's name of today."""

    def read(tx: Tx) -> list[dict[str, Any]]:
        given = service.grants(tx)
        names = names_of(request.app.state.plugins, tx, [each.resource for each in given])
        return [
            {
                "resource": names.get(each.resource, each.resource),
                "role": each.role.name,
                "login": each.login,
                "team": each.team,
            }
            for each in given
        ]

    return kernel.db.read(read)


def grant(request: Request, kernel: TheKernel, new: NewGrant) -> Response:
    """Give one user or one team a role on a resource, or with null take it away."""
    role = None if new.role is None else valid_role(new.role)

    def write(tx: Tx) -> None:
        resource = resource_named(request.app.state.plugins, tx, new.resource)
        service.grant(tx, resource, role, login=new.login, team_slug=new.team)

    kernel.db.write(write)
    return Response(status_code=204)


def bring(kernel: TheKernel, sent: People) -> dict[str, Any]:
    """Bring users and teams from a CSV file; all of it or nothing, and only with `apply`."""
    rows = importing.parse(sent.csv)

    def write(tx: Tx) -> list[str]:
        return importing.bring(tx, rows, apply=sent.apply)

    changes = kernel.db.write(write) if sent.apply else kernel.db.read(write)
    return {"applied": sent.apply, "changes": changes}


def tokens(kernel: TheKernel) -> list[dict[str, Any]]:
    """List the tokens of all people and service accounts, newest first, without the secrets."""
    found = kernel.db.read(service.all_tokens)
    return [{"login": login, **asdict(token)} for login, token in found]


def _user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "login": user.login,
        "name": user.name,
        "role": user.role.name,
        "kind": user.kind,
        "source": user.source,
        "active": user.deactivated is None,
    }

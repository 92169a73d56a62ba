"""Who calls, who may do what in a repository, and what this server is, in the GitHub dialect."""

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import towpath
from towpath.forge.api import shapes
from towpath.forge.api.manners import (
    JSON_TYPE,
    KNOWN,
    Repo,
    WantedPage,
    limits_of,
    paged,
    refusal,
    routes,
    sliced,
    with_manners,
)
from towpath.forge.api.shapes import Json
from towpath.forge.service import Repository
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Principal, Role, User
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Anybody

_NAMES = {Role.viewer: "read", Role.member: "write", Role.maintainer: "maintain"}
_OLD_NAMES = {Role.viewer: "read", Role.member: "write", Role.maintainer: "write"}
_RIGHTS = {
    "pull": Role.viewer,
    "triage": Role.member,
    "push": Role.member,
    "maintain": Role.maintainer,
    "admin": Role.admin,
}
_UNKNOWN: Json = {
    **dict.fromkeys(("company", "blog", "location", "email", "hireable", "bio")),
    **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
}


def router() -> APIRouter:
    made = routes()
    made.add_api_route("/user", me, methods=["GET"], dependencies=[KNOWN])
    made.add_api_route("/users/{username}", one, methods=["GET"], dependencies=[KNOWN])
    made.add_api_route("/meta", meta, methods=["GET"], dependencies=[KNOWN])
    here = "/repos/{owner}/{repo}/collaborators"
    made.add_api_route(here, collaborators, methods=["GET"])
    made.add_api_route(f"{here}/{{username}}", is_one, methods=["GET"], status_code=204)
    made.add_api_route(f"{here}/{{username}}/permission", permission, methods=["GET"])
    return made


def uncounted() -> APIRouter:
    """Routes that cost nothing, and what answers for all that is not spoken here: the last."""
    made = APIRouter(prefix="/api/v3", include_in_schema=True, tags=["GitHub dialect"])
    made.add_api_route("/rate_limit", rate_limit, methods=["GET"], dependencies=[KNOWN])
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    made.add_api_route(
        "/{rest:path}",
        unknown,
        methods=methods,
        include_in_schema=False,
        dependencies=[Depends(Anybody("it only says that nothing is here"))],
    )
    return made


def me(kernel: TheKernel, caller: Caller) -> Json:
    """Tell who calls."""
    return _whole(kernel.url, kernel.db.read(lambda tx: access.known(tx, caller.login)))


def one(kernel: TheKernel, username: str) -> Json:
    """Describe a user."""
    return _whole(kernel.url, kernel.db.read(lambda tx: access.known(tx, username.lower())))


def _whole(url: str, user: User) -> Json:
    since = shapes.instant(user.created)
    kind = "User" if user.kind == "person" else "Bot"
    return (
        shapes.user(url, user.login)
        | _UNKNOWN
        | {"type": kind, "name": user.name or None, "created_at": since, "updated_at": since}
    )


def meta() -> Json:
    """Tell what this server is."""
    return {
        "verifiable_password_authentication": False,
        "installed_version": f"towpath {towpath.__version__}",
    }


def rate_limit(request: Request, kernel: TheKernel, caller: Caller) -> Response:
    """Tell how many requests are left this hour; asking costs none."""
    found = limits_of(request, kernel).look(caller.id, kernel.clock.now())
    core = {
        "limit": found.limit,
        "used": found.used,
        "remaining": found.remaining,
        "reset": found.reset,
    }
    none = {"limit": 0, "used": 0, "remaining": 0, "reset": found.reset}
    body = {"resources": {"core": core, "search": none}, "rate": core}
    request.state.counted = found
    return with_manners(request, JSONResponse(body, media_type=JSON_TYPE))


def unknown(request: Request, rest: str) -> Response:
    """Answer for what GitHub may have and we have not: never a success that means nothing."""
    missing = NotFound(
        f"{request.method} /{rest[:200]} is not spoken here.",
        next_step="/openapi.json lists what is.",
    )
    return with_manners(request, refusal(request, missing))


def rights(caller: Principal, about: Repository) -> dict[str, bool]:
    """What somebody may do in a repository, in GitHub's words."""
    held = access.effective_role(caller.role, caller.held, about)
    return {right: held is not None and held >= role for right, role in _RIGHTS.items()}


def collaborators(request: Request, repo: Repo, page: WantedPage) -> Response:
    """List who may read a repository, and how much more each may do."""

    def read(tx: Tx) -> list[Principal]:
        users = [user for user in access.users(tx) if _counts(user)]
        if not repo.about.private:  # the least role on the whole site is viewer
            return [access.principal_of(tx, user) for user in sliced(page, users)]
        everybody = [access.principal_of(tx, user) for user in users]
        return sliced(page, [each for each in everybody if access.knows(each, repo.about)])

    shown = [_collaborator(repo, each) for each in repo.kernel.db.read(read)]
    return paged(request, page, shown)


def _counts(user: User) -> bool:
    return not user.system and user.deactivated is None


def _collaborator(repo: Repo, each: Principal) -> Json:
    return shapes.user(repo.kernel.url, each.login) | {
        "permissions": rights(each, repo.about),
        "role_name": _name(each, repo.about),
    }


def _name(each: Principal, about: Repository) -> str:
    held = access.effective_role(each.role, each.held, about)
    return _NAMES.get(held, "admin") if held else "none"


def is_one(repo: Repo, username: str) -> Response:
    """Answer 204 if somebody may read this repository, 404 if not."""
    found = _found(repo, username)
    if not access.knows(found, repo.about):
        raise NotFound(f"{found.login} has no role here.", next_step="Grant one.")
    return Response(status_code=204)


def permission(repo: Repo, username: str) -> Json:
    """Tell how much somebody may do in a repository."""
    found = _found(repo, username)
    held = access.effective_role(found.role, found.held, repo.about)
    return {
        "permission": _OLD_NAMES.get(held, "admin") if held else "none",
        "role_name": _name(found, repo.about),
        "user": _collaborator(repo, found),
    }


def _found(repo: Repo, username: str) -> Principal:
    user = repo.kernel.db.read(lambda tx: access.user(tx, username.lower()))
    if user is None or not _counts(user):
        raise NotFound(f"There is no user {username[:80]!a} here.", next_step="Check the login.")
    return repo.kernel.db.read(lambda tx: access.principal_of(tx, user))

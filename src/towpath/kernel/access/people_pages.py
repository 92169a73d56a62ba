"""/settings/people and /settings/teams: who is here, what may each do, and how is that changed?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from towpath.kernel.access import service
from towpath.kernel.access.model import valid_password, valid_role
from towpath.kernel.access.pages import Text
from towpath.kernel.access.passwords import HASHING, hashed
from towpath.kernel.access.service import Given, Role
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import TowpathError
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.pages.rendering import render
from towpath.kernel.plugin import names_of, resource_named

ADMINS = Depends(Needs(Role.admin))
PEOPLE = "/settings/people"
TEAMS = "/settings/teams"
_A_PAGE = 100
_ROLES = tuple(Role.__members__)
Word = Annotated[str, Query(max_length=40)]
Page = Callable[[TowpathError], Response]
Verbs = Sequence[tuple[str, Callable[..., Any]]]


class NewPerson(BaseModel):
    login: str = ""
    name: str = Field("", max_length=200)
    role: str = "member"
    password: str = Field("", max_length=1000)


class NewAccount(BaseModel):
    login: str = ""
    name: str = Field("", max_length=200)
    owner: str = ""
    role: str = "viewer"


@dataclass(frozen=True)
class Shown:
    """A grant with the resource's name of today."""

    given: Given
    name: str


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False, dependencies=[ADMINS])
    one, team_at = f"{PEOPLE}/{{login}}", f"{TEAMS}/{{slug}}"
    shows: Verbs = ((PEOPLE, people), (one, person), (team_at, team))
    changes: Verbs = (
        (PEOPLE, add_person),
        ("/settings/service-accounts", add_account),
        (TEAMS, add_team),
        (one, change_person),
        (f"{one}/active", let_in_or_out),
        (f"{one}/password", set_password),
        (f"{one}/grants", grant_person),
        (f"{one}/sessions/end", end_sessions),
        (f"{one}/sessions/{{session}}/end", end_session),
        (f"{team_at}/grants", grant_team),
        (f"{team_at}/members", add_member),
        (f"{team_at}/members/{{login}}/remove", remove_member),
        (f"{team_at}/remove", remove_team),
    )
    for method, verbs in (("GET", shows), ("POST", changes)):
        for path, verb in verbs:
            routes.add_api_route(path, verb, methods=[method])
    return routes


def people(request: Request, kernel: TheKernel, after: Word = "", find: Word = "") -> Response:
    return _people(request, kernel, after=after, find=find)


def _people(
    request: Request,
    kernel: Kernel,
    problem: TowpathError | None = None,
    *,
    after: str = "",
    find: str = "",
    new: Any = None,
) -> Response:
    def read(tx: Tx) -> dict[str, Any]:
        listed = service.users(tx, after, _A_PAGE + 1, begins=find)
        teams = service.teams(tx)
        return {
            "users": listed[:_A_PAGE],
            "next": listed[_A_PAGE - 1].login if len(listed) > _A_PAGE else None,
            "teams": teams,
            "owners": {login: view.team for view in teams for login in view.owns},
            "grants": _shown(request, tx, service.grants(tx)),
        }

    given = {"new": new, "find": find, "after": after, "roles": _ROLES}
    return _render(request, "people", problem, **kernel.db.read(read), **given)


async def add_person(
    request: Request, kernel: TheKernel, new: Annotated[NewPerson, Form()]
) -> Response:
    """Add a person; hashing a password takes its turn, so that nobody else waits for it."""
    return await to_thread.run_sync(partial(_add_person, request, kernel, new), limiter=HASHING)


def _add_person(request: Request, kernel: Kernel, new: NewPerson) -> Response:
    def add() -> None:
        kept = hashed(valid_password(new.password)) if new.password else None
        role = valid_role(new.role)
        kernel.db.write(lambda tx: service.create_user(tx, new.login, kept, role, name=new.name))

    return _done(add, f"{PEOPLE}/{new.login}", partial(_people, request, kernel, new=new))


def add_account(
    request: Request, kernel: TheKernel, new: Annotated[NewAccount, Form()]
) -> Response:
    def add(tx: Tx) -> None:
        role = valid_role(new.role)
        service.create_service_account(tx, new.login, new.name, new.owner, role)

    again = partial(_people, request, kernel, new=new)
    return _done(partial(kernel.db.write, add), f"{PEOPLE}/{new.login}", again)


def add_team(request: Request, kernel: TheKernel, slug: Text = "", name: Text = "") -> Response:
    add = partial(kernel.db.write, lambda tx: service.add_team(tx, slug, name[:200]))
    return _done(add, f"{TEAMS}/{slug}", partial(_people, request, kernel))


def person(request: Request, kernel: TheKernel, login: str) -> Response:
    return _person(request, kernel, login)


def _person(
    request: Request, kernel: Kernel, login: str, problem: TowpathError | None = None
) -> Response:
    def read(tx: Tx) -> dict[str, Any]:
        found = service.known(tx, login)
        teams = service.teams(tx)
        mine = [each for each in service.grants(tx) if each.login == login]
        return {
            "user": found,
            "teams": [view.team for view in teams if login in view.members],
            "owner": next((view.team for view in teams if login in view.owns), None),
            "grants": _shown(request, tx, mine),
            "sessions": service.sessions(tx, login),
            "tokens": len(service.tokens(tx, login)),
        }

    return _render(request, "person", problem, **kernel.db.read(read), roles=_ROLES)


def change_person(
    request: Request, kernel: TheKernel, login: str, role: Text = "", name: Text = ""
) -> Response:
    def change(tx: Tx) -> None:
        before = service.known(tx, login)
        if name and name != before.name:
            service.rename_user(tx, login, name[:200])
        if valid_role(role) != before.role:
            service.set_role(tx, login, valid_role(role))

    return _changed_person(request, kernel, login, change)


def let_in_or_out(request: Request, kernel: TheKernel, login: str, active: Text) -> Response:
    verb = service.activate if active == "1" else service.deactivate
    return _changed_person(request, kernel, login, lambda tx: verb(tx, login))


async def set_password(
    request: Request, kernel: TheKernel, login: str, password: Text = ""
) -> Response:
    verb = partial(service.set_password, kernel, login, password)
    again = partial(_person, request, kernel, login)
    return await to_thread.run_sync(_done, verb, f"{PEOPLE}/{login}", again, limiter=HASHING)


def grant_person(
    request: Request, kernel: TheKernel, login: str, resource: Text = "", role: Text = ""
) -> Response:
    def change(tx: Tx) -> None:
        service.grant(tx, _resource(request, tx, resource), _role(role), login=login)

    return _changed_person(request, kernel, login, change)


def end_session(request: Request, kernel: TheKernel, login: str, session: str) -> Response:
    return _changed_person(
        request, kernel, login, lambda tx: service.end_session(tx, login, session)
    )


def end_sessions(request: Request, kernel: TheKernel, login: str) -> Response:
    return _changed_person(request, kernel, login, lambda tx: service.end_sessions(tx, login))


def _changed_person(
    request: Request, kernel: Kernel, login: str, verb: Callable[[Tx], object]
) -> Response:
    again = partial(_person, request, kernel, login)
    return _done(partial(kernel.db.write, verb), f"{PEOPLE}/{login}", again)


def team(request: Request, kernel: TheKernel, slug: str) -> Response:
    return _team(request, kernel, slug)


def _team(
    request: Request, kernel: Kernel, slug: str, problem: TowpathError | None = None
) -> Response:
    def read(tx: Tx) -> dict[str, Any]:
        found = service.team(tx, slug)
        theirs = [each for each in service.grants(tx) if each.team == slug]
        view = next(each for each in service.teams(tx) if each.team == found)
        return {"view": view, "grants": _shown(request, tx, theirs)}

    return _render(request, "team", problem, **kernel.db.read(read), roles=_ROLES)


def add_member(request: Request, kernel: TheKernel, slug: str, login: Text = "") -> Response:
    return _changed_team(request, kernel, slug, lambda tx: service.add_member(tx, slug, login))


def remove_member(request: Request, kernel: TheKernel, slug: str, login: str) -> Response:
    return _changed_team(request, kernel, slug, lambda tx: service.remove_member(tx, slug, login))


def grant_team(
    request: Request, kernel: TheKernel, slug: str, resource: Text = "", role: Text = ""
) -> Response:
    def change(tx: Tx) -> None:
        service.grant(tx, _resource(request, tx, resource), _role(role), team_slug=slug)

    return _changed_team(request, kernel, slug, change)


def remove_team(request: Request, kernel: TheKernel, slug: str) -> Response:
    verb = partial(kernel.db.write, lambda tx: service.remove_team(tx, slug))
    return _done(verb, PEOPLE, partial(_team, request, kernel, slug))


def _changed_team(
    request: Request, kernel: Kernel, slug: str, verb: Callable[[Tx], object]
) -> Response:
    again = partial(_team, request, kernel, slug)
    return _done(partial(kernel.db.write, verb), f"{TEAMS}/{slug}", again)


def _done(verb: Callable[[], object], goes_to: str, again: Page) -> Response:
    """Do what a form asked for and go on; or show its page again with why that was not done."""
    try:
        verb()
    except TowpathError as error:
        return again(error)
    return RedirectResponse(goes_to, status_code=303)


def _render(request: Request, page: str, problem: TowpathError | None, **context: Any) -> Response:
    status = problem.status if problem else 200
    return render(request, f"kernel/{page}.html", status=status, problem=problem, **context)


def _role(word: str) -> Role | None:
    """A role by its name; `none` takes a grant away."""
    return None if word == "none" else valid_role(word)


def _resource(request: Request, tx: Tx, name: str) -> str:
    return resource_named(request.app.state.plugins, tx, name.strip())


def _shown(request: Request, tx: Tx, given: Sequence[Given]) -> list[Shown]:
    names = names_of(request.app.state.plugins, tx, [each.resource for each in given])
    return [Shown(each, names.get(each.resource, each.resource)) for each in given]

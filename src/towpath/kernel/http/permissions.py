"""What each route demands of who calls it: declared at the route, enforced by the declaration.

A declaration is a dependency (`dependencies=[Depends(READS)]`, or a parameter of a class that
routes depend on) and does the checking itself, so it cannot say one thing and do another. Raw
routes are wrapped in `guarded`. `undeclared` names routes without one; a server with such a route
does not start, and `docs/reference/permissions.md` is written from the same declarations.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial, wraps
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from towpath.kernel.access.model import Named
from towpath.kernel.access.service import Principal, Resource, Role, knows, may, require
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.envelope import follow

Find = Callable[[Tx, Mapping[str, Any]], Resource | None]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Needs:
    """Demands a role, on the whole site or on the resource that the path names.

    `on` finds the resource from the parameters of the path, or None. Who may not know of it hears
    what they would hear if it were not there. A narrow token passes with one of `scopes`, in which
    {} stands for the resource, or with `any_token` always. `also` says in words what the handler
    demands beyond this, in cases that the path does not show.
    """

    role: Role
    on: Find | None = None
    scopes: tuple[str, ...] = ()
    any_token: bool = False
    also: str = ""

    def __call__(self, request: Request, kernel: TheKernel, caller: Caller) -> None:
        check = partial(self._check, request, kernel)
        check(caller)
        request.state.checks = (*getattr(request.state, "checks", ()), check)

    def _check(self, request: Request, kernel: Kernel, caller: Principal) -> None:
        resource = self._resource(request, kernel, caller)
        asked = replace(caller, scopes=frozenset()) if self.any_token else caller
        require(asked, self.role, self._scope(caller, resource), resource=resource)

    def _resource(self, request: Request, kernel: Kernel, caller: Principal) -> Resource | None:
        find = self.on
        if find is None:
            return None
        found = kernel.db.read(lambda tx: find(tx, request.path_params))
        if found is None or not knows(caller, found):
            raise NotFound(
                f"Nothing that you may see is at {request.url.path[:200]!a}.",
                next_step="Check the spelling, or ask those who may see it to let you in.",
            )
        return found

    def _scope(self, caller: Principal, resource: Resource | None) -> str | None:
        """Choose the scope that the caller has; else the first, for the refusal to name."""
        wanted = [scope.format(resource.id if resource else None) for scope in self.scopes]
        return next((one for one in wanted if one in caller.scopes), next(iter(wanted), None))


@dataclass(frozen=True)
class Anybody:
    """Asks for no proof, and says why that is right."""

    why: str

    async def __call__(self) -> None:
        """Let everybody pass."""


@dataclass(frozen=True)
class Special:
    """Asks for something that is neither role nor resource; says in words what.

    `ours` says that whoever passes is a part of Towpath, whose trace is followed.
    """

    words: str
    check: Callable[[Request], None]
    ours: bool = False


Declaration = Needs | Anybody | Special
FRAMEWORK: Mapping[str, Declaration] = {
    "/openapi.json": Anybody("describes the API, which is the same everywhere"),
    "/static": Anybody("styles and scripts, which are the same everywhere"),
}


def guarded(declaration: Special, endpoint: Endpoint) -> Endpoint:
    """Wrap a raw route, for which nobody solves dependencies."""

    @wraps(endpoint)  # traces name the endpoint, not its guard
    async def checked(request: Request) -> Response:
        await run_in_threadpool(declaration.check, request)
        if declaration.ours:
            follow(request)
        return await endpoint(request)

    checked.declaration = declaration  # type: ignore[attr-defined] # read by `declarations`
    return checked


@dataclass(frozen=True)
class Entry:
    """One way in: a method and a path, with all that was declared for it."""

    method: str
    path: str
    declared: tuple[Declaration, ...]


def entries(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[Entry]:
    """List every way into an application, also those of routers inside routers."""
    for route in routes:
        if isinstance(route, Mount):
            yield Entry("GET", route.path, declarations(route))
        elif isinstance(route, Route):
            declared = declarations(route)
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield Entry(method, prefix + route.path, declared)
        elif inner := getattr(route, "original_router", None):
            included: Any = route
            yield from entries(inner.routes, prefix + included.include_context.prefix)


def declarations(route: BaseRoute) -> tuple[Declaration, ...]:
    """Find what was declared for a route: by its dependencies, its guard, or for the framework."""
    if isinstance(route, APIRoute):
        return tuple(dict.fromkeys(_declared(route.dependant)))
    path = getattr(route, "path", "")
    found = getattr(getattr(route, "endpoint", None), "declaration", None) or FRAMEWORK.get(path)
    return (found,) if found else ()


def _declared(dependant: Dependant) -> Iterator[Declaration]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Needs | Anybody):
            yield inner.call
        else:
            yield from _declared(inner)


def undeclared(routes: Iterable[BaseRoute]) -> list[str]:
    """Name each route for which nothing is declared, and say what to do."""
    return [
        f"{entry.method} {entry.path} declares no permission: give it dependencies=[Depends(...)]"
        " from kernel/http/permissions.py"
        for entry in entries(routes)
        if not entry.declared
    ]


def passes(
    declared: Iterable[Declaration],
    site: Role | None,
    here: Role | None = None,
    *,
    narrow: bool = False,
    private: bool = False,
) -> bool:
    """Whether somebody with these roles, on the site and on the resource, is let in.

    None as role on the site is an outsider; `narrow` comes with a token whose scope is none of
    those asked for. It asks the same `may` as a request does.
    """
    it = Named("it", private)
    return all(_passes(one, site, here, it, narrow=narrow) for one in declared)


def _passes(
    declared: Declaration, site: Role | None, here: Role | None, it: Named, *, narrow: bool
) -> bool:
    if isinstance(declared, Anybody):
        return True
    if isinstance(declared, Special) or site is None:
        return False
    held = {} if here is None else {"it": here}
    scopes = frozenset({"another"} if narrow and not declared.any_token else ())
    somebody = Principal("user", "somebody", "", site, scopes, held)
    return may(somebody, declared.role, resource=it if declared.on else None)

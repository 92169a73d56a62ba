"""How the GitHub dialect behaves: its errors, its pages of long lists, who may do what."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query
from fastapi import Path as FromPath
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from towpath.forge import service
from towpath.forge.api.dialect import Dialect
from towpath.forge.api.limits import Counted, Limits, Throttled
from towpath.forge.service import MergeRequest, Repository
from towpath.kernel.access.service import Principal, Role, may, require
from towpath.kernel.clock import SECOND, Micros, to_datetime
from towpath.kernel.context import Kernel
from towpath.kernel.errors import Conflict, InvalidInput, Stale, TowpathError, Unauthenticated
from towpath.kernel.http import problems
from towpath.kernel.http.callers import Caller, OptionalCaller, TheKernel
from towpath.kernel.http.once import OnceKernel, answered_once
from towpath.kernel.http.permissions import Needs

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
READS = Depends(Needs(Role.viewer, service.repository_at, scopes=("repo:read:{}",)))
WRITES = Depends(Needs(Role.member, service.repository_at, scopes=("repo:write:{}",)))
GOVERNS = Depends(Needs(Role.maintainer, service.repository_at, scopes=("repo:write:{}",)))
CHECKS = Depends(
    Needs(Role.member, service.repository_at, scopes=("repo:write:{}", "checks:write:{}"))
)
STATES = Depends(
    Needs(Role.member, service.repository_at, scopes=("repo:write:{}", "statuses:write:{}"))
)
KNOWN = Depends(Needs(Role.viewer, any_token=True))
_READING = {"GET", "HEAD"}


MEDIA_TYPE = "github.v3; format=json"
JSON_TYPE = "application/json; charset=utf-8"
_DOCUMENTED = "/openapi.json"


_STATUSES: dict[type[TowpathError], int] = {Conflict: 422, Stale: 409}
"""What GitHub answers where our own API answers otherwise."""


class Fault(BaseModel):
    """One field that is wrong, in GitHub's words."""

    resource: str
    field: str
    code: str
    message: str


class Refusal(BaseModel):
    """An error as GitHub's clients read it, with our problem's fields beside."""

    message: str
    status: str
    type: str
    title: str
    detail: str
    next_step: str
    request_id: str
    documentation_url: str
    errors: list[Fault] = Field(default_factory=list)


_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What went wrong, and what to do next",
        "model": Refusal,
        # From outside these routes: an address that matches none, a bug.
        "content": problems.RESPONSES["default"]["content"],
    }
}


class DialectRoute(APIRoute):
    """Answers errors as GitHub does, `message` first, and says on each reply what is left.

    What changes something in a repository is for its members, unless a route says otherwise.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        changes = not set(options.get("methods") or ()) <= _READING
        declared = options.get("dependencies") or ()
        silent = not any(isinstance(one.dependency, Needs) for one in declared)
        if changes and silent and "/repos/{owner}/{repo}" in path:
            options["dependencies"] = [*declared, WRITES]
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_in_dialect(request: Request) -> Response:
            try:
                reply = await answered_once(request, handle)
            except TowpathError as error:
                reply = refusal(request, error)
            except RequestValidationError as error:
                reply = refusal(request, _invalid(error), _faults(error))
            except (DataError, OverflowError):
                reply = refusal(request, _unstorable())
            except HTTPException:  # what the framework says to a body that is no text
                reply = refusal(request, _unreadable())
            return with_manners(request, reply)

        return handle_in_dialect


def routes(prefix: str = "") -> APIRouter:
    """Make a router whose routes behave as GitHub's do and count each call."""
    return APIRouter(
        prefix=f"/api/v3{prefix}",
        tags=["GitHub dialect"],
        route_class=DialectRoute,
        dependencies=[Depends(counted)],
        responses=_RESPONSES,
    )


def counted(request: Request, caller: OptionalCaller, kernel: TheKernel) -> None:
    """Use one of the caller's requests; who shows no proof is refused elsewhere."""
    if caller is not None:
        limits = limits_of(request, kernel)
        request.state.counted = limits.take(caller.id, kernel.clock.now())
        request.state.unchanged = lambda: _told(limits.give_back(caller.id, kernel.clock.now()))


def limits_of(request: Request, kernel: Kernel) -> Limits:
    """The counts of this process: one for all routes, made when the first request comes."""
    state = request.app.state
    if not hasattr(state, "api_limits"):
        settings = kernel.settings
        state.api_limits = Limits(settings.api_requests_per_hour, settings.api_requests_per_minute)
    found: Limits = state.api_limits
    return found


def with_manners(request: Request, reply: Response) -> Response:
    """Add the headers that clients of GitHub read."""
    reply.headers.setdefault("X-GitHub-Request-Id", problems.request_id(request))
    reply.headers.setdefault("X-GitHub-Media-Type", MEDIA_TYPE)
    taken: Counted | None = getattr(request.state, "counted", None)
    if taken is not None:
        reply.headers.update(_told(taken))
    return reply


def _told(taken: Counted) -> dict[str, str]:
    said = {"Limit": taken.limit, "Remaining": taken.remaining, "Used": taken.used}
    numbers = {name: str(value) for name, value in (said | {"Reset": taken.reset}).items()}
    return {f"X-RateLimit-{name}": told for name, told in (numbers | {"Resource": "core"}).items()}


def dated(reply: Response, at: Micros) -> None:
    """Say when what is answered last changed; only where no other change would go unseen."""
    reply.headers["Last-Modified"] = format_datetime(to_datetime(at), usegmt=True)


def refusal(request: Request, error: TowpathError, faults: Sequence[Fault] = ()) -> Response:
    status, headers = problems.elsewhere(request, error)
    status = _STATUSES.get(type(error), status)
    problem = problems.body(
        status, error.title, error.detail, error.next_step, problems.request_id(request)
    )
    said = {"message": error.detail, "documentation_url": _DOCUMENTED, **problem}
    said["status"] = str(status)
    if faults or status == InvalidInput.status:
        said["errors"] = [fault.model_dump() for fault in faults] or [_whole(error)]
    if "Location" in headers:
        said["url"] = headers["Location"]
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Basic realm="Towpath", charset="UTF-8"'
    if isinstance(error, Throttled):
        request.state.counted = error.counted
        headers["Retry-After"] = str(error.seconds)
    return JSONResponse(said, status, headers, media_type=JSON_TYPE)


def _whole(error: TowpathError) -> dict[str, str]:
    return {"resource": "request", "field": "", "code": "custom", "message": error.detail}


def _unstorable() -> InvalidInput:
    return InvalidInput(
        "A value is not text without NUL characters, or a number beyond 64 bits.",
        next_step="Correct it and send the request again.",
    )


def _unreadable() -> InvalidInput:
    return InvalidInput("The body cannot be read.", next_step="Send JSON in UTF-8.")


def _invalid(error: RequestValidationError) -> InvalidInput:
    told = "; ".join(f"{_field(one)}: {one['msg']}" for one in error.errors()[:5])
    return InvalidInput(f"Validation failed: {told}", next_step="Correct these fields.")


def _faults(error: RequestValidationError) -> list[Fault]:
    return [
        Fault(
            resource="request",
            field=_field(one),
            code="missing_field" if one["type"] == "missing" else "invalid",
            message=one["msg"],
        )
        for one in error.errors()[:5]
    ]


def _field(one: Mapping[str, Any]) -> str:
    return ".".join(map(str, one["loc"][1:])) or "body"


@dataclass
class Page:
    """Which part of a list is wanted; GitHub counts pages from 1.

    Whoever knows how long the whole list is notes it in `total`.
    """

    number: int
    size: int
    total: int | None = None

    @property
    def window(self) -> tuple[int, int]:
        """How many to pass over, and how many to read: one more than is shown."""
        return (self.number - 1) * self.size, self.size + 1


def page(
    per_page: Annotated[int, Query(ge=1, le=100)] = 30,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Page:
    return Page(page, per_page)


WantedPage = Annotated[Page, Depends(page)]


def paged(
    request: Request,
    wanted: Page,
    found: list[Any],
    around: Callable[[list[Any]], Any] | None = None,
) -> Response:
    """Answer with a page of what was read through `wanted.window`; Link leads on (RFC 8288).

    `around` puts the page into something, where GitHub does not answer with a bare list.
    """
    links = []
    if wanted.number > 1:
        links += [_link(request, 1, "first"), _link(request, wanted.number - 1, "prev")]
    if len(found) > wanted.size:
        links += [_link(request, wanted.number + 1, "next")]
        if wanted.total is not None:
            links += [_link(request, -(-wanted.total // wanted.size), "last")]
    headers = {"Link": ", ".join(links)} if links else {}
    shown: Any = found[: wanted.size]
    return JSONResponse(around(shown) if around else shown, headers=headers)


def _link(request: Request, number: int, relation: str) -> str:
    query = dict(request.query_params) | {"page": str(number)}
    here = request.url.replace(path=quote(request.url.path), query=urlencode(query))
    return f'<{here}>; rel="{relation}"'


def sliced(wanted: Page, whole: list[Any]) -> list[Any]:
    """The window of a list that is at hand whole."""
    wanted.total = len(whole)
    start, count = wanted.window
    return whole[start : start + count]


def micros(at: datetime | None) -> Micros | None:
    """Read a time that a caller gave; InvalidInput without its zone."""
    if at is None:
        return None
    if at.tzinfo is None:
        raise InvalidInput("A time has no zone.", next_step="Write it like 2026-01-31T12:00:00Z.")
    return Micros(int(at.timestamp()) * SECOND)


class Call:
    """One request about one repository, by somebody who may read it."""

    def __init__(
        self,
        owner: str,
        repo: str,
        caller: Caller,
        _: Annotated[None, READS],
        kernel: OnceKernel,
    ) -> None:
        self.kernel = kernel
        self.caller: Principal = caller
        self.about: Repository = kernel.db.read(
            lambda tx: service.find_repository(tx, owner, repo)
        )
        self.say = Dialect(kernel.url, self.about)

    @property
    def id(self) -> str:
        return self.about.id

    @property
    def trusted(self) -> bool:
        """Whether the caller may create protected branches, which is how a first commit works."""
        scope = f"repo:write:{self.id}"
        return may(self.caller, Role.maintainer, scope, resource=self.about)

    def request(self, number: int) -> MergeRequest:
        """Find a merge request of this repository; NotFound otherwise."""
        return self.kernel.db.read(lambda tx: service.merge_request(tx, self.id, number))

    def writes(self, scope: str = "repo:write") -> None:
        """Raise Denied unless the caller may add to this repository; `scope` is enough for it."""
        own = f"{scope}:{self.id}"
        if own in self.caller.scopes:
            require(self.caller, Role.member, scope=own, resource=self.about)
        else:
            self._require(Role.member)

    def governs(self) -> None:
        """Raise Denied unless the caller may say how this repository is kept."""
        self._require(Role.maintainer)

    def _require(self, role: Role) -> None:
        require(self.caller, role, scope=f"repo:write:{self.id}", resource=self.about)


Repo = Annotated[Call, Depends()]
Handle = Annotated[int, FromPath(ge=1, lt=2**53)]
Number = Annotated[int, FromPath(ge=1, lt=2**31)]

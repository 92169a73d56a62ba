"""Git over HTTP: https://git-scm.com/docs/gitprotocol-http, smart protocol only.

Both ways stream (`streaming.py`). Errors are plain text, because that is what git shows to people
("remote: …").
"""

from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api.streaming import Body, Reply, Turns, plain
from towpath.forge.service import Program, Push, Repository
from towpath.kernel import ids
from towpath.kernel.access.service import Role, may, require
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput, TowpathError, Unauthenticated
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.http.problems import elsewhere

MOST_FETCH_BYTES = 32 * 1024**2
MOST_PUSH_BYTES = 2 * 1024**3 + MOST_FETCH_BYTES
_PROGRAMS: dict[str, Program] = {
    "git-upload-pack": "upload-pack",
    "git-receive-pack": "receive-pack",
}

READ, WRITE = "repo:read:{}", "repo:write:{}"
FETCHES = Depends(Needs(Role.viewer, service.repository_at, scopes=(READ,)))
PUSHES = Depends(Needs(Role.member, service.repository_at, scopes=(WRITE,)))
ALSO = "member to begin a push"
TALKS = Depends(Needs(Role.viewer, service.repository_at, scopes=(READ, WRITE), also=ALSO))


def streams(path: str) -> bool:
    """Name the requests whose bodies this module limits itself."""
    return path.endswith(tuple(f"/{program}" for program in _PROGRAMS))


class _Call:
    """One request of the git program: who, to which repository, in which protocol."""

    def __init__(
        self, request: Request, owner: str, name: str, caller: Caller, kernel: TheKernel
    ) -> None:
        self.request = request
        self.caller = caller
        self.kernel = kernel
        self.protocol = request.headers.get("git-protocol", "")
        self._names = (owner, name)

    def repository(self, program: Program) -> Repository:
        """Find the repository and check that the caller may do this to it; reads the database."""
        found = self.kernel.db.read(self._find)
        role = Role.viewer if program == "upload-pack" else Role.member
        verb = "read" if program == "upload-pack" else "write"
        require(self.caller, role, scope=f"repo:{verb}:{found.id}", resource=found)
        if program == "receive-pack":
            service.require_room(self.kernel)
        return found

    def _find(self, tx: Tx) -> Repository:
        """A job goes on under the name it began with: its git follows nobody elsewhere."""
        owner, name = self._names
        here = service.repository_at(tx, {"owner": owner, "name": name})
        if here and f"repo:read:{here.id}" in self.caller.scopes:
            return here
        return service.find_repository(tx, owner, name)

    def sees_all_refs(self, repository: Repository) -> bool:
        """Jobs fetch what the gate has built, with a token made for this repository alone."""
        return f"repo:read:{repository.id}" in self.caller.scopes


Call = Annotated[_Call, Depends()]


class GitRoute(APIRoute):
    """Refuses in plain text, also before the handler: git shows nothing else to people."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_plainly(request: Request) -> Response:
            try:
                return await handle(request)
            except Unauthenticated:
                raise  # git asks for a password when it sees our usual challenge
            except TowpathError as error:
                status, headers = elsewhere(request, error)
                return plain(error, status, headers)

        return handle_plainly


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False, route_class=GitRoute)
    turns = Turns()

    async def info_refs(call: Call, service: str = "") -> Response:
        return await _info_refs(call, service, turns)

    async def upload_pack(call: Call) -> Response:
        return await _upload_pack(call, turns)

    async def receive_pack(call: Call) -> Response:
        return await _receive_pack(call, turns)

    # Git takes both addresses at other hosts, so people type both.
    for base in ("/{owner}/{name}.git", "/{owner}/{name}"):
        for path, endpoint, methods, needs in (
            ("info/refs", info_refs, ["GET"], TALKS),
            ("git-upload-pack", upload_pack, ["POST"], FETCHES),
            ("git-receive-pack", receive_pack, ["POST"], PUSHES),
        ):
            routes.add_api_route(f"{base}/{path}", endpoint, methods=methods, dependencies=[needs])
    return routes


async def _info_refs(call: _Call, name: str, turns: Turns) -> Response:
    program = _PROGRAMS.get(name)
    if program is None:
        raise InvalidInput(
            "Only the smart protocol is spoken here.", next_step="Use git 1.6.6 or newer."
        )
    repository = await run_in_threadpool(call.repository, program)

    def stream(_: Body) -> AsyncGenerator[bytes]:
        return service.advertise(
            call.kernel,
            repository.id,
            program,
            protocol=call.protocol,
            all_refs=program == "receive-pack" or call.sees_all_refs(repository),
        )

    return Reply(f"application/x-{name}-advertisement", stream, turns, limit=0)


async def _upload_pack(call: _Call, turns: Turns) -> Response:
    repository = await run_in_threadpool(call.repository, "upload-pack")

    def stream(body: Body) -> AsyncGenerator[bytes]:
        return service.upload_pack(
            call.kernel,
            repository.id,
            body,
            protocol=call.protocol,
            all_refs=call.sees_all_refs(repository),
        )

    kind = "application/x-git-upload-pack-result"
    return Reply(kind, stream, turns, limit=MOST_FETCH_BYTES)


async def _receive_pack(call: _Call, turns: Turns) -> Response:
    repository = await run_in_threadpool(call.repository, "receive-pack")
    push = Push(
        id=ids.new("push"),
        repository=repository.id,
        author=call.caller.login,
        trusted=may(
            call.caller,
            Role.maintainer,
            scope=f"repo:write:{repository.id}",
            resource=repository,
        ),
    )

    def stream(body: Body) -> AsyncGenerator[bytes]:
        return service.receive_push(call.kernel, push, body)

    kind = "application/x-git-receive-pack-result"
    return Reply(kind, stream, turns, limit=MOST_PUSH_BYTES, to_the_end=True)

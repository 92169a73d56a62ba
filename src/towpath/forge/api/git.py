"""Git over HTTP: https://git-scm.com/docs/gitprotocol-http, smart protocol only.

Streams both ways with back-pressure: a slow reader slows git down, and nothing is collected in
memory. Errors are plain text, because that is what git shows to people ("remote: …").
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from towpath.forge import service
from towpath.forge.service import Program, Push, Repository
from towpath.kernel import ids
from towpath.kernel.access.service import Role, may, require
from towpath.kernel.errors import (
    InvalidInput,
    TooLarge,
    TowpathError,
    Unauthenticated,
    Unavailable,
)
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.http.tasks import spawn

MOST_AT_ONCE = 16
MOST_WAITING = 64
MOST_FETCH_BYTES = 32 * 1024**2
MOST_PUSH_BYTES = 2 * 1024**3 + MOST_FETCH_BYTES
IDLE_SECONDS = 300.0
_PROGRAMS: dict[str, Program] = {
    "git-upload-pack": "upload-pack",
    "git-receive-pack": "receive-pack",
}
_GZIP = 16 + zlib.MAX_WBITS
_CHUNK = 65_536

READ, WRITE = "repo:read:{}", "repo:write:{}"
FETCHES = Depends(Needs(Role.viewer, service.repository_at, scopes=(READ,)))
PUSHES = Depends(Needs(Role.member, service.repository_at, scopes=(WRITE,)))
ALSO = "member to begin a push"
TALKS = Depends(Needs(Role.viewer, service.repository_at, scopes=(READ, WRITE), also=ALSO))

Stream = Callable[["Body"], AsyncGenerator[bytes]]


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
        found = self.kernel.db.read(lambda tx: service.find_repository(tx, *self._names))
        role = Role.viewer if program == "upload-pack" else Role.member
        verb = "read" if program == "upload-pack" else "write"
        require(self.caller, role, scope=f"repo:{verb}:{found.id}", resource=found.id)
        if program == "receive-pack":
            service.require_room(self.kernel)
        return found

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
                return _plain(error)

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


def _plain(error: TowpathError) -> PlainTextResponse:
    headers = {"Retry-After": "10"} if isinstance(error, Unavailable) else {}
    return PlainTextResponse(f"{error.detail}\n{error.next_step}\n", error.status, headers)


async def _info_refs(call: _Call, name: str, turns: "Turns") -> Response:
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


async def _upload_pack(call: _Call, turns: "Turns") -> Response:
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


async def _receive_pack(call: _Call, turns: "Turns") -> Response:
    repository = await run_in_threadpool(call.repository, "receive-pack")
    push = Push(
        id=ids.new("push"),
        repository=repository.id,
        author=call.caller.login,
        trusted=may(
            call.caller,
            Role.maintainer,
            scope=f"repo:write:{repository.id}",
            resource=repository.id,
        ),
    )

    def stream(body: Body) -> AsyncGenerator[bytes]:
        return service.receive_push(call.kernel, push, body)

    kind = "application/x-git-receive-pack-result"
    return Reply(kind, stream, turns, limit=MOST_PUSH_BYTES, to_the_end=True)


class Turns:
    """At most so many git processes at once; a few more may wait, the rest come back later."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MOST_AT_ONCE)
        self._waiting = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        if self._free.locked() and self._waiting >= MOST_WAITING:
            raise Unavailable(
                "Too many fetches and pushes at once.", next_step="Try again in a few seconds."
            )
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


class Body:
    """The request body, unzipped and counted; learns when the client has gone."""

    def __init__(self, request: Headers, receive: Receive, limit: int) -> None:
        self.gone = asyncio.Event()
        self.ended = asyncio.Event()
        if limit == 0:
            self.ended.set()
        self._receive = receive
        self._left = limit
        self._limit = limit
        self._unzip = _unzip(request.get("content-encoding", "identity"))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._next()
            more = message.get("more_body", False)
            for chunk in self._plain(message.get("body", b"")):
                yield chunk
        self._finish()

    async def _next(self) -> Message:
        try:
            message = await asyncio.wait_for(self._receive(), IDLE_SECONDS)
        except TimeoutError:
            message = {"type": "http.disconnect"}
        if message["type"] == "http.disconnect":
            self.gone.set()
            raise ClientGoneError
        return message

    def _plain(self, data: bytes) -> Iterator[bytes]:
        if self._unzip is None:
            yield self._counted(data)
            return
        while data:
            try:
                yield self._counted(self._unzip.decompress(data, _CHUNK))
            except zlib.error as error:
                raise _bad_gzip() from error
            data = self._unzip.unconsumed_tail

    def _counted(self, chunk: bytes) -> bytes:
        self._left -= len(chunk)
        if self._left < 0:
            raise TooLarge(
                f"The request is larger than {self._limit} bytes.",
                next_step="Push fewer commits at a time.",
            )
        return chunk

    def _finish(self) -> None:
        if self._unzip is not None and not self._unzip.eof:
            raise _bad_gzip()
        self.ended.set()

    async def watch(self) -> None:
        """Return once the client has gone, which can only be heard after the whole body."""
        await self.ended.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone.set()


class ClientGoneError(Exception):
    """The client hung up, or neither sent nor took a byte for minutes."""


def _unzip(encoding: str) -> "zlib._Decompress | None":
    if encoding == "identity":
        return None
    if encoding in {"gzip", "x-gzip"}:
        return zlib.decompressobj(_GZIP)
    raise InvalidInput(
        f"The content encoding {encoding!r} is not known.", next_step="Use gzip or none."
    )


def _bad_gzip() -> InvalidInput:
    return InvalidInput("The body is not valid gzip.", next_step="Send it again.")


class Reply(Response):
    """Sends what `stream` makes of the request body.

    The status goes out with the first bytes, so an error before them still has its own. When the
    client hangs up the stream is closed, which ends git; `to_the_end` lets it run instead, since
    a push that git has taken must be written down whether or not somebody listens.
    """

    def __init__(
        self, kind: str, stream: Stream, turns: Turns, *, limit: int, to_the_end: bool = False
    ) -> None:
        super().__init__(media_type=kind, headers={"Cache-Control": "no-cache"})
        # The length is not known, so the server sends chunks.
        del self.headers["content-length"]
        self._stream = stream
        self._turns = turns
        self._limit = limit
        self._to_the_end = to_the_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender = Sender(send, self.raw_headers)
        try:
            async with self._turns.taken():
                body = Body(Headers(scope=scope), receive, self._limit)
                await self._run(body, sender)
        except ClientGoneError:
            return
        except TowpathError as error:
            # After the first bytes there is no other way to tell than to break off.
            if not sender.started:
                await _plain(error)(scope, receive, send)

    async def _run(self, body: Body, sender: "Sender") -> None:
        pumping = spawn(self._pumped(body, sender), "git stream")
        watching = spawn(body.watch(), "git client")
        try:
            await asyncio.wait({pumping, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not pumping.done() and not self._to_the_end:
                pumping.cancel()
            await asyncio.wait({pumping})
        finally:
            watching.cancel()
            pumping.cancel()
        if not pumping.cancelled() and (error := pumping.result()):
            raise error

    async def _pumped(self, body: Body, sender: "Sender") -> Exception | None:
        """Pump; what a client may cause is a result, so that it is no failed task in the log."""
        try:
            await self._pump(body, sender)
        except (ClientGoneError, TowpathError) as error:
            return error
        return None

    async def _pump(self, body: Body, sender: "Sender") -> None:
        async with aclosing(self._stream(body)) as chunks:
            async for chunk in chunks:
                if not body.gone.is_set() and not await sender.sent(chunk):
                    body.gone.set()
                if body.gone.is_set() and not self._to_the_end:
                    raise ClientGoneError
        if not body.gone.is_set():
            await sender.end()


class Sender:
    """The reply as far as it has gone."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self.started = False
        self._send = send
        self._headers = headers

    async def sent(self, chunk: bytes) -> bool:
        """Send some of the body; False if the client took nothing for too long."""
        if not chunk:
            return True
        await self._start()
        message = {"type": "http.response.body", "body": chunk, "more_body": True}
        try:
            await asyncio.wait_for(self._send(message), IDLE_SECONDS)
        except TimeoutError:
            return False
        return True

    async def end(self) -> None:
        await self._start()
        await self._send({"type": "http.response.body", "body": b""})

    async def _start(self) -> None:
        if not self.started:
            self.started = True
            await self._send(
                {"type": "http.response.start", "status": 200, "headers": self._headers}
            )

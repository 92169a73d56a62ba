"""Bodies that stream both ways at once, with back-pressure, as git over HTTP needs them.

A slow reader slows the program down, and nothing is collected in memory.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from towpath.kernel.errors import InvalidInput, TooLarge, TowpathError, Unavailable
from towpath.kernel.http.tasks import spawn

MOST_AT_ONCE = 16
MOST_WAITING = 64
IDLE_SECONDS = 300.0
_GZIP = 16 + zlib.MAX_WBITS
_CHUNK = 65_536

Stream = Callable[["Body"], AsyncGenerator[bytes]]


def plain(
    error: TowpathError, status: int | None = None, headers: Mapping[str, str] | None = None
) -> PlainTextResponse:
    """Say what is wrong in plain text, because that is what git shows to people."""
    more = {"Retry-After": "10"} if isinstance(error, Unavailable) else {}
    told = f"{error.detail}\n{error.next_step}\n"
    return PlainTextResponse(told, status or error.status, {**(headers or {}), **more})


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
                await plain(error)(scope, receive, send)

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

"""Where jobs send bytes and fetch them, by addresses that we signed: raw routes, for their size.

It is what clients of artifacts and caches use of Azure's blob storage: Put Block, Put Block List,
Put Blob, Get Blob with a range, Get Blob Properties.
"""

from collections.abc import Callable
from email.utils import formatdate
from xml.sax.saxutils import escape

from fastapi import APIRouter
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from towpath.kernel.clock import SECOND
from towpath.kernel.context import Kernel
from towpath.kernel.errors import InvalidInput, TooLarge, TowpathError
from towpath.kernel.http.permissions import Endpoint, Special, guarded
from towpath.pipelines import service
from towpath.pipelines.api import ranges
from towpath.pipelines.model.results import MOST_OF_A_BLOCK, Way
from towpath.pipelines.service import Upload

SIGNED = "an address that was handed out to a job, for an hour"
_BATCH = 1 << 20
_MOST_OF_A_LIST = 2 * 1024 * 1024
_VERSION = "2024-11-04"
_CREATED = 201


def streams(path: str) -> bool:
    """Name the requests whose bodies this module limits itself."""
    return path.startswith(service.UPLOADS)


class Uploads:
    """The handlers; one of them for all requests of a server."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def router(self) -> APIRouter:
        routes = APIRouter()
        path = f"{service.UPLOADS}/{{upload}}"
        ways: tuple[tuple[str, Endpoint, Way], ...] = (
            ("PUT", self.put, "w"),
            ("GET", self.get, "r"),
        )
        for method, endpoint, way in ways:
            admitted = guarded(Special(SIGNED, self._admission(way)), _in_words(endpoint))
            routes.add_route(path, admitted, methods=[method], include_in_schema=False)
        return routes

    def _admission(self, way: Way) -> Callable[[Request], None]:
        def admit(request: Request) -> None:
            asked, upload = request.query_params, request.path_params["upload"]
            proof = (asked.get("se", ""), asked.get("sig", ""))
            request.state.upload = self._kernel.db.read(
                lambda tx: service.admitted(tx, upload, way, *proof)
            )

        return admit

    async def put(self, request: Request) -> Response:
        """Take a block, a list of blocks, or all bytes at once."""
        found: Upload = request.state.upload
        what = request.query_params.get("comp", "")
        if what == "blocklist":
            names = service.block_list(await _body(request))
            await run_in_threadpool(
                self._kernel.db.write, lambda tx: service.list_blocks(tx, found.id, names)
            )
        elif what == "block":
            name = service.block_name(request.query_params.get("blockid", ""))
            await self._arrive(
                request, lambda came: service.put_block(self._kernel, found.id, name, came)
            )
        elif not what:
            await self._arrive(request, lambda came: service.put_all(self._kernel, found.id, came))
        else:
            raise InvalidInput(f"comp={what[:40]!r} is not spoken here.")
        return Response(status_code=_CREATED, headers=_headers(found))

    async def _arrive(self, request: Request, keep: Callable[[service.Arriving], None]) -> None:
        """Write a body as it comes, in pieces large enough to be worth a thread."""
        came = await run_in_threadpool(service.arriving, self._kernel)
        try:
            batch = bytearray()
            async for part in request.stream():
                batch += part
                if came.size + len(batch) > MOST_OF_A_BLOCK:
                    raise TooLarge(f"A block may have {MOST_OF_A_BLOCK} bytes.")
                if len(batch) >= _BATCH:
                    await run_in_threadpool(came.write, batch)
                    batch = bytearray()
            await run_in_threadpool(came.write, batch)
            await run_in_threadpool(keep, came)
        finally:
            await run_in_threadpool(came.close)

    async def get(self, request: Request) -> Response:
        """Give all bytes, or one range of them; to HEAD, only how many there are."""
        found: Upload = request.state.upload
        wanted = request.headers.get("range") or request.headers.get("x-ms-range")
        start, stop = ranges.read(wanted, found.size) if wanted else (0, found.size)
        headers = _headers(found) | {"Content-Length": str(stop - start)}
        media = await run_in_threadpool(
            self._kernel.db.read, lambda tx: service.media_type(tx, found)
        )
        headers |= {"Content-Type": media.type, "Content-Disposition": media.disposition}
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
        status = 206 if wanted else 200
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        pieces = service.content(self._kernel, found, start, stop)
        return StreamingResponse(iterate_in_threadpool(pieces), status, headers)


def _headers(found: Upload) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "ETag": f'"{found.id}"',
        "Last-Modified": formatdate(found.created / SECOND, usegmt=True),
        "X-Content-Type-Options": "nosniff",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-version": _VERSION,
    }


def _in_words(endpoint: Endpoint) -> Endpoint:
    """Let refusals be such as Azure's clients show."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except TowpathError as error:
            code, told = type(error).__name__, escape(str(error))
            body = f"<Error><Code>{code}</Code><Message>{told}</Message></Error>"
            headers = {"x-ms-error-code": code}
            return Response(body, error.status, headers, media_type="application/xml")

    return answered


async def _body(request: Request) -> bytes:
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > _MOST_OF_A_LIST:
            raise TooLarge(f"A list of blocks may have {_MOST_OF_A_LIST} bytes.")
    return bytes(received)

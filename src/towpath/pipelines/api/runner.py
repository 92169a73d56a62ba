"""The wire of runners: raw routes, since every running job speaks ten times a second.

A runner shows its token as Bearer and, for each job, the lease in `Towpath-Lease`: a secret that
it chose itself, so that a claim whose answer was lost gives the same job when it is sent again.
409 says that the job is no longer the runner's.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from towpath.kernel.access import service as access
from towpath.kernel.access.service import Principal
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Denied, InvalidInput, TooLarge, Unauthenticated, Unavailable
from towpath.kernel.http import sse
from towpath.kernel.http.callers import note, presented_token
from towpath.kernel.http.permissions import Special, guarded
from towpath.pipelines import service
from towpath.pipelines.api.bells import Bells, rung
from towpath.pipelines.api.tails import log_channel
from towpath.pipelines.model.execution import (
    MAX_OUTPUTS,
    MAX_SUMMARIES,
    Assignment,
    Outcome,
    StepReport,
)

PREFIX = "/api/towpath/v1/runner"
RUNNERS = "a token with the scope `runner`, made for a maintainer or the runner itself"
POLL_SECONDS = 25.0
HEARTBEAT_SECONDS = 3.0
"""How long a heartbeat is held, so that a runner hears of a cancel at once."""
MAX_CHUNK = 8 * 1024 * 1024
"""Most bytes of log in one request."""
_MAX_CLAIM = 64 * 1024
_MAX_BODY = 4 * (MAX_OUTPUTS + MAX_SUMMARIES)
_SHORTEST_LEASE = 32
T = TypeVar("T")


class ClaimBody(msgspec.Struct):
    """`labels` are those of `runs-on` that this runner serves."""

    runner: str
    labels: list[str]
    version: str = ""


class StepsBody(msgspec.Struct):
    steps: list[StepReport]


def streams(path: str) -> bool:
    """Name the requests whose bodies this module limits itself."""
    return path.startswith(PREFIX)


class Wire:
    """The handlers; one of them for all requests of a server."""

    def __init__(self, kernel: Kernel, bells: Bells) -> None:
        self._kernel = kernel
        self._bells = bells

    def router(self) -> APIRouter:
        routes = APIRouter()  # its prefix would not hold for plain routes
        job = f"{PREFIX}/jobs/{{job}}"
        for path, endpoint, method in (
            (f"{PREFIX}/claim", self.claim, "POST"),
            (f"{job}/log", self.log, "PUT"),
            (f"{job}/steps", self.steps, "POST"),
            (f"{job}/heartbeat", self.heartbeat, "POST"),
            (f"{job}/finish", self.finish, "POST"),
            (f"{job}/action", self.action, "GET"),
        ):
            admitted = guarded(Special(RUNNERS, self._admit, ours=True), endpoint)
            routes.add_route(path, admitted, methods=[method], include_in_schema=False)
        return routes

    async def claim(self, request: Request) -> Response:
        """Answer with a job as soon as there is one, or 204 after a while."""
        body = _decoded(await _body(request, _MAX_CLAIM), ClaimBody)
        lease = _lease(request)
        runner, version = body.runner[:100], body.version[:40]
        until = asyncio.get_running_loop().time() + POLL_SECONDS

        def whose() -> Principal:
            found: Principal = request.state.principal
            return found

        with self._bells.bell(service.QUEUED) as bell:
            while not await request.is_disconnected():
                taken = await self._write(
                    lambda tx: service.claim(
                        tx, runner, body.labels, lease, version, service.withheld(tx, whose())
                    )
                )
                if taken and (whole := await run_in_threadpool(self._whole, taken, lease)):
                    return _json(whole)
                left = until - asyncio.get_running_loop().time()
                if not await rung(bell, sse.stopping(request), left):
                    break
                # Who was let in a while ago may have lost the token, or its holder the role.
                await run_in_threadpool(self._admit, request)
        if sse.stopping(request).is_set():
            raise Unavailable("The server is stopping.", next_step="Ask again in a moment.")
        return Response(status_code=204)

    async def log(self, request: Request) -> Response:
        """Append to a log; answers with its length on disk, and whether to stop."""
        chunk = await _body(request, MAX_CHUNK)
        offset = _offset(request)
        length, stop = await run_in_threadpool(self._append, request, offset, chunk)
        self._bells.ring(log_channel(request.path_params["job"]))
        return _json({"length": length, "cancel": stop})

    async def steps(self, request: Request) -> Response:
        body = _decoded(await _body(request, _MAX_BODY), StepsBody)
        stop = await self._held_write(
            request, lambda tx, job, lease: service.report(tx, job, lease, body.steps)
        )
        return _json({"cancel": stop})

    async def heartbeat(self, request: Request) -> Response:
        """Keep the job; answers at once when it is to be stopped, else after a while."""
        with self._bells.bell(service.stop_channel(request.path_params["job"])) as bell:
            stop = await self._held_write(request, service.heartbeat)
            if not stop and await rung(bell, sse.stopping(request), HEARTBEAT_SECONDS):
                stop = await self._held_write(request, service.stopping)
        return _json({"cancel": stop})

    async def finish(self, request: Request) -> Response:
        outcome = _decoded(await _body(request, _MAX_BODY), Outcome)
        await self._held_write(
            request, lambda tx, job, lease: service.finish(tx, job, lease, outcome)
        )
        self._bells.ring(log_channel(request.path_params["job"]))
        return _json({})

    async def action(self, request: Request) -> Response:
        """Give the files of an action of others, which a step ?uses=, as a tar archive."""
        uses, job = request.query_params.get("uses", ""), request.path_params["job"]
        files = await run_in_threadpool(
            service.action_files, self._kernel, job, _lease(request), uses
        )
        return Response(files, media_type="application/x-tar")

    def _whole(self, taken: Assignment, lease: str) -> Assignment | None:
        """Add the secrets; a job whose secrets cannot be read fails here and says why."""
        try:
            return service.with_secrets(self._kernel, taken)
        except (Unavailable, InvalidInput) as error:
            failed = Outcome(conclusion="failure", why=str(error))
            self._kernel.db.write(lambda tx: service.finish(tx, taken.job, lease, failed))
            return None

    def _append(self, request: Request, offset: int, chunk: bytes) -> tuple[int, bool]:
        held = self._kernel.db.read(
            lambda tx: service.held(tx, request.path_params["job"], _lease(request))
        )
        return service.append_log(self._kernel, held, offset, chunk), held.stop

    async def _held_write(self, request: Request, fn: Callable[[Tx, str, str], T]) -> T:
        job, lease = request.path_params["job"], _lease(request)
        return await self._write(lambda tx: fn(tx, job, lease))

    async def _write(self, fn: Callable[[Tx], T]) -> T:
        return await asyncio.wrap_future(self._kernel.db.submit(fn))

    def _admit(self, request: Request) -> None:
        """Let runners pass: a token made for it, by somebody who may run code for all."""
        token = presented_token(request.headers.get("authorization", ""))
        if token is None:
            raise Unauthenticated(
                "A runner shows a token.", next_step="Send it as Authorization: Bearer TOKEN."
            )
        caller = self._kernel.db.read(lambda tx: access.authenticate_token(tx, token))
        note(caller)
        request.state.principal = caller
        trusted = caller.role >= access.Role.maintainer or caller.login == service.RUNNER_USER
        if "runner" not in caller.scopes or not trusted:
            raise Denied(
                "This token is not a runner's.",
                next_step="Let a maintainer make a token with the scope runner.",
            )


async def _body(request: Request, most: int) -> bytes:
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > most:
            raise TooLarge(f"At most {most} bytes at once.", next_step="Send it in pieces.")
    return bytes(received)


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"The body cannot be read: {error}") from error


def _lease(request: Request) -> str:
    lease = request.headers.get("towpath-lease", "")
    if len(lease) < _SHORTEST_LEASE:
        raise InvalidInput(
            f"The header Towpath-Lease must hold a secret of {_SHORTEST_LEASE} characters or more."
        )
    return lease


def _offset(request: Request) -> int:
    text = request.query_params.get("offset", "")
    if not text.isascii() or not text.isdigit():
        raise InvalidInput("Say with ?offset= where in the log these bytes belong.")
    return int(text)


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")

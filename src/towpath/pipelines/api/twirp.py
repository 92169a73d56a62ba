"""The two services that jobs ask for artifacts and caches, in the words of GitHub's clients.

Each call is a POST of JSON to /twirp/SERVICE/METHOD with the job's own token. Clients read names
of fields as the protocol files have them, and numbers of 64 bits as text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from towpath.kernel.clock import Micros, from_datetime, to_datetime
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, Denied, InvalidInput, TowpathError
from towpath.kernel.http.callers import presented_token
from towpath.kernel.http.permissions import Special, guarded
from towpath.pipelines import service
from towpath.pipelines.service import Artifact, Job

PREFIX = "/twirp/github.actions.results.api.v1."
JOBS = "the token of a job that runs, which its actions are given"
_RELAY = re.compile(r"(127\.0\.0\.1|towpath\.localhost):\d{1,5}")
_CODES = {
    401: "unauthenticated", 403: "permission_denied", 404: "not_found", 409: "already_exists",
    410: "not_found", 503: "unavailable",
}  # fmt: skip
T = TypeVar("T")


class OfRun(msgspec.Struct):
    """What every request about artifacts says of who asks."""

    workflow_run_backend_id: str = ""
    workflow_job_run_backend_id: str = ""
    name: str = ""


class Create(OfRun):
    expires_at: datetime | None = None
    mime_type: str | None = None


class Finalize(OfRun):
    size: str | int = 0
    hash: str | None = None


class List(OfRun):
    name_filter: str | None = None
    id_filter: str | int | None = None


class Cached(msgspec.Struct):
    """What requests about caches say, all of it in one."""

    key: str = ""
    version: str = ""
    size_bytes: str | int = 0
    restore_keys: list[str] = []


@dataclass(frozen=True)
class Asked:
    """One call: by which job, with what body, and where it finds us."""

    job: Job
    body: bytes
    base: str

    def read(self, kind: type[T]) -> T:
        try:
            read = msgspec.json.decode(self.body or b"{}", type=kind)
        except msgspec.MsgspecError as error:
            raise InvalidInput(f"The body cannot be read: {error}") from error
        if isinstance(read, OfRun) and read.workflow_run_backend_id != self.job.run:
            raise Denied("This token is of another run.", next_step="Ask about your own run.")
        return read


class Twirp:
    """The handlers; one of them for all requests of a server."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def router(self) -> APIRouter:
        routes = APIRouter()
        for path, method in (
            ("ArtifactService/CreateArtifact", self.create),
            ("ArtifactService/FinalizeArtifact", self.finalize),
            ("ArtifactService/ListArtifacts", self.listed),
            ("ArtifactService/GetSignedArtifactURL", self.address),
            ("ArtifactService/DeleteArtifact", self.delete),
            ("CacheService/CreateCacheEntry", self.reserve),
            ("CacheService/FinalizeCacheEntryUpload", self.keep),
            ("CacheService/GetCacheEntryDownloadURL", self.find),
        ):
            admitted = guarded(Special(JOBS, self._admit), self._endpoint(method))
            routes.add_route(
                f"{PREFIX}{path}", admitted, methods=["POST"], include_in_schema=False
            )
        return routes

    def _admit(self, request: Request) -> None:
        """Let jobs pass that run now."""
        token = presented_token(request.headers.get("authorization", "")) or ""
        request.state.job = self._kernel.db.read(lambda tx: service.running_by(tx, token))

    def _endpoint(self, method: Callable[[Asked], Any]) -> Callable[[Request], Any]:
        async def answered(request: Request) -> Response:
            asked = Asked(request.state.job, await request.body(), self._base(request))
            try:
                return _json(await run_in_threadpool(method, asked))
            except TowpathError as error:
                code = _CODES.get(error.status, "invalid_argument")
                return _json({"code": code, "msg": str(error)}, error.status)

        answered.__name__ = method.__name__  # traces name the method
        return answered

    def _base(self, request: Request) -> str:
        """Say where the one who asks finds us: through its runner, or by our own address."""
        relay = request.headers.get("towpath-relay", "")
        return f"http://{relay}" if _RELAY.fullmatch(relay) else self._kernel.url

    def create(self, asked: Asked) -> Any:
        wish = asked.read(Create)
        days = min(self._kernel.settings.artifact_days, self._kernel.settings.retention_days)
        url = self._kernel.db.write(
            lambda tx: service.begin_artifact(
                tx, asked.job, wish.name, base=asked.base, days=days,
                wished=_micros(wish.expires_at), media_type=wish.mime_type or service.ZIP,
            )
        )  # fmt: skip
        return {"ok": True, "signed_upload_url": url}

    def finalize(self, asked: Asked) -> Any:
        wish = asked.read(Finalize)
        digest = (wish.hash or "").removeprefix("sha256:")
        made = service.finish_artifact(
            self._kernel, asked.job, wish.name, _number(wish.size), digest
        )
        return {"ok": True, "artifact_id": str(made.number)}

    def listed(self, asked: Asked) -> Any:
        wish = asked.read(List)
        number = None if wish.id_filter is None else _number(wish.id_filter)
        found = self._kernel.db.read(
            lambda tx: service.artifacts_of_run(tx, asked.job.run, wish.name_filter, number)
        )
        return {"artifacts": [_artifact(each) for each in found if not each.expired]}

    def address(self, asked: Asked) -> Any:
        wish = asked.read(OfRun)
        url = self._kernel.db.read(
            lambda tx: service.artifact_address(
                tx, asked.base, service.artifact_named(tx, asked.job.run, wish.name)
            )
        )
        return {"signed_url": url}

    def delete(self, asked: Asked) -> Any:
        wish = asked.read(OfRun)

        def remove(tx: Tx) -> Artifact:
            found = service.artifact_named(tx, asked.job.run, wish.name)
            service.remove_artifact(tx, found)
            return found

        return {"ok": True, "artifact_id": str(self._kernel.db.write(remove).number)}

    def reserve(self, asked: Asked) -> Any:
        wish = asked.read(Cached)
        try:
            url = self._kernel.db.write(
                lambda tx: service.begin_entry(tx, asked.job, wish.key, wish.version, asked.base)
            )
        except Conflict as error:
            return {"ok": False, "message": str(error)}
        return {"ok": True, "signed_upload_url": url}

    def keep(self, asked: Asked) -> Any:
        wish = asked.read(Cached)
        size = _number(wish.size_bytes)
        made = service.finish_entry(self._kernel, asked.job, wish.key, wish.version, size)
        return {"ok": True, "entry_id": str(made.number)}

    def find(self, asked: Asked) -> Any:
        wish = asked.read(Cached)
        keys = [wish.key, *wish.restore_keys]
        hit = self._kernel.db.write(
            lambda tx: service.find_entry(tx, asked.job, keys, wish.version, asked.base)
        )
        if hit is None:
            return {"ok": False}
        return {"ok": True, "signed_download_url": hit.address, "matched_key": hit.key}


def _artifact(of: Artifact) -> dict[str, Any]:
    return {
        "workflow_run_backend_id": of.run,
        "workflow_job_run_backend_id": of.job,
        "database_id": str(of.number),
        "name": of.name,
        "size": str(of.size),
        "created_at": to_datetime(of.created).isoformat().replace("+00:00", "Z"),
        "digest": f"sha256:{of.digest}",
    }


def _number(given: str | int) -> int:
    """Read a number that protocol buffers write as text; at most 63 bits, and not below 0."""
    text = str(given)
    if not text.isascii() or not text.isdigit() or int(text[:20]) >= 1 << 63 or len(text) > 19:  # noqa: PLR2004 - digits
        raise InvalidInput(f"{text[:30]!r} is not a number of 63 bits.")
    return int(text)


def _micros(at: datetime | None) -> Micros | None:
    if at is not None and at.tzinfo is None:
        raise InvalidInput("The time of expiry has no zone.")
    return None if at is None else from_datetime(at)


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")

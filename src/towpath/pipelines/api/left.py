"""Artifacts of runs and caches of repositories, for programs and for people's browsers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from towpath.kernel.access.service import Role
from towpath.kernel.clock import Micros, to_datetime
from towpath.kernel.context import Kernel
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.pipelines import service

PREFIX = "/api/towpath/v1"
_ARTIFACT = "/runs/{run}/artifacts/{artifact}"
_REPOSITORY = "/repos/{owner}/{name}/caches"
OF_RUN = Needs(Role.viewer, service.repository_of_run)
REMOVES = Needs(Role.member, service.repository_of_run)
OF_REPOSITORY = Needs(Role.viewer, service.repository_named)
CLEARS = Needs(Role.member, service.repository_named)


class ArtifactOut(BaseModel):
    """What a job left. `expired` ones are listed so that nobody looks for them elsewhere."""

    id: int
    run: str
    job: str
    name: str
    size: int
    sha256: str
    created: str
    expires: str
    expired: bool
    content_url: str


class CacheOut(BaseModel):
    """An entry of a repository's cache; runs on `ref` wrote it, `used` is when it last served."""

    id: int
    ref: str
    key: str
    version: str
    size: int
    created: str
    used: str


def router() -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["pipelines"])
    for method, path, endpoint, needs in (
        ("GET", "/runs/{run}/artifacts", list_artifacts, OF_RUN),
        ("GET", _ARTIFACT, one_artifact, OF_RUN),
        ("GET", f"{_ARTIFACT}/content", content, OF_RUN),
        ("DELETE", _ARTIFACT, delete_artifact, REMOVES),
        ("GET", _REPOSITORY, list_caches, OF_REPOSITORY),
        ("DELETE", f"{_REPOSITORY}/{{cache}}", delete_cache, CLEARS),
    ):
        status = 204 if method == "DELETE" else 200
        routes.add_api_route(
            path, endpoint, methods=[method], dependencies=[Depends(needs)], status_code=status
        )
    return routes


def list_artifacts(kernel: TheKernel, run: str) -> list[ArtifactOut]:
    """List what the jobs of a run left, newest first."""
    found = kernel.db.read(lambda tx: service.artifacts_of_run(tx, run))
    return [_artifact(kernel, each) for each in found]


def one_artifact(kernel: TheKernel, run: str, artifact: int) -> ArtifactOut:
    """Show what is known of an artifact."""
    return _artifact(kernel, kernel.db.read(lambda tx: service.artifact(tx, run, artifact)))


def content(kernel: TheKernel, run: str, artifact: int) -> Response:
    """Lead to the bytes of an artifact; 410 says when they went."""
    to = kernel.db.read(
        lambda tx: service.artifact_address(tx, kernel.url, service.artifact(tx, run, artifact))
    )
    return RedirectResponse(to, status_code=302)


def delete_artifact(kernel: TheKernel, run: str, artifact: int) -> None:
    """Delete an artifact before its time."""
    kernel.db.write(lambda tx: service.drop_artifact(tx, service.artifact(tx, run, artifact)))


def list_caches(
    kernel: TheKernel,
    owner: str,
    name: str,
    ref: str | None = None,
    key: Annotated[str, Query(description="How keys begin")] = "",
) -> list[CacheOut]:
    """List what runs of a repository have cached, newest first."""
    found = kernel.db.read(
        lambda tx: service.entries(tx, service.id_named(tx, owner, name), ref, key)
    )
    return [
        CacheOut(
            id=each.number, ref=each.scope, key=each.key, version=each.version, size=each.size,
            created=_time(each.created), used=_time(each.used),
        )
        for each in found
    ]  # fmt: skip


def delete_cache(kernel: TheKernel, owner: str, name: str, cache: int) -> None:
    """Delete an entry of a repository's cache."""
    kernel.db.write(lambda tx: service.drop_entry(tx, service.id_named(tx, owner, name), cache))


def _artifact(kernel: Kernel, of: service.Artifact) -> ArtifactOut:
    return ArtifactOut(
        id=of.number, run=of.run, job=of.job, name=of.name, size=of.size, sha256=of.digest,
        created=_time(of.created), expires=_time(of.expires), expired=of.expired,
        content_url=f"{kernel.url}{PREFIX}/runs/{of.run}/artifacts/{of.number}/content",
    )  # fmt: skip


def _time(at: Micros) -> str:
    return to_datetime(at).isoformat().replace("+00:00", "Z")

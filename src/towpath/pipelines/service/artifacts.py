"""Artifacts: what the jobs of a run leave for each other and for people."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from towpath.kernel.audit import service as audit
from towpath.kernel.clock import Micros, to_datetime
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, NotFound
from towpath.pipelines.model import results
from towpath.pipelines.model.results import Artifact, Upload
from towpath.pipelines.model.run import Job
from towpath.pipelines.service import uploading
from towpath.pipelines.store import artifacts, jobs, suites, uploads
from towpath.pipelines.store.tables import ARTIFACT

ZIP = "application/zip"
_REMOVED = audit.action("artifact.remove", "deleted an artifact of a run")
_PLAIN = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")


class Expired(NotFound):
    status = 410
    title = "This has expired"


def begin(
    tx: Tx, by: Job, name: str, *, base: str, days: int, wished: Micros | None, media_type: str
) -> str:
    """Make room for an artifact of a job's run; returns the address to send it to."""
    results.check_name(name)
    there = artifacts.named(tx, by.run, name)
    if there:
        if not results.replaces(there, by.id, by.attempt, writes=_writes(tx, there)):
            raise Conflict(
                f"This run has an artifact named {name!r} already.",
                next_step="Choose another name, or delete it first: overwrite: true does so.",
            )
        artifacts.remove(tx, there)
    upload = uploads.begin(tx)
    made = Artifact(
        number=artifacts.next_number(tx, ARTIFACT), repository=suites.run(tx, by.run).repository,
        run=by.run, job=by.id, attempt=by.attempt, name=name, media_type=media_type,
        upload=upload.id, created=tx.now, expires=results.expiry(tx.now, wished, days),
    )  # fmt: skip
    artifacts.add(tx, made)
    return uploading.link(tx, base, upload, "w")


def _writes(tx: Tx, there: Artifact) -> bool:
    """Whether whoever began an artifact may still be sending it."""
    try:
        other = jobs.job(tx, there.job)
    except NotFound:
        return False
    return other.state == "running" and other.attempt == there.attempt


def finish(kernel: Kernel, by: Job, name: str, size: int, digest: str) -> Artifact:
    """Let an artifact be whole, once its bytes are what its job says; said twice, it stays so."""
    there = kernel.db.read(lambda tx: _own(tx, by, name))
    if not there.whole:
        weighed = uploading.weighed(kernel, there.upload, size, digest)

        def write(tx: Tx) -> None:
            uploading.settle(tx, there.upload, weighed)
            artifacts.make_whole(tx, there.number, size=weighed.size, digest=weighed.digest)
            suites.wake_run(tx, there.run)

        kernel.db.write(write)
    return kernel.db.read(lambda tx: artifacts.numbered(tx, there.number))


def _own(tx: Tx, by: Job, name: str) -> Artifact:
    there = artifacts.named(tx, by.run, name)
    if there is None or there.job != by.id:
        raise NotFound(
            f"This job has begun no artifact named {name!r}.", next_step="Create it first."
        )
    return there


def address(tx: Tx, base: str, of: Artifact) -> str:
    """Make an address to fetch an artifact from; Expired when it is gone."""
    if of.expired or of.expires <= tx.now:
        when = to_datetime(of.expires).strftime("%Y-%m-%d %H:%M UTC")
        raise Expired(
            f"The artifact {of.name!r} expired at {when}.",
            next_step="Run the job again; retention-days keeps the next one longer.",
        )
    return uploading.link(tx, base, uploads.upload(tx, of.upload), "r")


@dataclass(frozen=True)
class Media:
    """What browsers and clients take an upload for: its type, and the name to keep it under."""

    type: str
    disposition: str


def media_type(tx: Tx, of: Upload) -> Media:
    """Say what the bytes of an upload are; anything but an artifact is only bytes.

    Nothing is shown in a browser as what a job says it is: it is for keeping.
    """
    found = artifacts.by_upload(tx, of.id)
    if found is None:
        return Media("application/octet-stream", "attachment")
    plain = found.media_type if _PLAIN.fullmatch(found.media_type) else "application/octet-stream"
    name = f"{found.name}.zip" if plain == ZIP else found.name
    return Media(plain, f"attachment; filename*=UTF-8''{quote(name)}")


def of_run_named(tx: Tx, run: str, name: str) -> Artifact:
    """Find what a run has finished under a name; NotFound otherwise."""
    found = artifacts.of_run(tx, run, name=name)
    if not found:
        raise NotFound(
            f"This run has no artifact named {name!r}.", next_step="Does a job before upload it?"
        )
    return found[0]


def of_run(
    tx: Tx, run: str, name: str | None = None, number: int | None = None
) -> Sequence[Artifact]:
    """List what the jobs of a run left."""
    return artifacts.of_run(tx, run, name, number)


def remove(tx: Tx, gone: Artifact) -> None:
    """Delete an artifact before its time."""
    artifacts.remove(tx, gone)
    suites.wake_run(tx, gone.run)


def artifact(tx: Tx, run: str, number: int) -> Artifact:
    """Find what a run has left whole; NotFound otherwise."""
    found = artifacts.numbered(tx, number)
    if found.run != run:
        raise NotFound("This run left no such artifact.", next_step=f"Look at /runs/{run}.")
    return found


def drop(tx: Tx, gone: Artifact) -> None:
    """Delete an artifact because somebody wants so, and write down who."""
    audit.record(
        tx, _REMOVED, f"artifact:{gone.number}", before={"name": gone.name, "run": gone.run}
    )
    remove(tx, gone)

"""Caches: what jobs keep for later runs of their repository, apart by ref.

A run reads what its own ref, the branch it would go to and the default branch have kept, and
writes on its own ref alone: so nothing that was not reviewed reaches what others build from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from towpath.forge import service as forge
from towpath.forge.service import Repository
from towpath.kernel.audit import service as audit
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput, NotFound
from towpath.pipelines.model import results
from towpath.pipelines.model.results import Entry
from towpath.pipelines.model.run import Job, Run
from towpath.pipelines.service import uploading
from towpath.pipelines.store import artifacts, caches, jobs, suites, uploads
from towpath.pipelines.store.tables import CACHE

_REMOVED = audit.action("cache.remove", "deleted an entry of a repository's cache")


@dataclass(frozen=True)
class Hit:
    """The entry that answers, and where to fetch it."""

    key: str
    address: str


def begin(tx: Tx, by: Job, key: str, version: str, base: str) -> str:
    """Make room for an entry; returns the address to send it to. Conflict when it is there."""
    results.check_key(key, version)
    of = suites.run(tx, by.run)
    scope = _scope(of)
    there = caches.at(tx, of.repository, scope, key, version)
    if there:
        if there.whole or (there.job != by.id and _writes(tx, there)):
            raise Conflict(
                f"The cache has {key!r} already, or another job is just sending it.",
                next_step="Nothing is to be done: what is kept under a key never changes.",
            )
        caches.remove(tx, [there])
    upload = uploads.begin(tx)
    made = Entry(
        number=artifacts.next_number(tx, CACHE), repository=of.repository, scope=scope, key=key,
        version=version, job=by.id, upload=upload.id, created=tx.now, used=tx.now,
    )  # fmt: skip
    caches.add(tx, made)
    return uploading.link(tx, base, upload, "w")


def finish(kernel: Kernel, by: Job, key: str, version: str, size: int) -> Entry:
    """Let an entry be whole, and make room for it among the others of its repository."""
    there = kernel.db.read(lambda tx: _own(tx, by, key, version))
    if there.whole:
        return there
    if size > kernel.settings.cache_bytes:
        raise InvalidInput(
            f"A repository may cache {kernel.settings.cache_bytes} bytes, not {size}.",
            next_step="Keep less, or let whoever runs the server allow more.",
        )
    weighed = uploading.weighed(kernel, there.upload, size)

    def write(tx: Tx) -> None:
        uploading.settle(tx, there.upload, weighed)
        caches.make_whole(tx, there.number, size=weighed.size, used=tx.now)
        kept = caches.of_repository(tx, there.repository)
        caches.remove(tx, results.surplus(kept, kernel.settings.cache_bytes))

    kernel.db.write(write)
    return there


def _own(tx: Tx, by: Job, key: str, version: str) -> Entry:
    of = suites.run(tx, by.run)
    there = caches.at(tx, of.repository, _scope(of), key, version)
    if there is None or there.job != by.id:
        raise NotFound(f"This job has begun no entry {key!r}.", next_step="Create it first.")
    return there


def find(tx: Tx, by: Job, keys: Sequence[str], version: str, base: str) -> Hit | None:
    """Look for an entry that a run may read; of use, it stays longer."""
    if not 0 < len(keys) <= results.MOST_KEYS:
        raise InvalidInput(f"Between 1 and {results.MOST_KEYS} keys can be looked for.")
    for key in keys:
        results.check_key(key, version)
    of = suites.run(tx, by.run)
    scopes = _readable(tx, of)
    kept = caches.answering(tx, of.repository, scopes, version, keys)
    found = results.answer(kept, scopes, keys)
    if found is None:
        return None
    caches.use(tx, found)
    return Hit(found.key, uploading.link(tx, base, uploads.upload(tx, found.upload), "r"))


def _readable(tx: Tx, of: Run) -> tuple[str, ...]:
    default = forge.repository(tx, of.repository).default_branch
    return results.readable(_scope(of), str(of.github.get("base_ref") or ""), default)


def _scope(of: Run) -> str:
    return results.scope_of(of.ref, of.github.get("event"))


def _writes(tx: Tx, there: Entry) -> bool:
    try:
        return jobs.job(tx, there.job).state == "running"
    except NotFound:
        return False


def entries(tx: Tx, repository: str, scope: str | None, beginning: str) -> Sequence[Entry]:
    """List what a repository has cached, newest first."""
    return caches.of_repository(tx, repository, scope, beginning)


def drop(tx: Tx, repository: str, number: int) -> None:
    """Delete an entry because somebody wants so, and write down who."""
    gone = [each for each in caches.of_repository(tx, repository) if each.number == number]
    if not gone:
        raise NotFound("This repository caches no such entry.", next_step="List them again.")
    before = {"key": gone[0].key, "ref": gone[0].scope}
    audit.record(tx, _REMOVED, f"cache:{number}", before=before)
    caches.remove(tx, gone)


def repository_named(tx: Tx, path: Mapping[str, Any]) -> Repository | None:
    """Find the repository that an address names by owner and name."""
    return forge.repository_at(tx, path)


def id_named(tx: Tx, owner: str, name: str) -> str:
    """The id of a repository by its name, for whoever may know of it."""
    return forge.find_repository(tx, owner, name).id

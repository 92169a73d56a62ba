"""What forge hands to the composition root."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from fastapi import APIRouter

from towpath.forge import loops
from towpath.forge.api import git, hooks, pulls, rest
from towpath.forge.clients.embedded import copying
from towpath.forge.pages import files, history, repositories, requests, threads
from towpath.forge.store import repositories as repository_rows
from towpath.forge.store.tables import METADATA
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.kept import Kept
from towpath.kernel.plugin import Plugin


def _routes(_: Kernel) -> Sequence[APIRouter]:
    api = (git.router(), hooks.router(), rest.router(), pulls.router())
    pages = (repositories, requests, threads, files, history)
    return (*api, *(page.router() for page in pages))


def _streams(path: str) -> bool:
    return git.streams(path) or hooks.streams(path)


def _kept(data: Path, tx: Tx) -> Iterator[Kept]:
    for each in repository_rows.repositories(tx):
        yield from copying.kept(data, each.id, repository_rows.snapshot(tx, each.id))


PLUGIN = Plugin(
    name="forge",
    package="towpath.forge",
    metadata=METADATA,
    revision="0002",
    routes=_routes,
    handlers=loops.handlers,
    schedules=loops.SCHEDULES,
    heal=loops.heal,
    slots=repositories.SLOTS,
    streams=_streams,
    kept=_kept,
)

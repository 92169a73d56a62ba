"""What forge hands to the composition root."""

from collections.abc import Sequence

from fastapi import APIRouter

from towpath.forge import loops
from towpath.forge.api import git, hooks, pulls, rest
from towpath.forge.pages import files, history, repositories, requests
from towpath.forge.store.tables import METADATA
from towpath.kernel.context import Kernel
from towpath.kernel.plugin import Plugin


def _routes(_: Kernel) -> Sequence[APIRouter]:
    api = (git.router(), hooks.router(), rest.router(), pulls.router())
    pages = (repositories.router(), requests.router(), files.router(), history.router())
    return (*api, *pages)


def _streams(path: str) -> bool:
    return git.streams(path) or hooks.streams(path)


PLUGIN = Plugin(
    name="forge",
    package="towpath.forge",
    metadata=METADATA,
    revision="0001",
    routes=_routes,
    handlers=loops.handlers,
    schedules=loops.SCHEDULES,
    heal=loops.heal,
    slots=repositories.SLOTS,
    streams=_streams,
)

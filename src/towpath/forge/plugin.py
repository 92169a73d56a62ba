"""What forge hands to the composition root."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from fastapi import APIRouter

from towpath.forge import loops
from towpath.forge.api import (
    branches,
    checks,
    comments,
    commits,
    contents,
    git,
    gitdata,
    hooks,
    labels,
    payloads,
    people,
    pulls,
    reactions,
    remarks,
    reviews,
    sealed,
    suites,
)
from towpath.forge.api import repositories as repositories_api
from towpath.forge.api import roles as roles_api
from towpath.forge.api import secrets as secrets_api
from towpath.forge.api import webhooks as webhooks_api
from towpath.forge.clients.embedded import copying
from towpath.forge.pages import (
    comparing,
    files,
    history,
    repositories,
    requests,
    roles,
    searching,
    secrets,
    settings,
    threads,
    webhooks,
)
from towpath.forge.service import watching
from towpath.forge.store import repositories as repository_rows
from towpath.forge.store.tables import METADATA
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.kept import Kept
from towpath.kernel.plugin import Plugin, Resources


def _routes(_: Kernel) -> Sequence[APIRouter]:
    # Order counts: a commit's name may hold slashes, so its checks are asked for before it; and
    # comments on lines are no pull request of that number.
    resources = (
        people, repositories_api, branches, checks, suites, commits, gitdata, contents,
        remarks, pulls, reviews, comments, reactions, labels, webhooks_api, sealed,
    )  # fmt: skip
    spoken = [resource.router() for resource in resources]
    own = (git.router(), hooks.router(), secrets_api.router(), roles_api.router())
    api = (*own, *spoken, people.uncounted())
    pages = (
        *(repositories, requests, threads, comparing, webhooks, secrets, roles, settings),
        *(files, searching, history),
    )
    return (*api, *(page.router() for page in pages))


def _streams(path: str) -> bool:
    return git.streams(path) or hooks.streams(path)


def _kept(data: Path, tx: Tx) -> Iterator[Kept]:
    for each in repository_rows.repositories(tx):
        yield from copying.kept(data, each.id, repository_rows.snapshot(tx, each.id))


def _find(tx: Tx, name: str) -> str | None:
    owner, _, short = name.partition("/")
    found = repository_rows.seek_repository(tx, owner, short)
    return found.id if found else None


def _names(tx: Tx, wanted: Sequence[str]) -> dict[str, str]:
    known = {each.id: each.full_name for each in repository_rows.repositories(tx)}
    return {each: known[each] for each in wanted if each in known}


PLUGIN = Plugin(
    name="forge",
    package="towpath.forge",
    metadata=METADATA,
    revision="0011",
    routes=_routes,
    handlers=lambda kernel: loops.handlers(kernel, payloads.render),
    schedules=loops.SCHEDULES,
    heal=loops.heal,
    slots=repositories.SLOTS,
    streams=_streams,
    resources=Resources(_find, _names, repository_rows.repository_with),
    kept=_kept,
    checks=watching.checks,
    measures=watching.measures,
)

"""What a part hands to the composition root, in one place (its plugin.py)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from sqlalchemy import MetaData
from starlette.requests import Request

from towpath.kernel.access.model import Resource
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound
from towpath.kernel.health import Check, Measure
from towpath.kernel.kept import Kept
from towpath.kernel.outbox import Reaction
from towpath.kernel.work.model import Handler, Schedule

Slot = Callable[[Kernel, Request, Mapping[str, Any]], Markup]


def _nothing(_: Kernel) -> tuple[()]:
    return ()


def _says_nothing(_: Kernel, __: Tx) -> tuple[()]:
    return ()


def _keeps_nothing(_: Path, __: Tx) -> tuple[()]:
    return ()


def _knows_none(_: Tx, __: str) -> None:
    return None


def _never(_: str) -> bool:
    return False


def resource_named(plugins: Iterable["Plugin"], tx: Tx, name: str) -> str:
    """Ask each part whether it knows a resource by this name; NotFound when none does."""
    for part in plugins:
        if part.resources and (found := part.resources.find(tx, name)):
            return found
    raise NotFound(f"There is no {name[:80]!r}.", next_step="Check the spelling: owner/name.")


def names_of(plugins: Iterable["Plugin"], tx: Tx, resources: Sequence[str]) -> dict[str, str]:
    """Say how people call resources; one that no part knows any more is left out."""
    named: dict[str, str] = {}
    for part in plugins:
        if part.resources:
            named |= part.resources.names(tx, resources)
    return named


def resource_with(plugins: Iterable["Plugin"], tx: Tx, id: str) -> Resource | None:
    """Ask each part for the resource with this id."""
    found = (part.resources.get(tx, id) for part in plugins if part.resources)
    return next((each for each in found if each), None)


@dataclass(frozen=True)
class Resources:
    """How a part's resources, on which roles are granted, are called by people.

    `find(tx, name)` gives the id behind a name, `names(tx, ids)` the names behind ids, and
    `get(tx, id)` the resource itself.
    """

    find: Callable[[Tx, str], str | None]
    names: Callable[[Tx, Sequence[str]], Mapping[str, str]]
    get: Callable[[Tx, str], Resource | None] = _knows_none


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One part of the house.

    `package` is the part's import path; its `migrations` folder holds its Alembic history and
    `revision` names the newest one, or is empty for a part without tables. `heal` runs at start,
    before the first request, and compares the outside world with the rows. `slots` let a higher
    part put HTML into a lower part's page ("merge_request", "repository", "home") without the
    lower one knowing. `streams(path)` names requests whose bodies the part reads and limits
    itself: git packs, logs. `checks` and `measures` say how the part is, for the page /health and
    for /metrics. `kept(data, tx)` names what it has in the data directory that a backup
    must hold; `tx` reads the copy of the database, which has been made by then.
    """

    name: str
    package: str
    metadata: MetaData = field(default_factory=MetaData)
    revision: str = ""
    routes: Callable[[Kernel], Sequence[APIRouter]] = _nothing
    handlers: Callable[[Kernel], Sequence[Handler]] = _nothing
    reactions: Callable[[Kernel], Sequence[Reaction]] = _nothing
    schedules: Sequence[Schedule] = ()
    heal: Callable[[Kernel], None] | None = None
    slots: Mapping[str, Slot] = field(default_factory=dict)
    streams: Callable[[str], bool] = _never
    resources: Resources | None = None
    checks: Callable[[Kernel, Tx], Sequence[Check]] = _says_nothing
    measures: Callable[[Kernel, Tx], Sequence[Measure]] = _says_nothing
    kept: Callable[[Path, Tx], Iterable[Kept]] = _keeps_nothing

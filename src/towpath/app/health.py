"""/health: how this installation is, in words: what is happening, is it right, what next."""

import platform
import sqlite3
from collections.abc import Sequence

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

import towpath
from towpath.kernel import presence
from towpath.kernel.access.service import Role
from towpath.kernel.clock import Micros
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.health import Check, disk, worst
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Needs
from towpath.kernel.pages.rendering import render
from towpath.kernel.pages.words import duration
from towpath.kernel.plugin import Plugin
from towpath.kernel.presence import Process
from towpath.kernel.work import service as work
from towpath.kernel.work.service import Lag

VIEWERS = Depends(Needs(Role.viewer))
_LATE_SECONDS = 60.0
_FACT = "fact:"
_WORDS = {
    "good": "All is well",
    "neutral": "All is well",
    "waiting": "Something needs a look",
    "bad": "Something is wrong",
}


def router() -> APIRouter:
    def page(request: Request, kernel: TheKernel) -> Response:
        checks, seen, now = kernel.db.read(
            lambda tx: (
                _checks(kernel, tx, request.app.state.plugins),
                presence.processes(tx),
                tx.now,
            )
        )
        state = worst(checks)
        return render(
            request,
            "app/health.html",
            checks=checks,
            state=state,
            words=_WORDS[state],
            processes=[(each, each.is_alive(now)) for each in seen],
            versions=_versions(kernel),
        )

    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/health", page, methods=["GET"], dependencies=[VIEWERS])
    return routes


def _checks(kernel: Kernel, tx: Tx, parts: Sequence[Plugin]) -> list[Check]:
    lag = work.lag(tx)
    own = [late_work(lag), late_facts(lag), parked(lag), disk(kernel.data)]
    told = [check for part in parts for check in part.checks(kernel, tx)]
    return [*own, processes(presence.processes(tx), tx.now), *told]


def late_work(lag: Sequence[Lag]) -> Check:
    return _late("Work", [kind for kind in lag if not kind.kind.startswith(_FACT)])


def late_facts(lag: Sequence[Lag]) -> Check:
    return _late("Facts", [kind for kind in lag if kind.kind.startswith(_FACT)])


def _late(name: str, lag: Sequence[Lag]) -> Check:
    """Late work means that nobody works, or that there is more of it than can be done."""
    open_items = sum(kind.waiting + kind.running for kind in lag)
    oldest = max((kind.oldest_seconds for kind in lag), default=0.0)
    if oldest <= _LATE_SECONDS:
        return Check(name=name, state="good", words=f"{open_items} on the way, none late")
    return Check(
        name=name,
        state="waiting",
        words=f"{open_items} on the way, the oldest {duration(oldest)} late",
        next_step="Look below whether a worker is alive; if one is, see what it says in its log.",
        page="/work",
    )


def parked(lag: Sequence[Lag]) -> Check:
    count = sum(kind.parked for kind in lag)
    if not count:
        return Check(name="Parked", state="good", words="Nothing waits for a person")
    waits = "1 piece of work waits" if count == 1 else f"{count} pieces of work wait"
    return Check(
        name="Parked",
        state="bad",
        words=f"{waits} for a person",
        next_step="Read what failed, mend it, and try it again there.",
        page="/work",
    )


def processes(seen: Sequence[Process], now: Micros) -> Check:
    """Who left without a word was killed; several versions at once mean an upgrade under way."""
    alive = [each for each in seen if each.is_alive(now)]
    versions = sorted({each.version for each in alive if each.version})
    words = f"{len(alive)} alive, {len(seen) - len(alive)} gone without a word in the last day"
    if len(versions) > 1:
        return Check(
            name="Processes",
            state="waiting",
            words=f"{words}; releases {', '.join(versions)} run side by side",
            next_step="Finish the upgrade: restart those of the older release.",
        )
    if len(alive) < len(seen):
        return Check(
            name="Processes",
            state="neutral",
            words=words,
            next_step="See in their logs why, if nobody stopped them on purpose.",
        )
    return Check(name="Processes", state="good", words=f"{len(alive)} alive")


def _versions(kernel: Kernel) -> list[tuple[str, str]]:
    store = "PostgreSQL" if kernel.db.dialect == "postgresql" else sqlite3.sqlite_version
    name = "Database" if kernel.db.dialect == "postgresql" else "SQLite"
    return [
        ("Towpath", towpath.__version__),
        ("Python", platform.python_version()),
        (name, store),
        ("System", f"{platform.system()} {platform.release()}"),
    ]

"""What pipelines hand to the composition root."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from fastapi import APIRouter

from towpath.kernel.clock import after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.kept import Kept, below
from towpath.kernel.plugin import Plugin
from towpath.kernel.work.model import Handler, Item, Schedule
from towpath.pipelines import loops, pages, reactions, service
from towpath.pipelines.api import identity, left, runner, runs, twirp, uploads
from towpath.pipelines.api.bells import Bells
from towpath.pipelines.service import leaving
from towpath.pipelines.store import crew
from towpath.pipelines.store.tables import METADATA

_FORGET = "pipelines.forget"
_SWEEP = "pipelines.sweep"
_ROTATE = "pipelines.rotate_signers"


def _routes(kernel: Kernel) -> Sequence[APIRouter]:
    bells = Bells(kernel.db)
    return (
        runner.Wire(kernel, bells).router(),
        twirp.Twirp(kernel).router(),
        uploads.Uploads(kernel).router(),
        identity.router(kernel),
        left.router(),
        runs.router(kernel, bells),
        pages.router(),
    )


def _streams(path: str) -> bool:
    return runner.streams(path) or uploads.streams(path)


def _kept(data: Path, tx: Tx) -> Iterable[Kept]:
    """Logs and artifacts; caches can be made again."""
    yield from below(data, "logs")
    yield from service.kept(data, tx)


def _handlers(kernel: Kernel) -> Sequence[Handler]:
    return (
        loops.planner(kernel),
        Handler.transactional(service.EXPIRY, service.expire),
        Handler.transactional(service.TURN, service.take_turns),
        Handler(kind=_FORGET, run=partial(_forget, kernel)),
        Handler(
            kind=leaving.CLEAR,
            run=partial(leaving.clear, kernel),
            max_attempts=leaving.MOST_ATTEMPTS,
        ),
        Handler(kind=_SWEEP, run=partial(_sweep, kernel)),
        Handler(kind=_ROTATE, run=partial(_rotate, kernel)),
    )


def _sweep(kernel: Kernel, _: Item) -> None:
    service.sweep(kernel)


def _rotate(kernel: Kernel, _: Item) -> None:
    service.rotate_signers(kernel)


def _forget(kernel: Kernel, _: Item) -> None:
    now = kernel.db.read(lambda tx: tx.now)
    service.forget(kernel, after(now, -kernel.settings.retention_days * 86_400))


PLUGIN = Plugin(
    name="pipelines",
    package="towpath.pipelines",
    metadata=METADATA,
    revision="0006",
    routes=_routes,
    streams=_streams,
    handlers=_handlers,
    reactions=lambda _: reactions.reactions(),
    schedules=(
        Schedule(name=_FORGET, cron="40 3 * * *", kind=_FORGET, jitter=600),
        Schedule(name=_SWEEP, cron="20 * * * *", kind=_SWEEP, jitter=600),
        Schedule(name=_ROTATE, cron="10 4 * * *", kind=_ROTATE, jitter=600),
    ),
    heal=service.heal,
    slots=pages.SLOTS,
    checks=crew.checks,
    measures=crew.measures,
    kept=_kept,
)

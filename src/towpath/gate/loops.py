"""The loop that carries decisions out, one queue at a time.

observe ─▶ step (one transaction: decide, write down) ─▶ perform in git ─▶ observe …

It ends when nothing is left to do but wait for the world. A crash anywhere in it costs time
only: what was done is seen in git, what was not is decided again.
"""

from collections.abc import Sequence
from functools import partial

import structlog

from towpath.gate import service
from towpath.gate.service import Place, Result
from towpath.kernel import retention
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import TemporaryError
from towpath.kernel.work.model import Handler, Item, Schedule, Then

_SWEEP = "gate.sweep"
_FORGET = "gate.forget"
SCHEDULES = (
    Schedule(name=_SWEEP, cron="* * * * *", kind=_SWEEP),
    Schedule(name=_FORGET, cron="23 3 * * *", kind=_FORGET, jitter=900.0),
)
_PAUSE_SECONDS = 2.0
_log = structlog.get_logger("towpath.gate")


def reconcile(kernel: Kernel, place: Place) -> None:
    """Bring a queue as far as it comes without anybody else.

    A merge that git cannot make is left for a later turn, so that the others go on at once;
    TemporaryError asks for that turn.
    """
    results: list[Result] = []
    troubled: set[int] = set()
    while (sight := service.observe(kernel, place)) is not None:
        step = partial(service.step, url=kernel.url, place=place, sight=sight, results=results)
        effects = [each for each in kernel.db.write(step) if each.number not in troubled]
        if not effects:
            break
        results = []
        for effect in effects:
            result = service.perform(kernel, place, sight, effect)
            _tell(place, effect, result)
            results += [result] if result else []
        troubled |= {r.effect.number for r in results if r.is_trouble}
    if troubled:
        raise TemporaryError("git could not merge everything.", delay=_PAUSE_SECONDS)


def _tell(place: Place, effect: service.Effect, result: Result | None) -> None:
    _log.info(
        "done in git",
        what=type(effect).__name__,
        repository=place.repository,
        branch=place.branch,
        number=effect.number,
        outcome=type(result.outcome).__name__ if result else "",
    )


def heal(kernel: Kernel) -> None:
    """At start, every queue is looked at: the world may have moved while nobody watched."""
    kernel.db.write(service.nudge_all)


def handlers(kernel: Kernel) -> Sequence[Handler]:
    prunes = (service.forget, service.forget_decisions)
    days = kernel.settings.retention_days
    return (
        Handler(kind=service.RECONCILE, run=partial(_reconcile, kernel)),
        Handler.transactional(_SWEEP, _sweep),
        retention.handler(_FORGET, kernel.db, days, prunes),
    )


def _reconcile(kernel: Kernel, item: Item) -> Then | None:
    reconcile(kernel, Place(item.payload["repository"], item.payload["branch"]))
    return None


def _sweep(tx: Tx, _: Item) -> None:
    """No nudge is lost; this finds what nobody announces, such as a suite that was forgotten."""
    service.nudge_all(tx)

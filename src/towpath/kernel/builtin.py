"""The kernel as a part like the others: its routes, its tables, what it does each night."""

from collections.abc import Sequence

from fastapi import APIRouter

from towpath.kernel import outbox, schema
from towpath.kernel.access import api, pages
from towpath.kernel.access import service as access
from towpath.kernel.clock import after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.http import idempotency, live, status
from towpath.kernel.plugin import Plugin
from towpath.kernel.work.model import Handler, Item, Schedule

_AGE = "kernel.forget"
_DAY_SECONDS = 86_400


def _routes(_: Kernel) -> Sequence[APIRouter]:
    return status.router(), live.router(), api.router(), pages.router()


def _handlers(kernel: Kernel) -> Sequence[Handler]:
    days = kernel.settings.retention_days

    def forget(tx: Tx, _: Item) -> None:
        before = after(tx.now, -days * _DAY_SECONDS)
        access.forget_expired(tx)
        idempotency.forget_replies(tx, before)
        outbox.prune(tx, before)

    return (Handler.transactional(_AGE, forget),)


PLUGIN = Plugin(
    name=schema.HISTORY.name,
    package=schema.HISTORY.package,
    metadata=schema.HISTORY.metadata,
    revision=schema.HISTORY.revision,
    routes=_routes,
    handlers=_handlers,
    schedules=(Schedule(name=_AGE, cron="17 3 * * *", kind=_AGE, jitter=900.0),),
)

"""The kernel as a part like the others: its routes, its tables, what it forgets each night."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from fastapi import APIRouter

from towpath.kernel import outbox, presence, retention, schema
from towpath.kernel.access import (
    api,
    pages,
    people_api,
    people_pages,
    recovery,
    session_pages,
)
from towpath.kernel.access import service as access
from towpath.kernel.access.ldap import api as ldap_api
from towpath.kernel.access.oidc import pages as oidc_pages
from towpath.kernel.audit import api as audit_api
from towpath.kernel.audit import pages as audit_pages
from towpath.kernel.audit import service as audit
from towpath.kernel.clock import Micros
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.http import idempotency, live, status
from towpath.kernel.kept import Kept, below
from towpath.kernel.plugin import Plugin
from towpath.kernel.secrets import api as secrets_api
from towpath.kernel.secrets import keys
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work import service as work
from towpath.kernel.work import strangers
from towpath.kernel.work.model import Handler, Schedule

_FORGET = "kernel.forget"
_FORGET_AUDIT = "kernel.forget_audit"


def _routes(_: Kernel) -> Sequence[APIRouter]:
    return (
        status.router(),
        live.router(),
        api.router(),
        people_api.router(),
        pages.router(),
        session_pages.router(),
        people_pages.router(),
        oidc_pages.router(),
        recovery.router(),
        ldap_api.router(),
        audit_api.router(),
        audit_pages.router(),
        secrets_api.router(),
    )


def _handlers(kernel: Kernel) -> Sequence[Handler]:
    prunes = (outbox.prune, work.prune, presence.prune, _replies, _proofs)
    chosen = kernel.settings
    return (
        retention.handler(_FORGET, kernel.db, chosen.retention_days, prunes),
        secrets.handler(kernel),
        retention.handler(_FORGET_AUDIT, kernel.db, chosen.audit_days, (audit.forget,)),
    )


def _replies(tx: Tx, before: Micros, _: None) -> None:
    idempotency.forget_replies(tx, before)


def _proofs(tx: Tx, _: Micros, __: None) -> None:
    access.forget_expired(tx)


def _kept(data: Path, _: Tx) -> Iterator[Kept]:
    for each in below(data, "bootstrap.json"):
        yield replace(each, secret=True)
    for each in below(data, keys.FILE):
        yield replace(each, secret=True)


PLUGIN = Plugin(
    name=schema.HISTORY.name,
    package=schema.HISTORY.package,
    metadata=schema.HISTORY.metadata,
    revision=schema.HISTORY.revision,
    routes=_routes,
    handlers=_handlers,
    kept=_kept,
    heal=secrets.prepare,
    checks=secrets.checks,
    schedules=(
        Schedule(name=strangers.KIND, cron="*/10 * * * *", kind=strangers.KIND),
        Schedule(name=_FORGET, cron="17 3 * * *", kind=_FORGET, jitter=900.0),
        Schedule(name=secrets.ROTATE, cron="47 3 * * *", kind=secrets.ROTATE, jitter=900.0),
        Schedule(name=_FORGET_AUDIT, cron="37 3 * * *", kind=_FORGET_AUDIT, jitter=900.0),
    ),
)

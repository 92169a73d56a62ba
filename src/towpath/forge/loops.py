"""What keeps repositories whole, and what tells others of them.

Healing at start, garbage at night, messages to webhooks.
"""

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from towpath.forge import service
from towpath.forge.service import Happening, Message
from towpath.kernel.clock import after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import TemporaryError, TowpathError
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler, Item, Schedule, Then

_NIGHT = "forge.tidy_all"
_ONE = "forge.tidy"
_AGAIN = "forge.catch_up"
_FORGET = "forge.forget"
SCHEDULES = (
    Schedule(name=_NIGHT, cron="41 2 * * *", kind=_NIGHT, jitter=1800.0),
    Schedule(name=_FORGET, cron="52 3 * * *", kind=_FORGET, jitter=600.0),
)
Render = Callable[[Kernel, str, Happening], list[Message]]
_log = structlog.get_logger("towpath.forge")


def heal(kernel: Kernel) -> None:
    """Clear away what a crash left in the repositories, and let the rows catch up with git.

    A repository that cannot be read is told in the log and holds up none of the others.
    """
    service.install_hook(kernel)
    for known in kernel.db.read(service.repositories):
        try:
            _catch_up(kernel, known.id)
        except (TowpathError, OSError) as error:
            _log.error("repository cannot be read", repository=known.full_name, error=str(error))


def _catch_up(kernel: Kernel, repository: str) -> None:
    """Sync; if git processes of a server that died still write, once more when they have ended."""
    alone = service.clear_locks(kernel, repository)
    service.sync_refs(kernel, repository)
    if not alone:
        kernel.db.write(
            lambda tx: work.add(tx, _AGAIN, {"repository": repository}, key=repository)
        )


def _again(kernel: Kernel, item: Item) -> None:
    if not service.clear_locks(kernel, item.payload["repository"]):
        raise TemporaryError("A git process of an earlier server is still writing.", delay=1.0)
    service.sync_refs(kernel, item.payload["repository"])


def handlers(kernel: Kernel, render: Render) -> Sequence[Handler]:
    """`render` says what happened in the words that receivers of webhooks know."""
    return (
        Handler(kind=service.TELL, run=partial(_tell, kernel, render)),
        Handler(
            kind=service.SEND,
            run=partial(service.send, kernel),
            max_attempts=1_000,  # it counts its own, and a stopped server's are not among them
            lease_seconds=30.0,
            lane="outside",
        ),
        Handler(kind=_FORGET, run=partial(_forget, kernel)),
        Handler.transactional(_NIGHT, _each),
        Handler(kind=service.CLEAR, run=partial(_clear, kernel), lease_seconds=3600.0),
        Handler(kind=_AGAIN, run=partial(_again, kernel), max_attempts=3600),
        Handler(kind=_ONE, run=partial(_tidy, kernel), lease_seconds=3600.0, max_attempts=3),
    )


def _tell(kernel: Kernel, render: Render, item: Item) -> Then:
    """Messages are made once: what a crash repeats before it finds their guid again."""
    repository, guid, happened = service.noted(item.payload)
    messages = render(kernel, repository, happened)
    return lambda tx: service.tell_webhooks(tx, repository, guid, messages)


def _forget(kernel: Kernel, _: Item) -> None:
    days = kernel.settings.retention_days
    kernel.db.write(lambda tx: service.forget_deliveries(tx, after(tx.now, -days * 86_400)))


def _clear(kernel: Kernel, item: Item) -> None:
    service.clear(kernel, item.payload["repository"])


def _each(tx: Tx, _: Item) -> None:
    service.clear_again(tx)
    for known in service.repositories(tx):
        work.add(tx, _ONE, {"repository": known.id}, key=known.id)


def _tidy(kernel: Kernel, item: Item) -> Then | None:
    if service.collect(kernel, item.payload["repository"]):
        _log.info("garbage collected", repository=item.payload["repository"])
    return None

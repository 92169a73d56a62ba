"""Repositories that are deleted.

One transaction takes a repository out of everybody's sight and announces it. What it held goes
later, as work that is done again after a crash: then whoever reads of it by its id has heard.
"""

from functools import partial
from operator import methodcaller

from towpath.facts.forge import RepositoryDeleted
from towpath.forge.clients.embedded import upkeep
from towpath.forge.model.happenings import Deleted
from towpath.forge.service import auditing
from towpath.forge.service.keeping import keeper_of, remove_secret, secrets_of
from towpath.forge.service.notifying import remove_webhook
from towpath.forge.service.noting import actor, note
from towpath.forge.service.telling import wake
from towpath.forge.store import removing as rows
from towpath.forge.store import repositories as repository_rows
from towpath.forge.store import webhooks as webhook_rows
from towpath.kernel.access import service as access
from towpath.kernel.clock import after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.outbox import announce
from towpath.kernel.work import service as work

CLEAR = "forge.clear"
CLEARED_AFTER = 600.0
"""Seconds in which others hear of it, and webhooks are told."""
LOOKED_BACK = 30 * 86_400.0


def delete_repository(tx: Tx, repository: str) -> None:
    """Delete a repository for good; its name is free from now on."""
    gone = repository_rows.repository(tx, repository)
    if not rows.bury(tx, repository):
        return
    for held in secrets_of(tx, keeper_of(gone)):
        remove_secret(tx, keeper_of(gone), held.name)
    for given in access.grants(tx, repository):
        access.grant(tx, repository, None, login=given.login or "", team_slug=given.team or "")
    auditing.repository_deleted(tx, gone)
    announce(tx, RepositoryDeleted(repository))
    note(tx, repository, Deleted(actor(tx)))
    work.add(
        tx, CLEAR, {"repository": repository}, key=repository, due=after(tx.now, CLEARED_AFTER)
    )
    wake(tx, repository)


def clear(kernel: Kernel, repository: str) -> None:
    """Remove what a deleted repository held: files first, for rows lead to them."""
    if kernel.db.read(lambda tx: repository_rows.repository(tx, repository)).gone is None:
        return
    upkeep.remove(kernel, repository)
    for webhook in kernel.db.read(lambda tx: webhook_rows.webhooks(tx, repository)):
        kernel.db.write(partial(remove_webhook, webhook=webhook))
    for statement in rows.remains(repository):
        kernel.db.write(methodcaller("execute", statement))


def clear_again(tx: Tx) -> None:
    """Have those deleted lately looked through once more: something may have come late."""
    for repository in rows.buried(tx, after(tx.now, -LOOKED_BACK)):
        work.add(tx, CLEAR, {"repository": repository}, key=f"{repository}/again")

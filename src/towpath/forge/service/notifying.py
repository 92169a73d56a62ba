"""Webhooks: set up by people, told in the order things happened, asked again when nobody answers.

A message is a row before it is sent, and is sent as due work of its webhook alone: a receiver
that is slow or away holds back its own messages and nobody else's.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from towpath.forge.clients.webhooks import posting
from towpath.forge.model import webhooks as model
from towpath.forge.model.names import handle_of
from towpath.forge.model.webhooks import Answer, Delivery, Message, State, Webhook
from towpath.forge.service import auditing
from towpath.forge.store import webhooks as rows
from towpath.kernel import ids
from towpath.kernel.clock import Micros
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import NotFound, TemporaryError
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Item, Then

SEND = "forge.send"
_SECRET = "webhook"  # noqa: S105 - the kind of its owner


def add_webhook(
    kernel: Kernel, repository: str, url: str, events: Sequence[str], secret: str, *, active: bool
) -> Webhook:
    """Let an address hear of a repository, from a ping on; the secret is kept encrypted."""
    identity = ids.new("webhook")
    made = Webhook(
        id=identity,
        handle=handle_of(identity),
        repository=repository,
        url=model.require_url(url),
        events=model.require_events(tuple(events)),
        active=active,
        failures=0,
        stopped="",
        created=Micros(0),
        updated=Micros(0),
    )
    ring = secrets.load(kernel)
    return kernel.db.write(lambda tx: _add(tx, ring, made, secret))


def _add(tx: Tx, ring: secrets.Ring, made: Webhook, secret: str) -> Webhook:
    made = replace(made, created=tx.now, updated=tx.now)
    rows.add(tx, made)
    if secret:
        secrets.put(tx, ring, _owner(made), "secret", secret)
    auditing.webhook_changed(tx, None, made)
    return made


def change_webhook(
    kernel: Kernel,
    before: Webhook,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    secret: str | None = None,
    active: bool | None = None,
) -> Webhook:
    """Change what is not None; one that was stopped is tried again."""
    after = replace(
        before,
        url=before.url if url is None else model.require_url(url),
        events=before.events if events is None else model.require_events(tuple(events)),
        active=before.active if active is None else active,
        failures=0,
        stopped="",
    )
    ring = secrets.load(kernel)
    return kernel.db.write(lambda tx: _change(tx, ring, before, after, secret))


def _change(
    tx: Tx, ring: secrets.Ring, before: Webhook, after: Webhook, secret: str | None
) -> Webhook:
    rows.change(tx, after)
    if secret:
        secrets.put(tx, ring, _owner(after), "secret", secret)
    elif secret is not None and has_secret(tx, after):
        secrets.delete(tx, _owner(after), "secret")
    auditing.webhook_changed(tx, before, after)
    return after


def remove_webhook(tx: Tx, webhook: Webhook) -> None:
    """Forget a webhook, its secret and what was sent to it."""
    if has_secret(tx, webhook):
        secrets.delete(tx, _owner(webhook), "secret")
    rows.remove(tx, webhook.id)
    auditing.webhook_changed(tx, webhook, None)


def has_secret(tx: Tx, webhook: Webhook) -> bool:
    return bool(secrets.names(tx, _owner(webhook)))


def tell_webhooks(tx: Tx, repository: str, guid: str, messages: Sequence[Message]) -> None:
    """Write each message down for each webhook that wants it; the same `guid` only once.

    Receivers know repeated messages by their guid, so those of one happening differ in it.
    """
    for webhook in rows.webhooks(tx, repository):
        if rows.has_guid(tx, webhook.id, guid):
            continue
        wanted = [message for message in messages if webhook.wants(message.event)]
        for number, message in enumerate(wanted):
            _queue(tx, webhook, f"{guid}-{number}" if number else guid, message)


def ping(tx: Tx, webhook: Webhook, message: Message) -> Delivery:
    return _queue(tx, webhook, ids.new("guid"), message)


def deliver_again(tx: Tx, webhook: Webhook, before: Delivery) -> Delivery:
    """Send a message once more, with the guid it had."""
    message = Message(before.event, before.action, before.body)
    auditing.sent_again(tx, webhook, before)
    return _queue(tx, webhook, before.guid, message, again=True)


def _queue(
    tx: Tx, webhook: Webhook, guid: str, message: Message, *, again: bool = False
) -> Delivery:
    identity = ids.new("delivery")
    made = Delivery(
        id=identity,
        handle=handle_of(identity),
        webhook=webhook.id,
        guid=guid,
        event=message.event,
        action=message.action,
        body=message.body,
        again=again,
        state="waiting",
        attempts=0,
        at=tx.now,
        answer=None,
    )
    rows.add_delivery(tx, made)
    work.add(tx, SEND, {"delivery": identity}, key=identity, order=f"webhook:{webhook.id}")
    return made


def send(kernel: Kernel, item: Item) -> Then | None:
    """Send one message; TemporaryError has it tried again, until the last failure stands."""
    found = kernel.db.read(lambda tx: _open(tx, item.payload["delivery"]))
    if found is None:
        return None
    webhook, delivery = found
    if not webhook.is_on:
        return partial(_leave, delivery)
    answer = posting.post(
        webhook.url,
        headers_of(webhook, delivery, _reveal(kernel, webhook)),
        delivery.body.encode(),
        kernel.clock,
        inside=kernel.settings.webhooks_inside,
    )
    attempts = delivery.attempts + 1
    if answer.taken or attempts >= model.MOST_ATTEMPTS:
        return partial(_settle, webhook.id, delivery.id, answer, attempts)
    kernel.db.write(lambda tx: rows.answered(tx, delivery.id, answer, attempts, "waiting"))
    raise TemporaryError(f"{webhook.url} {answer.words}.", delay=float(2**attempts) / 2)


def _open(tx: Tx, delivery_id: str) -> tuple[Webhook, Delivery] | None:
    """What is still to be sent, and to whom; None when it was removed or sent."""
    delivery = rows.delivery_by_id(tx, delivery_id)
    webhook = rows.by_id(tx, delivery.webhook) if delivery else None
    if delivery is None or webhook is None or delivery.state != "waiting":
        return None
    return webhook, delivery


def _leave(delivery: Delivery, tx: Tx) -> None:
    """Send it no more, for it would wait for ever; somebody may send it again by hand."""
    rows.answered(tx, delivery.id, model.unsent(tx.now), delivery.attempts, "failed")


def _settle(webhook_id: str, delivery: str, answer: Answer, attempts: int, tx: Tx) -> None:
    state: State = "delivered" if answer.taken else "failed"
    rows.answered(tx, delivery, answer, attempts, state)
    webhook = rows.by_id(tx, webhook_id)
    if webhook is None:
        return
    failures, stopped = (0, "") if answer.taken else model.after_failure(webhook)
    if failures != webhook.failures:
        rows.change(tx, replace(webhook, failures=failures, stopped=stopped))


def _reveal(kernel: Kernel, webhook: Webhook) -> str:
    ring = secrets.load(kernel)
    try:
        return kernel.db.read(lambda tx: secrets.get(tx, ring, _owner(webhook), "secret")).reveal()
    except NotFound:
        return ""


def headers_of(webhook: Webhook, delivery: Delivery, secret: str = "") -> dict[str, str]:
    """What a message is sent with; without the secret, all but its proof."""
    told = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/towpath",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(webhook.handle),
        "X-GitHub-Hook-Installation-Target-Type": "repository",
        "X-GitHub-Hook-Installation-Target-ID": str(handle_of(webhook.repository)),
    }
    if secret:
        told["X-Hub-Signature-256"] = model.signature(secret, delivery.body.encode())
    return told


def _owner(webhook: Webhook) -> str:
    return f"{_SECRET}:{webhook.id}"

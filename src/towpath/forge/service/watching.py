"""How webhooks are doing, for the page /health and for /metrics."""

from collections.abc import Sequence

from towpath.forge.model.webhooks import Traffic
from towpath.forge.store import webhooks as rows
from towpath.kernel.clock import SECOND, Micros, after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.health import Check, Measure
from towpath.kernel.pages.words import duration

_HOUR_SECONDS = 3600
_LATE_SECONDS = 600


def checks(_: Kernel, tx: Tx) -> Sequence[Check]:
    """Say nothing where nobody has set up a webhook."""
    if not rows.count(tx):
        return ()
    traffic = _traffic(tx)
    words = (
        f"In the last hour {traffic.delivered} messages were taken and {traffic.failed} were not;"
        f" {traffic.waiting} wait"
    )
    if traffic.stopped:
        where = f"the first of {traffic.named}" if traffic.named else "of private repositories"
        many = f"; {traffic.stopped} stopped, {where}"
        return (
            Check(
                name="Webhooks",
                state="waiting",
                words=words + many,
                next_step="See there what came back, mend the receiver, and save the webhook.",
                page=f"/{traffic.named}/webhooks" if traffic.named else "",
            ),
        )
    late = _waited(traffic, tx.now)
    if late > _LATE_SECONDS:
        return (
            Check(
                name="Webhooks",
                state="waiting",
                words=f"{words}, the oldest for {duration(late)}",
                next_step="See whether a worker is alive, and which receiver does not answer.",
            ),
        )
    return (Check(name="Webhooks", state="good", words=words),)


def measures(_: Kernel, tx: Tx) -> Sequence[Measure]:
    traffic = _traffic(tx)
    states = {
        "delivered": traffic.delivered, "failed": traffic.failed, "waiting": traffic.waiting,
    }  # fmt: skip
    return (
        Measure(
            name="towpath_webhook_messages",
            words="Messages to webhooks: those that wait, and what became of the last hour's.",
            labels=("state",),
            values=[((state,), float(count)) for state, count in states.items()],
        ),
        _gauge(
            "towpath_webhook_oldest_seconds", "How long the oldest message waits.",
            _waited(traffic, tx.now),
        ),
        _gauge(
            "towpath_webhooks_stopped", "Webhooks that too many messages were lost for.",
            float(traffic.stopped),
        ),
    )  # fmt: skip


def _traffic(tx: Tx) -> Traffic:
    return rows.traffic(tx, after(tx.now, -_HOUR_SECONDS))


def _waited(traffic: Traffic, now: Micros) -> float:
    return 0.0 if traffic.oldest is None else max(0.0, (now - traffic.oldest) / SECOND)


def _gauge(name: str, words: str, value: float) -> Measure:
    return Measure(name=name, words=words, values=[((), value)])

"""Rows of webhooks and messages, on both stores."""

import pytest

from towpath.forge.model.webhooks import Answer, Delivery, Webhook
from towpath.forge.store import webhooks
from towpath.kernel.errors import NotFound

ANSWER = Answer(status=200, headers="{}", body="ok", error="", seconds=0.25, at=7)


def hook(name="webhook_1", repository="repo_1"):
    return Webhook(
        id=name, handle=int(name[-1]), repository=repository, url="https://a.example",
        events=("create", "push"), active=True, failures=0, stopped="", created=1, updated=1,
    )  # fmt: skip


def sent(number, state="waiting"):
    return Delivery(
        id=f"delivery_{number}", handle=number, webhook="webhook_1", guid=f"guid_{number}",
        event="push", action=None, body="{}", again=False, state=state, attempts=0, at=number,
        answer=None,
    )  # fmt: skip


def test_a_webhook_comes_back_as_it_was_kept_and_only_where_it_belongs(db):
    db.write(lambda tx: [webhooks.add(tx, one) for one in (hook(), hook("webhook_2", "repo_2"))])
    assert db.read(lambda tx: webhooks.webhooks(tx, "repo_1")) == [hook()]
    assert db.read(lambda tx: webhooks.webhook(tx, "repo_1", 1)) == hook()
    assert db.read(lambda tx: webhooks.by_id(tx, "webhook_2")).repository == "repo_2"
    with pytest.raises(NotFound):
        db.read(lambda tx: webhooks.webhook(tx, "repo_1", 2))


def test_messages_are_listed_newest_first_and_on(db):
    db.write(lambda tx: [webhooks.add_delivery(tx, sent(number)) for number in (1, 2, 3)])
    listed = db.read(lambda tx: webhooks.deliveries(tx, "webhook_1", None, 2))
    assert [one.handle for one in listed] == [3, 2]
    following = db.read(lambda tx: webhooks.deliveries(tx, "webhook_1", listed[-1].id, 2))
    assert following == [sent(1)]
    assert db.read(lambda tx: webhooks.has_guid(tx, "webhook_1", "guid_2"))
    assert not db.read(lambda tx: webhooks.has_guid(tx, "webhook_1", "guid_9"))


def test_an_answer_is_kept_with_its_message(db):
    db.write(lambda tx: webhooks.add_delivery(tx, sent(1)))
    db.write(lambda tx: webhooks.answered(tx, "delivery_1", ANSWER, 3, "delivered"))
    found = db.read(lambda tx: webhooks.delivery(tx, "webhook_1", 1))
    assert (found.answer, found.attempts, found.state) == (ANSWER, 3, "delivered")
    assert db.read(lambda tx: webhooks.delivery_by_id(tx, "delivery_1")) == found


def test_messages_are_counted_by_what_became_of_them(db):
    kept = (sent(1, "failed"), sent(2), sent(3, "delivered"), sent(4, "delivered"), sent(5))
    db.write(lambda tx: [webhooks.add_delivery(tx, one) for one in kept])
    traffic = db.read(lambda tx: webhooks.traffic(tx, 4))
    assert (traffic.delivered, traffic.failed, traffic.waiting, traffic.oldest) == (1, 0, 2, 2)
    assert db.read(webhooks.count) == 0


def test_old_messages_go_unless_they_wait_and_all_go_with_their_webhook(db):
    kept = (sent(1, "failed"), sent(2), sent(3, "delivered"))
    db.write(lambda tx: [webhooks.add_delivery(tx, one) for one in kept])
    db.write(lambda tx: webhooks.forget(tx, 3))
    listed = db.read(lambda tx: webhooks.deliveries(tx, "webhook_1", None, 9))
    assert [one.handle for one in listed] == [3, 2]
    db.write(lambda tx: webhooks.remove(tx, "webhook_1"))
    assert db.read(lambda tx: webhooks.deliveries(tx, "webhook_1", None, 9)) == []

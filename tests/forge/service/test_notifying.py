"""From a change to a message: order, repetition, refusal, and what others' programs make of it."""

import json
from dataclasses import replace

import pytest

from tests.forge.model.test_builds import BUILD
from tests.servers.receiver import receiver
from towpath.forge import service
from towpath.forge.model.webhooks import MOST_FAILURES, Message
from towpath.forge.plugin import PLUGIN
from towpath.forge.service import notifying
from towpath.kernel.clock import after
from towpath.kernel.errors import NotFound
from towpath.kernel.secrets import service as secrets
from towpath.kernel.work.worker import Worker


@pytest.fixture
def there():
    with receiver() as made:
        yield made


@pytest.fixture
def told(hosted, there):
    """A webhook for everything, and a worker that does what is due when asked."""
    kernel = replace(hosted.kernel, settings=replace(hosted.kernel.settings, webhooks_inside=True))
    secrets.prepare(kernel)
    worker = Worker(kernel.db, PLUGIN.handlers(kernel))
    hook = service.add_webhook(kernel, hosted.id, there.url, ["*"], "s3cret", active=True)
    return kernel, hook, worker


def log(told, hook=None):
    kernel, first, _ = told
    return kernel.db.read(lambda tx: service.deliveries(tx, (hook or first).id, None, 50))


def test_a_request_is_told_in_the_order_it_lived(hosted, there, told):
    hosted.branch("topic", a="1")
    hosted.sync()
    hosted.open()
    hosted.kernel.db.write(lambda tx: service.comment(tx, hosted.id, 1, "bob", "Hello."))
    hosted.kernel.db.write(lambda tx: service.review(tx, hosted.id, 1, "bob", "approve"))
    hosted.land(hosted.request().head)
    told[2].run_until_idle()
    assert there.events() == [
        "push", "create", "pull_request", "issue_comment", "pull_request_review", "push",
        "pull_request",
    ]  # fmt: skip
    bodies = [json.loads(body) for _, body in there.got]
    assert [body.get("action") for body in bodies][2:5] == ["opened", "created", "submitted"]
    assert bodies[-1]["action"] == "closed"
    assert bodies[-1]["pull_request"]["merged"] is True
    assert {one.state for one in log(told)} == {"delivered"}


def test_one_message_of_many_has_a_name_of_its_own(hosted, there, told):
    """Receivers drop what comes again under the same name: a new branch is two messages."""
    hosted.branch("topic", a="1")
    hosted.sync()
    told[2].run_until_idle()
    assert there.events() == ["push", "create"]
    assert len({headers["X-GitHub-Delivery"] for headers, _ in there.got}) == 2


def test_how_a_commit_does_is_told_as_it_was_said_and_only_to_who_asked(hosted, there, told):
    kernel, hook, worker = told
    service.change_webhook(kernel, hook, events=["status", "check_suite", "workflow_run"])
    for conclusion in (None, "success"):
        build = replace(BUILD, sha=hosted.copy.sha("main"), conclusion=conclusion)
        kernel.db.write(lambda tx, b=build: service.report_run(tx, hosted.id, b, "so so", "/1"))
    worker.run_until_idle()
    assert there.events() == ["status", "workflow_run", "status", "check_suite", "workflow_run"]
    first, _, second, suite, _ = (json.loads(body) for _, body in there.got)
    assert (first["state"], second["state"]) == ("pending", "success")
    assert suite["check_suite"]["conclusion"] == "success"


def test_a_message_is_signed_and_named(hosted, there, told):
    from towpath.forge.model.webhooks import signature

    hosted.branch("topic", a="1")
    hosted.sync()
    told[2].run_until_idle()
    headers, body = there.got[0]
    assert headers["X-Hub-Signature-256"] == signature("s3cret", body)
    assert headers["X-GitHub-Hook-ID"] == str(told[1].handle)
    assert headers["X-GitHub-Delivery"] == log(told)[-1].guid


def test_one_that_does_not_answer_is_asked_again_then_given_up(hosted, there, told, clock):
    there.status = 500
    hosted.branch("topic", a="1")
    hosted.sync()
    for _ in range(10):
        told[2].run_until_idle()
        clock.advance(300)
    second, first = log(told)
    assert (first.state, first.attempts) == ("failed", 8)
    assert (second.state, first.answer.words) == ("waiting", "answered 500")
    guids = [headers["X-GitHub-Delivery"] for headers, _ in there.got[:8]]
    assert len(set(guids)) == 1
    there.status = 200
    told[2].run_until_idle()
    assert log(told)[0].state == "delivered"
    assert told[0].db.read(lambda tx: service.webhook(tx, hosted.id, told[1].handle)).failures == 0


def test_after_too_many_lost_messages_it_is_stopped_until_somebody_changes_it(hosted, told):
    kernel, hook, _ = told
    tired = replace(hook, failures=MOST_FAILURES - 1)
    from towpath.forge.model.webhooks import Answer
    from towpath.forge.store import webhooks as rows

    kernel.db.write(lambda tx: rows.change(tx, tired))
    sent = kernel.db.write(lambda tx: service.ping(tx, tired, Message("ping", None, "{}")))
    bad = Answer(status=500, headers="{}", body="", error="", seconds=0.1, at=1)
    kernel.db.write(lambda tx: notifying._settle(hook.id, sent.id, bad, 8, tx))
    stopped = kernel.db.read(lambda tx: service.webhook(tx, hosted.id, hook.handle))
    assert "in a row" in stopped.stopped
    again = service.change_webhook(kernel, stopped, active=True)
    assert (again.stopped, again.failures) == ("", 0)


def test_what_waits_for_a_webhook_that_is_turned_off_does_not_wait_for_ever(hosted, there, told):
    kernel, hook, worker = told
    kernel.db.write(lambda tx: service.ping(tx, hook, Message("ping", None, "{}")))
    service.change_webhook(kernel, hook, active=False)
    worker.run_until_idle()
    (left,) = log(told)
    assert (left.state, there.got) == ("failed", [])
    assert "not sent" in left.answer.words


def test_a_private_address_is_refused_unless_allowed(hosted, told, there):
    kernel, hook, _ = told
    strict = replace(kernel, settings=replace(kernel.settings, webhooks_inside=False))
    kernel.db.write(lambda tx: service.ping(tx, hook, Message("ping", None, "{}")))
    from types import SimpleNamespace

    from towpath.kernel.errors import TemporaryError

    sent = log(told)[0]
    with pytest.raises(TemporaryError, match="private address"):
        service.send(strict, SimpleNamespace(payload={"delivery": sent.id}))
    assert there.got == []


def test_the_same_fact_heard_twice_is_told_once(hosted, told):
    kernel, message = told[0], Message("push", None, "{}")
    for _ in range(2):
        kernel.db.write(lambda tx: service.tell_webhooks(tx, hosted.id, "guid_1", [message]))
    assert len(log(told)) == 1


def test_a_message_is_sent_again_by_hand_with_its_guid(hosted, there, told):
    kernel, hook, worker = told
    before = kernel.db.write(lambda tx: service.ping(tx, hook, Message("ping", None, "{}")))
    kernel.db.write(lambda tx: service.deliver_again(tx, hook, before))
    worker.run_until_idle()
    assert len({headers["X-GitHub-Delivery"] for headers, _ in there.got}) == 1
    assert [one.again for one in log(told)] == [True, False]


def test_a_removed_webhook_takes_its_secret_and_log_along(hosted, there, told):
    kernel, hook, worker = told
    sent = kernel.db.write(lambda tx: service.ping(tx, hook, Message("ping", None, "{}")))
    kernel.db.write(lambda tx: service.remove_webhook(tx, hook))
    worker.run_until_idle()
    assert there.got == []
    assert log(told) == []
    assert not kernel.db.read(lambda tx: service.has_secret(tx, hook))
    with pytest.raises(NotFound):
        kernel.db.read(lambda tx: service.delivery(tx, hook.id, sent.handle))


def test_old_messages_are_forgotten_but_not_those_that_wait(hosted, there, told):
    kernel, hook, worker = told
    kernel.db.write(lambda tx: service.ping(tx, hook, Message("ping", None, "{}")))
    worker.run_until_idle()
    kernel.db.write(lambda tx: service.ping(tx, hook, Message("ping", None, "{}")))
    kernel.db.write(lambda tx: service.forget_deliveries(tx, after(tx.now, 60)))
    assert [one.state for one in log(told)] == ["waiting"]

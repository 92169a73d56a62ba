"""How webhooks are doing, in words and in figures."""

from dataclasses import replace

import pytest

from tests.forge.store.test_webhooks import hook, sent
from towpath.forge.service import watching
from towpath.forge.store import webhooks as rows
from towpath.kernel.clock import after


@pytest.fixture
def there(hosted):
    """One webhook of the repository, and a way to give it messages of some age."""
    db = hosted.kernel.db
    db.write(lambda tx: rows.add(tx, hook(repository=hosted.id)))

    def give(number, state, seconds):
        def add(tx):
            rows.add_delivery(tx, replace(sent(number, state), at=after(tx.now, -seconds)))

        db.write(add)

    return give


def said(hosted):
    return hosted.kernel.db.read(lambda tx: watching.checks(hosted.kernel, tx))


def figures(hosted):
    told = hosted.kernel.db.read(lambda tx: watching.measures(hosted.kernel, tx))
    return {one.name: dict(one.values) for one in told}


def test_where_there_is_no_webhook_nothing_is_said(hosted):
    assert said(hosted) == ()
    assert figures(hosted)["towpath_webhook_messages"][("waiting",)] == 0


def test_messages_of_the_last_hour_are_counted_and_all_that_wait(hosted, there):
    for number, (state, age) in enumerate(
        [("delivered", 10), ("delivered", 20), ("failed", 30), ("failed", 4000), ("waiting", 60)]
    ):
        there(number, state, age)
    (one,) = said(hosted)
    assert one.state == "good"
    assert one.words == "In the last hour 2 messages were taken and 1 were not; 1 wait"
    told = figures(hosted)
    assert told["towpath_webhook_messages"] == {
        ("delivered",): 2, ("failed",): 1, ("waiting",): 1,
    }  # fmt: skip
    assert told["towpath_webhook_oldest_seconds"][()] == pytest.approx(60, abs=30)


def test_a_message_that_waits_for_long_is_told_with_what_to_do(hosted, there):
    there(1, "waiting", 7200)
    (one,) = said(hosted)
    assert (one.state, "the oldest for 2 h" in one.words) == ("waiting", True)
    assert one.next_step


def test_a_stopped_webhook_is_named_by_its_repository(hosted, there):
    stopped = replace(hook(repository=hosted.id), stopped="20 messages in a row")
    hosted.kernel.db.write(lambda tx: rows.change(tx, stopped))
    (one,) = said(hosted)
    assert (one.state, one.page) == ("waiting", "/alice/boat/webhooks")
    assert figures(hosted)["towpath_webhooks_stopped"][()] == 1
    hosted.kernel.db.write(lambda tx: rows.change(tx, replace(stopped, active=False)))
    assert said(hosted)[0].state == "good"

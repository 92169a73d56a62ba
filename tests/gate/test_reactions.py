"""Facts nudge queues, and nothing else."""

import pytest
from sqlalchemy import text

from towpath.facts.forge import (
    Commented,
    MergeAsked,
    MergeRequestChanged,
    RefChange,
    RefsMoved,
    RepositoryDeleted,
)
from towpath.facts.pipelines import SuiteFinished
from towpath.forge import service as forge
from towpath.gate import reactions, service
from towpath.kernel.access import service as access
from towpath.kernel.outbox import Delivered

SHA = "a" * 40


@pytest.fixture
def deliver(lock):
    """Hand a fact to the one reaction for it; returns the queues that are to be looked at."""
    by_fact = {each.fact: each for each in reactions.reactions()}

    def hand_over(fact):
        def write(tx):
            tx.execute(text("DELETE FROM work_item"))
            by_fact[type(fact)].handle(tx, Delivered("fact_1", fact, tx.now))
            nudges = "SELECT key FROM work_item WHERE kind = 'gate.reconcile' ORDER BY key"
            return [row["key"].partition("/")[2] for row in tx.rows(text(nudges))]

        return lock.kernel.db.write(write)

    return hand_over


@pytest.fixture
def number(lock):
    made = lock.request("oar", {"oar": "x\n"})
    lock.work()
    return made


def test_a_branch_that_moved_is_looked_at_if_it_has_a_queue(lock, number, deliver):
    moved = [RefChange(f"refs/heads/{name}", SHA, "b" * 40) for name in ("main", "oar")]
    assert deliver(RefsMoved(lock.id, (*moved, RefChange("refs/tags/main", None, SHA)))) == [
        "main"
    ]
    assert deliver(RefsMoved(lock.id, (moved[1],))) == []


def test_a_request_that_changed_is_looked_at_in_the_queue_of_its_target(lock, number, deliver):
    assert deliver(MergeRequestChanged(lock.id, number, "reviewed", SHA)) == ["main"]


def test_who_asks_for_a_merge_has_a_refused_head_tested_again(lock, number, deliver):
    lock.approve(number)
    lock.until_quiet(lambda files: False)
    head = lock.kernel.db.read(lambda tx: forge.merge_request(tx, lock.id, number)).head
    assert deliver(MergeAsked(lock.id, number, "b" * 40, "bob")) == ["main"]
    assert lock.line(number).state == "refused"
    assert deliver(MergeAsked(lock.id, number, head, "bob")) == ["main"]
    lock.until_quiet()
    assert lock.line(number).state == "landed"


def test_a_call_to_merge_crosses_from_the_forge_to_the_gate(lock, number):
    def ask():
        return lock.kernel.db.write(lambda tx: forge.ask_to_merge(tx, lock.id, number, "bob"))

    assert "Nobody but its author has approved" in ask()[0]
    lock.object_to(number)
    assert "carol asked for changes" in ask()[0]
    lock.approve(number, "carol")
    lock.until_quiet(lambda files: False)
    assert lock.line(number).state == "refused"
    assert ask() is None
    lock.until_quiet()
    assert lock.line(number).state == "landed"
    assert "is merged" in ask()[0]


def test_a_suite_that_ended_is_looked_at_only_where_it_matters(lock, number, deliver):
    lock.approve(number)
    lock.work()
    suite = lock.kernel.db.read(
        lambda tx: tx.scalar(text("SELECT suite FROM gate_change WHERE suite IS NOT NULL"))
    )
    ended = {"key": "k", "sha": SHA, "conclusion": "success", "summary": "", "run": None}
    assert deliver(SuiteFinished(repository=lock.id, suite=suite, **ended)) == ["main"]
    assert deliver(SuiteFinished(repository=lock.id, suite="suite_other", **ended)) == []


def test_a_comment_with_a_command_is_answered_once_and_one_without_is_left_alone(
    lock, number, deliver
):
    help_me = Commented(lock.id, number, "comment_1", "vera", "/help")
    assert deliver(help_me) == ["main"]
    deliver(help_me)
    assert len(lock.words(number)) == 1
    assert deliver(Commented(lock.id, number, "comment_2", "bob", "Nice oar.")) == []


def test_the_gate_does_not_listen_to_itself(lock, number, deliver):
    assert deliver(Commented(lock.id, number, "comment_1", service.VOICE, "/help")) == []
    assert lock.words(number) == []


def test_every_consumer_has_its_own_name():
    names = [each.consumer for each in reactions.reactions()]
    assert len(set(names)) == len(names) == 6


def test_a_queue_goes_with_its_repository_and_is_looked_at_no_more(lock, number, deliver):
    lock.kernel.db.write(lambda tx: forge.delete_repository(tx, lock.id))
    assert service.observe(lock.kernel, service.Place(lock.id, "main")) is None
    deliver(RepositoryDeleted(lock.id))
    read = lock.kernel.db.read
    assert read(lambda tx: service.decisions(tx, lock.id, number, limit=9)) == []
    carol = read(lambda tx: access.principal_of(tx, access.known(tx, "carol")))
    assert read(lambda tx: service.moving(tx, carol)) == []
    lock.kernel.db.write(service.nudge_all)

"""What the gate does about the facts of others: it writes rows and has queues looked at.

Every fact is only a nudge. What is decided comes from git, the forge and the pipelines as they
are when the queue is looked at, so a fact that comes late, twice or never changes nothing but
time.
"""

from towpath.facts.forge import (
    Commented,
    MergeAsked,
    MergeRequestChanged,
    RefsMoved,
    RepositoryDeleted,
)
from towpath.facts.pipelines import SuiteFinished
from towpath.gate import service
from towpath.kernel.db.interface import Tx
from towpath.kernel.outbox import Delivered, Reaction

_BRANCHES = "refs/heads/"


def reactions() -> tuple[Reaction, ...]:
    return (
        Reaction("gate.refs_moved", RefsMoved, _refs_moved),
        Reaction("gate.merge_request_changed", MergeRequestChanged, _merge_request_changed),
        Reaction("gate.merge_asked", MergeAsked, _merge_asked),
        Reaction("gate.commented", Commented, _commented),
        Reaction("gate.suite_finished", SuiteFinished, _suite_finished),
        Reaction("gate.repository_deleted", RepositoryDeleted, _repository_deleted),
    )


def _refs_moved(tx: Tx, delivered: Delivered) -> None:
    fact: RefsMoved = delivered.fact
    moved = [c.ref.removeprefix(_BRANCHES) for c in fact.changes if c.ref.startswith(_BRANCHES)]
    service.nudge_branches(tx, fact.repository, moved)


def _merge_request_changed(tx: Tx, delivered: Delivered) -> None:
    fact: MergeRequestChanged = delivered.fact
    service.nudge_request(tx, fact.repository, fact.number)


def _merge_asked(tx: Tx, delivered: Delivered) -> None:
    """Who asks for what was refused at this head wants what `/retry` does; else look again."""
    fact: MergeAsked = delivered.fact
    line = service.explain(tx, fact.repository, fact.number)
    if (line.state, line.head) == ("refused", fact.head):
        service.hear(
            tx,
            service.Heard(
                repository=fact.repository,
                number=fact.number,
                comment=delivered.id,
                author=fact.by,
                body="/retry",
                head=fact.head,
            ),
        )
    service.nudge_request(tx, fact.repository, fact.number)


def _commented(tx: Tx, delivered: Delivered) -> None:
    fact: Commented = delivered.fact
    heard = service.Heard(
        repository=fact.repository,
        number=fact.number,
        comment=fact.comment,
        author=fact.author,
        body=fact.body,
        head=fact.head,
    )
    service.hear(tx, heard)


def _suite_finished(tx: Tx, delivered: Delivered) -> None:
    fact: SuiteFinished = delivered.fact
    service.nudge_suite(tx, fact.suite)


def _repository_deleted(tx: Tx, delivered: Delivered) -> None:
    fact: RepositoryDeleted = delivered.fact
    service.drop_all(tx, fact.repository)

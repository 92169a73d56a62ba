"""What pipelines do about the facts of others."""

from towpath.facts.forge import (
    BuildsAsked,
    MergeRequestChanged,
    RefChange,
    RefsMoved,
    RepositoryDeleted,
)
from towpath.kernel.db.interface import Tx
from towpath.kernel.outbox import Delivered, Reaction
from towpath.pipelines import service

_BRANCHES = "refs/heads/"
_NEW_HEADS = frozenset({"opened", "head_moved", "reopened"})


def reactions() -> tuple[Reaction, ...]:
    return (
        Reaction("pipelines.refs_moved", RefsMoved, _refs_moved),
        Reaction("pipelines.merge_request_changed", MergeRequestChanged, _merge_request_changed),
        Reaction("pipelines.builds_asked", BuildsAsked, _builds_asked),
        Reaction("pipelines.repository_deleted", RepositoryDeleted, _repository_deleted),
    )


def _refs_moved(tx: Tx, delivered: Delivered) -> None:
    fact: RefsMoved = delivered.fact
    for change in fact.changes:
        if change.new and change.ref.startswith(_BRANCHES):
            _pushed(tx, fact.repository, change, f"push/{delivered.id}/{change.ref}")


def _pushed(tx: Tx, repository: str, change: RefChange, key: str) -> None:
    payload = {"ref": change.ref, "before": change.old, "after": change.new, "base": change.old}
    service.trigger(tx, repository, str(change.new), change.ref, "push", key=key, payload=payload)


def _merge_request_changed(tx: Tx, delivered: Delivered) -> None:
    fact: MergeRequestChanged = delivered.fact
    if fact.what in _NEW_HEADS:
        service.trigger_merge_request(
            tx, fact.repository, fact.number, fact.head, key=f"merge_request/{delivered.id}"
        )


def _builds_asked(tx: Tx, delivered: Delivered) -> None:
    fact: BuildsAsked = delivered.fact
    service.run_again(tx, fact.builds, key=f"again/{delivered.id}")


def _repository_deleted(tx: Tx, delivered: Delivered) -> None:
    fact: RepositoryDeleted = delivered.fact
    service.leave(tx, fact.repository)

"""What every change of a merge request goes through: its row, its fact, the pages that show it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from towpath.facts.forge import MergeRequestChanged, What
from towpath.forge.model import requests
from towpath.forge.model.happenings import RequestChanged
from towpath.forge.model.requests import MergeRequest
from towpath.forge.service import auditing
from towpath.forge.service.noting import actor, note
from towpath.forge.store import repositories as repository_rows
from towpath.forge.store import requests as request_rows
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Stale, Unavailable
from towpath.kernel.outbox import announce

T = TypeVar("T")
_TRIES = 20


def until_fresh(attempt: Callable[[], T]) -> T:
    """Attempt again while somebody else is faster; Unavailable if they always are."""
    for _ in range(_TRIES):
        try:
            return attempt()
        except Stale:
            continue
    raise Unavailable(
        "This repository is changing too fast just now.", next_step="Try again in a few seconds."
    )


def add_numbered(tx: Tx, asked: MergeRequest) -> MergeRequest:
    """Write a merge request down under the repository's next number."""
    number = repository_rows.next_number(tx, asked.repository)
    made = replace(asked, number=number, created=tx.now, updated=tx.now)
    request_rows.add_merge_request(tx, made)
    auditing.request_changed(tx, None, made, "opened")
    tell(tx, made, "opened", by=made.author)
    return made


def changed(
    tx: Tx, before: MergeRequest, after: MergeRequest, what: What, *, by: str | None = None
) -> MergeRequest:
    """Write down what a merge request has become; Stale if it is not what it was `before`.

    `by` is who did it, if that is not who asked for this transaction.
    """
    after = requests.dated(after, tx.now)
    request_rows.change_merge_request(tx, before, after)
    auditing.request_changed(tx, before, after, what)
    tell(tx, after, what, by=by)
    return after


def tell(tx: Tx, request: MergeRequest, what: What, *, by: str | None = None) -> None:
    announce(tx, MergeRequestChanged(request.repository, request.number, what, request.head))
    if what != "reviewed":  # of which verdict, the caller notes
        note(tx, request.repository, RequestChanged(request.number, what, by or actor(tx)))
    wake(tx, request.repository, request.number)


def wake(tx: Tx, repository: str, number: int | None = None) -> None:
    tx.wake(f"live:home@{repository}")
    tx.wake(f"live:repository:{repository}@{repository}")
    if number is not None:
        tx.wake(f"live:merge_request:{repository}:{number}@{repository}")

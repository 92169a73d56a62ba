"""Reviews that are begun, changed and then given: until then only their author sees them."""

from collections.abc import Sequence
from dataclasses import replace

from towpath.forge.model import names, requests
from towpath.forge.model.requests import Review, Verdict
from towpath.forge.model.threads import Draft, Thread
from towpath.forge.service.saying import review
from towpath.forge.store import drafts as rows
from towpath.forge.store import requests as request_rows
from towpath.kernel import ids
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict


def draft_review(
    tx: Tx,
    repository: str,
    number: int,
    author: str,
    *,
    body: str,
    head: str | None,
    threads: Sequence[Thread],
) -> Draft:
    """Begin a review; Conflict when its author has begun one here already."""
    request = request_rows.merge_request(tx, repository, number)
    if rows.draft_of(tx, repository, number, author):
        raise Conflict(
            "You have begun a review of this merge request.",
            next_step="Submit or delete it first.",
        )
    identity = ids.new("review")
    made = Draft(
        id=identity,
        number=number,
        author=author,
        head=names.require_sha(head or request.head),
        body=requests.require_body(body),
        at=tx.now,
        threads=tuple(_within(one, identity, tx) for one in threads),
    )
    rows.add(tx, repository, made)
    return made


def _within(thread: Thread, review_id: str, tx: Tx) -> Thread:
    first = replace(thread.remarks[0], review=review_id, at=tx.now)
    return replace(thread, remarks=(first,))


def reword_draft(tx: Tx, before: Draft, body: str) -> Draft:
    after = replace(before, body=requests.require_body(body))
    rows.reword(tx, after)
    return after


def drop_draft(tx: Tx, draft: Draft) -> None:
    rows.remove(tx, draft)


def give_draft(
    tx: Tx, repository: str, draft: Draft, verdict: Verdict, body: str | None
) -> Review:
    """Give a review that was begun, under the id it has, about the commit that was looked at."""
    rows.remove(tx, draft)
    return review(
        tx, repository, draft.number, draft.author, verdict, head=draft.head, begun=draft.id,
        body=draft.body if body is None else body, threads=draft.threads,
    )  # fmt: skip

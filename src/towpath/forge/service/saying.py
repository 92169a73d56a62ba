"""What people and programs say: comments, reviews, and how a commit is doing."""

from collections.abc import Sequence
from dataclasses import replace

from towpath.facts.forge import Commented
from towpath.forge.model import names, requests
from towpath.forge.model.happenings import Reviewed, Said, StatusSet
from towpath.forge.model.requests import Comment, Review, Status, StatusState, Verdict
from towpath.forge.model.threads import Thread
from towpath.forge.service import auditing
from towpath.forge.service.discussing import begin_thread
from towpath.forge.service.noting import actor, note
from towpath.forge.service.telling import tell, wake
from towpath.forge.store import marks as mark_rows
from towpath.forge.store import requests as request_rows
from towpath.kernel import ids
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput
from towpath.kernel.outbox import announce


def comment(
    tx: Tx, repository: str, number: int, author: str, body: str,
    *, head: str | None = None, once: str | None = None,
) -> Comment:  # fmt: skip
    """Say something about `head` (default: where it is now); the same key `once` says it once."""
    request = request_rows.merge_request(tx, repository, number)
    if once and (said := request_rows.comment_once(tx, repository, number, once)):
        return said
    body = requests.require_body(body, empty=False)
    made = Comment(id=ids.new("comment"), author=author, body=body, at=tx.now)
    request_rows.add_comment(tx, repository, number, made, once)
    auditing.said(tx, request, made, None)
    seen = names.require_sha(head or request.head)
    announce(tx, Commented(repository, number, made.id, author, body, seen))
    note(tx, repository, Said(number, made.id))
    wake(tx, repository, number)
    return made


def review(  # noqa: PLR0913 - the parts of a review
    tx: Tx,
    repository: str,
    number: int,
    author: str,
    verdict: Verdict,
    *,
    body: str = "",
    head: str | None = None,
    threads: Sequence[Thread] = (),
    begun: str | None = None,
) -> Review:
    """Judge a merge request at `head`, the commit the reviewer saw (default: where it is now).

    Nobody approves their own; a merged or closed one takes no verdict. `threads` are what the
    reviewer drafted about single lines, `begun` is the id that it has had as a draft.
    """
    request = request_rows.merge_request(tx, repository, number)
    made = requests.judged(
        request,
        Review(
            id=begun or ids.new("review"),
            author=author,
            verdict=verdict,
            head=names.require_sha(head or request.head),
            body=body,
            at=tx.now,
        ),
        needs_words=not threads,
    )
    request_rows.add_review(tx, repository, number, made)
    for one in threads:
        begin_thread(tx, repository, number, one, review=made.id)
    auditing.reviewed(tx, request, made)
    note(tx, repository, Reviewed(number, made.id, dismissed=False, by=author))
    tell(tx, request, "reviewed")
    return made


def set_status(  # noqa: PLR0913 - the fields of a status
    tx: Tx,
    repository: str,
    sha: str,
    context: str,
    state: StatusState,
    description: str = "",
    url: str = "",
    *,
    author: str = "towpath",
) -> Status:
    """Say under the name `context` how a commit is doing; it replaces what was said before."""
    said = requests.require_status(
        Status(
            context=context,
            state=state,
            description=description,
            url=url,
            author=author,
            at=tx.now,
        )
    )
    before = request_rows.status(tx, repository, names.require_sha(sha), context)
    request_rows.put_status(tx, repository, sha, said)
    auditing.status_set(tx, repository, sha, before, said)
    note(tx, repository, StatusSet(sha, said))
    for request in request_rows.open_at(tx, repository, sha):
        wake(tx, repository, request.number)
    return said


def edit_comment(tx: Tx, repository: str, handle: int, body: str) -> tuple[int, Comment]:
    """Give a comment another text; a command in it is not heard again. Says where it stands."""
    number, before = request_rows.find_comment(tx, repository, handle)
    request = request_rows.merge_request(tx, repository, number)
    after = replace(before, body=requests.require_body(body, empty=False), edited=tx.now)
    request_rows.change_comment(tx, after)
    auditing.reworded(tx, request, before, after)
    wake(tx, repository, number)
    return number, after


def delete_comment(tx: Tx, repository: str, handle: int) -> None:
    """Forget a comment and what people put on it."""
    number, gone = request_rows.find_comment(tx, repository, handle)
    mark_rows.delete_reactions(tx, repository, f"comment:{gone.id}")
    request_rows.delete_comment(tx, gone)
    auditing.reworded(tx, request_rows.merge_request(tx, repository, number), gone, None)
    wake(tx, repository, number)


def dismiss(tx: Tx, repository: str, number: int, handle: int, why: str) -> Review:
    """Let a verdict count no more; the gate looks again at once."""
    request = request_rows.merge_request(tx, repository, number)
    before = request_rows.find_review(tx, repository, number, handle)
    if before.verdict == "comment":
        raise InvalidInput("A comment is no verdict.", next_step="Leave it as it is.")
    after = replace(before, dismissed=requests.require_body(why, empty=False))
    request_rows.dismiss_review(tx, after)
    auditing.dismissed(tx, request, before, after)
    note(tx, repository, Reviewed(number, after.id, dismissed=True, by=actor(tx)))
    tell(tx, request, "reviewed")
    return after

"""What of a forge's changes is kept in the audit log, in words that a person can search.

What people and their programs say is kept too: comments, statuses, checks. What our own parts say,
such as how a run is going, tells of things that have a record of their own.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from towpath.facts.forge import RefChange, What
from towpath.forge.model.checks import Check
from towpath.forge.model.marks import Label, Reaction
from towpath.forge.model.requests import Comment, MergeRequest, Repository, Review, Status
from towpath.forge.model.threads import Remark, Thread
from towpath.forge.model.webhooks import Delivery, Webhook
from towpath.forge.store import repositories
from towpath.kernel.audit import service as audit
from towpath.kernel.db.interface import Tx

_ADDED = audit.action("repository.add", "added a repository")
_CHANGED = audit.action(
    "repository.change", "changed a repository's words, main branch or protection"
)
_RENAMED = audit.action("repository.rename", "gave a repository another name")
_DELETED = audit.action("repository.delete", "deleted a repository")
_HIDDEN = audit.action(
    "repository.visibility", "hid a repository from whoever has no role on it, or showed it again"
)
_LABEL = audit.action("repository.label", "added, changed or removed a label of a repository")
_REFS = audit.action("repository.refs", "moved branches or tags")
_REVIEWED = audit.action("merge_request.review", "judged a merge request")
_WEBHOOK = audit.action("repository.webhook", "set up, changed or removed a webhook")
_SETTLED = audit.action("merge_request.settle", "settled a discussion, or took it up again")
_LABELLED = audit.action("merge_request.label", "changed the labels of a merge request")
_DISMISSED = audit.action("merge_request.dismiss", "let a verdict count no more")
_SAID = audit.action("comment.add", "commented")
_REWORDED = audit.action("comment.change", "changed what a comment says")
_UNSAID = audit.action("comment.remove", "removed a comment")
_REACTED = audit.action("comment.react", "put a reaction on something said, or took it back")
_SENT_AGAIN = audit.action("repository.redeliver", "had a message sent to a webhook again")
_STATUS = audit.action("commit.status", "said how a commit is doing")
_CHECK = audit.action("commit.check", "said how a check of a commit is going")
_CHECK_AGAIN = audit.action("commit.check_again", "had checks of a commit done again")
_REQUEST = {
    "opened": audit.action("merge_request.open", "opened a merge request"),
    "edited": audit.action("merge_request.edit", "edited a merge request"),
    "closed": audit.action("merge_request.close", "closed a merge request"),
    "reopened": audit.action("merge_request.reopen", "opened a merge request again"),
    "merged": audit.action("merge_request.merge", "merged a merge request"),
}
_TOLD = ("title", "body", "state", "source", "target", "head", "merged_as")


def repository_added(tx: Tx, made: Repository) -> None:
    about = {"default_branch": made.default_branch, "protected": made.protected}
    audit.record(tx, _ADDED, f"repository:{made.full_name}", after=about)


def repository_changed(tx: Tx, before: Repository, after: Repository) -> None:
    was, now = (
        {name: getattr(one, name) for name in ("description", "default_branch", "protected")}
        for one in (before, after)
    )
    audit.record(tx, _CHANGED, f"repository:{after.full_name}", before=was, after=now)


def repository_hidden(tx: Tx, before: Repository, after: Repository) -> None:
    was, now = ({"visibility": one.visibility} for one in (before, after))
    audit.record(tx, _HIDDEN, f"repository:{after.full_name}", before=was, after=now)


def repository_renamed(tx: Tx, before: Repository, after: Repository) -> None:
    was, now = ({"name": one.full_name} for one in (before, after))
    audit.record(tx, _RENAMED, f"repository:{after.full_name}", before=was, after=now)


def repository_deleted(tx: Tx, gone: Repository) -> None:
    about = {"id": gone.id, "default_branch": gone.default_branch, "protected": gone.protected}
    audit.record(tx, _DELETED, f"repository:{gone.full_name}", before=about)


def label_changed(tx: Tx, repository: str, before: Label | None, after: Label | None) -> None:
    where = repositories.repository(tx, repository)
    was, now = (None if one is None else asdict(one) for one in (before, after))
    audit.record(tx, _LABEL, f"repository:{where.full_name}", before=was, after=now)


def labelled(
    tx: Tx, request: MergeRequest, before: Sequence[Label], after: Sequence[Label]
) -> None:
    was, now = ({"labels": [one.name for one in labels]} for labels in (before, after))
    audit.record(tx, _LABELLED, _subject(tx, request), before=was, after=now)


def dismissed(tx: Tx, request: MergeRequest, before: Review, after: Review) -> None:
    was = {"verdict": before.verdict, "head": before.head, "author": before.author}
    about = was | {"why": after.dismissed}
    audit.record(tx, _DISMISSED, _subject(tx, request), before=was, after=about)


def said(tx: Tx, request: MergeRequest, made: Comment | Remark, thread: Thread | None) -> None:
    """A comment, or a remark in a thread, which is named by the line it stands on."""
    if not _in_person(tx, made.author):
        return
    about = {"author": made.author, "body": made.body}
    if thread is not None:
        about |= {"thread": thread.id, "on": f"{thread.anchor.path}:{thread.anchor.line}"}
    audit.record(tx, _SAID, _subject(tx, request), after=about)


def reacted(
    tx: Tx, repository: str, subject: str, before: Reaction | None, after: Reaction | None
) -> None:
    """`subject` names what was reacted to: a request by its number, a comment by its id."""
    was, now = (
        None if one is None else {"on": subject, "content": one.content, "author": one.author}
        for one in (before, after)
    )
    where = repositories.repository(tx, repository)
    audit.record(tx, _REACTED, f"repository:{where.full_name}", before=was, after=now)


def sent_again(tx: Tx, webhook: Webhook, sent: Delivery) -> None:
    about = {"webhook": webhook.id, "url": webhook.url, "event": sent.event, "guid": sent.guid}
    where = repositories.repository(tx, webhook.repository)
    audit.record(tx, _SENT_AGAIN, f"repository:{where.full_name}", after=about)


def status_set(tx: Tx, repository: str, sha: str, before: Status | None, after: Status) -> None:
    if not _in_person(tx, after.author):
        return
    told = ("context", "state", "description", "url", "author")
    was, now = (
        None if one is None else {name: getattr(one, name) for name in told}
        for one in (before, after)
    )
    audit.record(tx, _STATUS, _commit(tx, repository, sha), before=was, after=now)


def check_told(tx: Tx, repository: str, before: Check | None, after: Check) -> None:
    told = ("name", "status", "conclusion", "title", "author")
    was, now = (
        None if one is None else {name: getattr(one, name) for name in told}
        for one in (before, after)
    )
    audit.record(tx, _CHECK, _commit(tx, repository, after.sha), before=was, after=now)


def asked_again(tx: Tx, repository: str, asked: Sequence[Check]) -> None:
    about = {"checks": [one.name for one in asked], "author": asked[0].author}
    audit.record(tx, _CHECK_AGAIN, _commit(tx, repository, asked[0].sha), after=about)


def reworded(
    tx: Tx, request: MergeRequest, before: Comment | Remark, after: Comment | Remark | None
) -> None:
    """`after` is None for a comment that is removed; whose it was stays known either way."""
    was = {"author": before.author, "body": before.body}
    now = None if after is None else {"author": after.author, "body": after.body}
    action = _UNSAID if after is None else _REWORDED
    audit.record(tx, action, _subject(tx, request), before=was, after=now)


def refs_moved(tx: Tx, repository: Repository, changes: Sequence[RefChange]) -> None:
    """One entry for all that one push or landing moved; the log keeps the first hundred."""
    was = [f"{change.ref} {change.old}" for change in changes if change.old]
    now = [f"{change.ref} {change.new}" for change in changes if change.new]
    about = {"refs": now, "count": len(changes)}
    audit.record(
        tx, _REFS, f"repository:{repository.full_name}", before={"refs": was}, after=about
    )


def request_changed(tx: Tx, before: MergeRequest | None, after: MergeRequest, what: What) -> None:
    """A head that moved is told by the push that moved it."""
    if what not in _REQUEST:
        return
    audit.record(
        tx,
        _REQUEST[what],
        _subject(tx, after),
        before=None if before is None else _told(before),
        after=_told(after),
    )


def reviewed(tx: Tx, request: MergeRequest, made: Review) -> None:
    about = {"verdict": made.verdict, "head": made.head, "author": made.author, "body": made.body}
    audit.record(tx, _REVIEWED, _subject(tx, request), after=about)


def settled(tx: Tx, request: MergeRequest, thread: Thread, by: str | None) -> None:
    audit.record(
        tx,
        _SETTLED,
        _subject(tx, request),
        before={"thread": thread.id, "settled_by": thread.resolved_by},
        after={"thread": thread.id, "settled_by": by},
    )


def webhook_changed(tx: Tx, before: Webhook | None, after: Webhook | None) -> None:
    """The address is told, for it says where the code's news go; the secret never is."""
    shown = after or before
    if shown is None:
        return
    where = repositories.repository(tx, shown.repository)
    audit.record(
        tx,
        _WEBHOOK,
        f"repository:{where.full_name}",
        before=None if before is None else _webhook(before),
        after=None if after is None else _webhook(after),
    )


def _webhook(told: Webhook) -> dict[str, Any]:
    return {"id": told.id, "url": told.url, "events": told.events, "active": told.active}


def _in_person(tx: Tx, author: str) -> bool:
    """Whether the caller speaks for themselves; a part of ours has a voice of its own."""
    return tx.origin.proof != "system" and tx.origin.login == author


def _commit(tx: Tx, repository: str, sha: str) -> str:
    return f"commit:{repositories.repository(tx, repository).full_name}@{sha}"


def _subject(tx: Tx, request: MergeRequest) -> str:
    where = repositories.repository(tx, request.repository)
    return f"merge_request:{where.full_name}#{request.number}"


def _told(request: MergeRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in _TOLD}

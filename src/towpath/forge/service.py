"""The verbs of forge: the one door for gate, pipelines and whoever comes later.

Verbs that take `tx` are SQL alone and join the caller's transaction. Verbs that take `kernel`
run git, so they belong outside transactions. Git is the truth for refs: rows are a snapshot that
`sync_refs` compares with git, and what moved is announced in the transaction that writes it down.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from towpath.facts.forge import Commented, MergeRequestChanged, RefsMoved, What
from towpath.forge.clients.embedded import hook, objects
from towpath.forge.clients.embedded import refs as git_refs
from towpath.forge.clients.embedded.history import GitHistory
from towpath.forge.clients.embedded.hook import install_hook, push_of
from towpath.forge.clients.embedded.merging import (
    Conflicted,
    Merged,
    merge,
)
from towpath.forge.clients.embedded.objects import (
    Commit,
    Signature,
    branch_subject,
    commits,
    list_files,
    read_file,
)
from towpath.forge.clients.embedded.refs import base_of, is_ancestor, merge_base, refs, resolve
from towpath.forge.clients.embedded.upkeep import clear_locks, collect, require_room
from towpath.forge.clients.embedded.wire import Program, advertise, receive_pack, upload_pack
from towpath.forge.formats import diffs
from towpath.forge.formats.diffs import Diff, DiffFile, as_patch
from towpath.forge.model import names, requests
from towpath.forge.model.following import Known, Opening, Plan, Synced, make_plan, tell_pusher
from towpath.forge.model.refs import Pending, Push, RefUpdate, intents, refusals
from towpath.forge.model.requests import (
    Comment,
    MergeRequest,
    Repository,
    Review,
    Status,
    StatusState,
    Verdict,
    current_reviews,
    worst_state,
)
from towpath.forge.store import repositories as repository_rows
from towpath.forge.store import requests as request_rows
from towpath.forge.store.repositories import find_repository, repositories, repository
from towpath.forge.store.requests import (
    comments,
    count_merge_requests,
    merge_request,
    merge_requests,
    open_merge_requests,
    reviews,
    search_merge_requests,
    statuses,
)
from towpath.kernel import ids
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput, Stale, Unavailable
from towpath.kernel.outbox import announce

__all__ = [
    "Comment", "Commit", "Conflicted", "Diff", "DiffFile", "MergeRequest", "Merged", "Program",
    "Push", "RefUpdate", "Repository", "Review", "Signature", "Status", "StatusState", "Synced",
    "Verdict", "admit_push", "advertise", "as_patch", "base_of", "branch_subject", "clear_locks",
    "close", "collect", "comment", "comments", "commits", "count_merge_requests",
    "create_repository", "current_reviews", "diff", "edit", "find_repository", "install_hook",
    "is_ancestor", "list_files", "merge", "merge_base", "merge_request", "merge_requests",
    "open_merge_request", "open_merge_requests", "push_of", "read_file", "receive_push", "refs",
    "reopen", "repositories", "repository", "require_room", "resolve", "review", "reviews",
    "search_merge_requests", "set_status", "statuses", "sync_refs", "update_refs", "upload_pack",
    "worst_state",
]  # fmt: skip
T = TypeVar("T")
_TRIES = 20


def create_repository(
    kernel: Kernel, owner: str, name: str, *, default_branch: str = "main"
) -> Repository:
    """Make an empty repository whose default branch is protected; Conflict when it exists."""
    made = requests.new_repository(
        ids.new("repo"), owner, name, default_branch, kernel.clock.now()
    )
    kernel.db.read(lambda tx: repository_rows.require_free(tx, owner, name))
    # Git first: a crash then leaves a folder that nothing names, not a row without a repository.
    git_refs.create(kernel, made.id, default_branch)
    kernel.db.write(lambda tx: _add_repository(tx, made))
    return made


def _add_repository(tx: Tx, made: Repository) -> None:
    repository_rows.require_free(tx, made.owner, made.name)
    repository_rows.add_repository(tx, replace(made, created=tx.now))
    _wake(tx, made.id)


def open_merge_request(
    kernel: Kernel,
    repository: str,
    *,
    title: str,
    body: str,
    author: str,
    source: str,
    target: str,
) -> MergeRequest:
    """Ask for the branch `source` to be merged into `target`.

    Conflict when the same is asked for already, InvalidInput when there is nothing to merge.
    """

    def attempt() -> MergeRequest:
        head, tip, base = _ends(kernel, repository, source, target)
        asked = requests.asked(
            repository, title=title, body=body, author=author, source=source, target=target,
            head=head, base=base, now=kernel.clock.now(),
        )  # fmt: skip
        return kernel.db.write(lambda tx: _open(tx, asked, tip))

    return _until_fresh(attempt)


def _ends(kernel: Kernel, repository: str, source: str, target: str) -> tuple[str, str, str]:
    """Find the source's tip, the target's tip and their base; they differ, or InvalidInput."""
    wanted = (names.branch_ref(source), names.branch_ref(target))
    found = kernel.db.read(
        lambda tx: [repository_rows.snapshot_ref(tx, repository, ref) for ref in wanted]
    )
    head, tip = found
    if head is None or tip is None:
        missing = source if head is None else target
        raise InvalidInput(f"There is no branch {missing}.", next_step=f"Push {missing} first.")
    base = git_refs.merge_base(kernel, repository, tip, head)
    return head, tip, requests.require_base(source, target, head, base)


def _open(tx: Tx, asked: MergeRequest, tip: str) -> MergeRequest:
    request_rows.require_tips(tx, asked, tip)
    request_rows.require_no_rival(tx, asked)
    return _number(tx, asked)


def _number(tx: Tx, asked: MergeRequest) -> MergeRequest:
    number = repository_rows.next_number(tx, asked.repository)
    made = replace(asked, number=number, created=tx.now, updated=tx.now)
    request_rows.add_merge_request(tx, made)
    _tell(tx, made, "opened")
    return made


def edit(
    tx: Tx, repository: str, number: int, *, title: str | None = None, body: str | None = None
) -> MergeRequest:
    """Give a merge request other words; what is None stays."""
    before = request_rows.merge_request(tx, repository, number)
    after = replace(
        before,
        title=before.title if title is None else requests.require_title(title),
        body=before.body if body is None else requests.require_body(body),
    )
    return _changed(tx, before, after, "edited")


def close(tx: Tx, repository: str, number: int) -> MergeRequest:
    """Close without merging; Conflict when it is not open."""
    before = request_rows.merge_request(tx, repository, number)
    return _changed(tx, before, requests.close(before), "closed")


def reopen(kernel: Kernel, repository: str, number: int) -> MergeRequest:
    """Open again what was closed, at where its source is now; Conflict when it was merged."""

    def attempt() -> MergeRequest:
        before = kernel.db.read(lambda tx: request_rows.merge_request(tx, repository, number))
        opened = requests.reopen(before)
        head, tip, base = _ends(kernel, repository, before.source, before.target)
        after = replace(opened, head=head, base=base)
        return kernel.db.write(lambda tx: _reopen(tx, before, after, tip))

    return _until_fresh(attempt)


def _reopen(tx: Tx, before: MergeRequest, after: MergeRequest, tip: str) -> MergeRequest:
    request_rows.require_tips(tx, after, tip)
    request_rows.require_no_rival(tx, after)
    return _changed(tx, before, after, "reopened")


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
    seen = names.require_sha(head or request.head)
    announce(tx, Commented(repository, number, made.id, author, body, seen))
    _wake(tx, repository, number)
    return made


def review(
    tx: Tx,
    repository: str,
    number: int,
    author: str,
    verdict: Verdict,
    *,
    body: str = "",
    head: str | None = None,
) -> Review:
    """Judge a merge request at `head`, the commit the reviewer saw (default: where it is now).

    Nobody approves their own; a merged or closed one takes no verdict.
    """
    request = request_rows.merge_request(tx, repository, number)
    made = requests.judged(
        request,
        Review(
            id=ids.new("review"),
            author=author,
            verdict=verdict,
            head=names.require_sha(head or request.head),
            body=body,
            at=tx.now,
        ),
    )
    request_rows.add_review(tx, repository, number, made)
    _tell(tx, request, "reviewed")
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
    request_rows.put_status(tx, repository, names.require_sha(sha), said)
    for request in request_rows.open_at(tx, repository, sha):
        _wake(tx, repository, request.number)
    return said


def diff(kernel: Kernel, repository: str, base: str, head: str) -> Diff:
    """What changed from base to head, cut off where a page would become unreadable."""
    listed, patch, whole = objects.raw_diff(kernel, repository, base, head)
    return diffs.parse(listed, patch, whole=whole)


def update_refs(kernel: Kernel, repository: str, updates: Sequence[RefUpdate]) -> Synced:
    """Move refs all or none, each only from its `old`: on return git and rows have it on disk.

    Raises Stale naming the first ref that is elsewhere. Protection does not bind this verb.
    """
    git_refs.move(kernel, repository, updates)
    return sync_refs(kernel, repository)


def admit_push(tx: Tx, push: Push, updates: Sequence[RefUpdate], options: Sequence[str]) -> None:
    """Let a push move these refs, or raise InvalidInput with a sentence for each fault.

    The merge requests it asks for are written down before the refs move, so that a crash in
    between loses none of them.
    """
    into = repository_rows.repository(tx, push.repository)
    faults = refusals(updates, protected=into.protected, trusted=push.trusted)
    if faults:
        raise InvalidInput("\n".join(faults), next_step="Nothing of this push was taken.")
    for wish in intents(options, updates, into.default_branch):
        requests.require_title(wish.title or wish.source)
        requests.require_body(wish.description)
        pending = Pending(ids.new("intent"), push.id, push.author, wish, tx.now)
        repository_rows.add_intent(tx, push.repository, pending)


def receive_push(kernel: Kernel, push: Push, body: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """Take a push as git's wire has it; its report comes after rows and git are on disk."""

    def finish() -> list[str]:
        synced = sync_refs(kernel, push.repository, push=push.id)
        into = kernel.db.read(lambda tx: repository(tx, push.repository))
        return tell_pusher(synced, f"{kernel.url}/{into.full_name}", into.default_branch)

    return receive_pack(
        kernel, push.repository, body, environment=hook.environment(kernel, push), finish=finish
    )


def sync_refs(kernel: Kernel, repository: str, *, push: str | None = None) -> Synced:
    """Compare git with our rows, write down and announce what moved, in one transaction.

    Any number may run at once: the snapshot is written by compare and set, so each move is
    announced once. `push` names one that has ended: what it asked for in vain is forgotten.
    """
    history = GitHistory(kernel, repository)

    def attempt() -> Synced:
        known = kernel.db.read(lambda tx: request_rows.known(tx, repository))
        # After the rows, so that git is never older than the snapshot it is compared with.
        after = git_refs.branches_and_tags(kernel, repository)
        plan = make_plan(known, after, history, ended=push, now=kernel.clock.now())
        if plan.empty:
            return Synced()
        # Rows are the acknowledgement, so what they speak of must be on disk before them.
        git_refs.make_durable(kernel, repository, [change.ref for change in plan.changes])
        return kernel.db.write(lambda tx: _apply(tx, known, plan))

    return _until_fresh(attempt)


def _apply(tx: Tx, known: Known, plan: Plan) -> Synced:
    repository = known.repository
    moved = {change.ref: change.new for change in plan.changes}
    repository_rows.advance_snapshot(tx, repository.id, repository.snapshot, moved)
    if plan.changes:
        announce(tx, RefsMoved(repository.id, plan.changes))
    for step in plan.steps:
        _changed(tx, step.before, step.after, step.event)
    numbers = {opening.pending.id: _fulfil(tx, opening) for opening in plan.openings}
    ended = [intent for intent in known.pending if intent.id in plan.settled]
    repository_rows.delete_intents(tx, plan.settled)
    _wake(tx, repository.id)
    found = (numbers.get(intent.id, intent.number) for intent in ended)
    told = dict.fromkeys([*(number for number in found if number), *numbers.values()])
    return Synced(
        plan.changes,
        tuple(merge_request(tx, repository.id, number) for number in told),
        tuple(one.wish for one in ended if not numbers.get(one.id, one.number)),
    )


def _fulfil(tx: Tx, found: Opening) -> int:
    asked = found.request
    there = request_rows.open_between(tx, asked.repository, asked.source, asked.target)
    number = (there or _number(tx, asked)).number
    repository_rows.fulfil_intent(tx, found.pending.id, number)
    return number


def _until_fresh(attempt: Callable[[], T]) -> T:
    for _ in range(_TRIES):
        try:
            return attempt()
        except Stale:
            continue
    raise Unavailable(
        "This repository is changing too fast just now.", next_step="Try again in a few seconds."
    )


def _changed(tx: Tx, before: MergeRequest, after: MergeRequest, what: What) -> MergeRequest:
    after = requests.dated(after, tx.now)
    request_rows.change_merge_request(tx, before, after)
    _tell(tx, after, what)
    return after


def _tell(tx: Tx, request: MergeRequest, what: What) -> None:
    announce(tx, MergeRequestChanged(request.repository, request.number, what, request.head))
    _wake(tx, request.repository, request.number)


def _wake(tx: Tx, repository: str, number: int | None = None) -> None:
    tx.wake("live:home")
    tx.wake(f"live:repository:{repository}")
    if number is not None:
        tx.wake(f"live:merge_request:{repository}:{number}")

"""Moving refs, and bringing the rows up to where git is."""

from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence

from towpath.facts.forge import RefsMoved
from towpath.forge.clients.embedded import hook
from towpath.forge.clients.embedded import refs as git_refs
from towpath.forge.clients.embedded.history import GitHistory
from towpath.forge.clients.embedded.wire import receive_pack
from towpath.forge.model import requests
from towpath.forge.model.following import (
    Known,
    Opening,
    Plan,
    Step,
    Synced,
    make_plan,
    tell_pusher,
)
from towpath.forge.model.happenings import RefMoved
from towpath.forge.model.refs import BRANCHES, Mover, Pending, Push, RefUpdate, intents, refusals
from towpath.forge.service import auditing
from towpath.forge.service.noting import OURSELVES, note
from towpath.forge.service.telling import add_numbered, changed, until_fresh, wake
from towpath.forge.store import repositories as repository_rows
from towpath.forge.store import requests as request_rows
from towpath.kernel import ids, origin
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput
from towpath.kernel.outbox import announce


def update_refs(kernel: Kernel, repository: str, updates: Sequence[RefUpdate]) -> Synced:
    """Move refs all or none, each only from its `old`: on return git and rows have it on disk.

    Raises Stale naming the first ref that is elsewhere. Protection does not bind this verb.
    """
    push = ids.new("push")
    author = origin.current().login
    if author not in {"", OURSELVES}:
        kernel.db.write(lambda tx: _note_movers(tx, repository, push, author, updates))
    git_refs.move(kernel, repository, updates)
    return sync_refs(kernel, repository, push=push)


def _note_movers(
    tx: Tx, repository: str, push: str, author: str, updates: Sequence[RefUpdate]
) -> None:
    """Write down who moves refs before they move: whoever finds them moved may be another."""
    repository_rows.add_movers(
        tx,
        repository,
        [Mover(ids.new("mover"), push, one.ref, one.new, author, tx.now) for one in updates],
    )


def admit_push(tx: Tx, push: Push, updates: Sequence[RefUpdate], options: Sequence[str]) -> None:
    """Let a push move these refs, or raise InvalidInput with a sentence for each fault.

    The merge requests it asks for are written down before the refs move, so that a crash in
    between loses none of them.
    """
    into = repository_rows.repository(tx, push.repository)
    faults = refusals(updates, protected=into.protected, trusted=push.trusted)
    if faults:
        raise InvalidInput("\n".join(faults), next_step="Nothing of this push was taken.")
    _note_movers(tx, push.repository, push.id, push.author, updates)
    for wish in intents(options, updates, into.default_branch):
        requests.require_title(wish.title or wish.source)
        requests.require_body(wish.description)
        pending = Pending(ids.new("intent"), push.id, push.author, wish, tx.now)
        repository_rows.add_intent(tx, push.repository, pending)


def receive_push(kernel: Kernel, push: Push, body: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """Take a push as git's wire has it; its report comes after rows and git are on disk."""

    def finish() -> list[str]:
        hook.end(push)
        synced = sync_refs(kernel, push.repository, push=push.id)
        into = kernel.db.read(lambda tx: repository_rows.repository(tx, push.repository))
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

    return until_fresh(attempt)


def _apply(tx: Tx, known: Known, plan: Plan) -> Synced:
    repository = known.repository
    moved = {change.ref: change.new for change in plan.changes}
    repository_rows.advance_snapshot(tx, repository.id, repository.snapshot, moved)
    if plan.changes:
        announce(tx, RefsMoved(repository.id, plan.changes))
        auditing.refs_moved(tx, repository, plan.changes)
    authors = known.authors
    by = [authors.get((change.ref, change.new), OURSELVES) for change in plan.changes]
    moves = [RefMoved(c.ref, c.old, c.new, who) for c, who in zip(plan.changes, by, strict=True)]
    note(tx, repository.id, *moves)
    for step in plan.steps:
        changed(tx, step.before, step.after, step.event, by=_causer(authors, moved, step))
    numbers = {opening.pending.id: _fulfil(tx, opening) for opening in plan.openings}
    ended = [intent for intent in known.pending if intent.id in plan.settled]
    repository_rows.delete_intents(tx, plan.settled)
    repository_rows.delete_movers(tx, plan.passed)
    wake(tx, repository.id)
    found = (numbers.get(intent.id, intent.number) for intent in ended)
    told = dict.fromkeys([*(number for number in found if number), *numbers.values()])
    return Synced(
        plan.changes,
        tuple(request_rows.merge_request(tx, repository.id, number) for number in told),
        tuple(one.wish for one in ended if not numbers.get(one.id, one.number)),
    )


def _causer(
    authors: Mapping[tuple[str, str | None], str], moved: Mapping[str, str | None], step: Step
) -> str:
    """Who moved the branch that a merge request followed: its source, or the target it is in."""
    source, target = (BRANCHES + name for name in (step.after.source, step.after.target))
    ref = source if source in moved and step.event != "merged" else target
    return authors.get((ref, moved.get(ref)), OURSELVES)


def _fulfil(tx: Tx, found: Opening) -> int:
    asked = found.request
    there = request_rows.open_between(tx, asked.repository, asked.source, asked.target)
    number = (there or add_numbered(tx, asked)).number
    repository_rows.fulfil_intent(tx, found.pending.id, number)
    return number

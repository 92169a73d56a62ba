"""Discussions on lines of a diff: begun, answered, settled, found again after more pushes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from towpath.forge.clients.embedded import refs as git_refs
from towpath.forge.clients.embedded import trees
from towpath.forge.formats import spots
from towpath.forge.model import names, requests
from towpath.forge.model.diffs import Diff
from towpath.forge.model.happenings import RemarkMoved, Settled
from towpath.forge.model.places import visible
from towpath.forge.model.requests import MergeRequest
from towpath.forge.model.threads import (
    Anchor,
    Remark,
    Seen,
    Shift,
    Thread,
    Wanted,
    line_now,
    require_anchor,
)
from towpath.forge.service import auditing
from towpath.forge.service.comparing import diff
from towpath.forge.service.noting import actor, note
from towpath.forge.service.telling import wake
from towpath.forge.store import marks as mark_rows
from towpath.forge.store import requests as request_rows
from towpath.forge.store import threads as rows
from towpath.kernel import ids
from towpath.kernel.clock import Micros
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput, NotFound

_MOST_LOOKS = 100


@dataclass(frozen=True)
class Placed:
    """A thread and where its line is now; None when that line was changed or is gone.

    It stays 0 for one about a whole file.
    """

    thread: Thread
    line: int | None


Place = tuple[Anchor, Seen | None]


def start_thread(
    kernel: Kernel, repository: str, number: int, author: str, body: str, anchor: Anchor
) -> Thread:
    """Begin a discussion on a line; InvalidInput when the commit has no such line."""
    if not trees.has_line(kernel, repository, anchor.commit, anchor.path, anchor.line):
        raise InvalidInput(
            f"There is no line {anchor.line} in {anchor.path} at {anchor.commit[:10]}.",
            next_step="Load the diff again and choose a line that it shows.",
        )
    drafted = draft_thread(author, body, (anchor, None))
    return kernel.db.write(lambda tx: begin_thread(tx, repository, number, drafted))


def places(
    kernel: Kernel, request: MergeRequest, head: str, wanted: Sequence[Wanted]
) -> list[Place]:
    """Find lines in the diff up to `head`; InvalidInput names the one that is not in it."""
    if not wanted:
        return []
    base = git_refs.base_of(kernel, request)
    try:
        changed = diff(kernel, request.repository, base, names.require_sha(head))
    except NotFound as error:
        raise InvalidInput(
            f"There is no commit {head} here.", next_step="Name one that was pushed."
        ) from error
    return [_place(changed, base, head, one) for one in wanted]


def _place(changed: Diff, base: str, head: str, one: Wanted) -> Place:
    if one.whole_file and any(one.path == file.path for file in changed.files):
        anchor = Anchor(path=one.path, side="new", line=0, commit=head)
        return anchor, Seen(head=head, position=0, hunk="")
    if one.line is not None:
        found = spots.at_line(changed, one.path, one.side, one.line)
    else:
        found = spots.at_position(changed, one.path, one.position or 0)
    if found is None or (one.start is not None and not 1 <= one.start < found.line):
        raise InvalidInput(
            f"{visible(one.path[:200])} has no such line in the diff up to {head[:10]}.",
            next_step="Give path, and line with side or position, as /files shows them, or"
            " subject_type file.",
        )
    commit = base if found.side == "old" else head
    anchor = require_anchor(found.path, found.side, found.line, commit)
    return anchor, Seen(head=head, position=found.position, hunk=found.excerpt, start=one.start)


def draft_thread(author: str, body: str, place: Place) -> Thread:
    """A discussion at a place that was looked up, not begun yet."""
    anchor, seen = place
    first = _remark(author, body, Micros(0))
    return Thread(
        id=ids.new("thread"), anchor=anchor, remarks=(first,), resolved_by=None, seen=seen
    )


def begin_thread(
    tx: Tx, repository: str, number: int, drafted: Thread, *, review: str | None = None
) -> Thread:
    """Begin a discussion that was drafted, perhaps as part of a review."""
    request = request_rows.merge_request(tx, repository, number)
    first = replace(drafted.remarks[0], at=tx.now, review=review)
    made = replace(drafted, remarks=(first,))
    rows.add_thread(tx, repository, number, made)
    auditing.said(tx, request, first, made)
    note(tx, repository, RemarkMoved(number, made, first, "created", first.author))
    wake(tx, repository, number)
    return made


def reply(tx: Tx, repository: str, number: int, thread: str, author: str, body: str) -> Remark:
    """Answer in a discussion; a settled one stays settled."""
    found = rows.thread(tx, repository, number, thread)
    made = _remark(author, body, tx.now)
    rows.add_remark(tx, found.id, made)
    auditing.said(tx, request_rows.merge_request(tx, repository, number), made, found)
    note(tx, repository, RemarkMoved(number, _short(found), made, "created", author))
    wake(tx, repository, number)
    return made


def edit_remark(tx: Tx, repository: str, handle: int, body: str) -> None:
    """Give a remark another text."""
    number, thread, before = rows.find_remark(tx, repository, handle)
    after = replace(before, body=requests.require_body(body, empty=False), edited=tx.now)
    rows.change_remark(tx, after)
    auditing.reworded(tx, request_rows.merge_request(tx, repository, number), before, after)
    edited = RemarkMoved(number, _short(thread), after, "edited", actor(tx), before.body)
    note(tx, repository, edited)
    wake(tx, repository, number)


def delete_remark(tx: Tx, repository: str, handle: int) -> None:
    """Forget a remark and what people put on it; with the last one its discussion."""
    number, thread, gone = rows.find_remark(tx, repository, handle)
    mark_rows.delete_reactions(tx, repository, f"remark:{gone.id}")
    rows.delete_remark(tx, thread, gone)
    auditing.reworded(tx, request_rows.merge_request(tx, repository, number), gone, None)
    note(tx, repository, RemarkMoved(number, _short(thread), gone, "deleted", actor(tx)))
    wake(tx, repository, number)


def resolve_thread(tx: Tx, repository: str, number: int, thread: str, *, by: str | None) -> None:
    """Say that a discussion is settled, or with None that it is open again."""
    found = rows.thread(tx, repository, number, thread)
    rows.resolve(tx, found.id, by)
    auditing.settled(tx, request_rows.merge_request(tx, repository, number), found, by)
    note(tx, repository, Settled(number, found, by is not None, actor(tx)))
    wake(tx, repository, number)


def _short(thread: Thread) -> Thread:
    """As much of a discussion as an answer in it refers to."""
    return replace(thread, remarks=thread.remarks[:1])


def placed(
    kernel: Kernel, request: MergeRequest, base: str, threads: Iterable[Thread]
) -> list[Placed]:
    """Find the line of each thread in today's diff, base..head, by what changed since.

    git looks once for each file and commit that was spoken about, a hundred times at most.
    """
    ends = {"old": base, "new": request.head}
    looked: dict[tuple[str, str, str], tuple[Shift, ...] | None] = {}
    found = []
    for one in threads:
        if one.anchor.is_whole_file:
            found.append(Placed(one, one.anchor.line))
            continue
        key = (one.anchor.commit, ends[one.anchor.side], one.anchor.path)
        if key not in looked:
            is_affordable = len(looked) < _MOST_LOOKS
            looked[key] = _shifts(kernel, request.repository, *key) if is_affordable else None
        shifts = looked[key]
        found.append(Placed(one, None if shifts is None else line_now(one.anchor.line, shifts)))
    return found


def _shifts(
    kernel: Kernel, repository: str, old: str, new: str, path: str
) -> tuple[Shift, ...] | None:
    if old == new:
        return ()
    try:
        return trees.shifts(kernel, repository, old, new, path)
    except NotFound:
        return None  # the commit that was spoken about is not kept any more


def _remark(author: str, body: str, now: Micros) -> Remark:
    text = requests.require_body(body, empty=False)
    return Remark(id=ids.new("remark"), author=author, body=text, at=now)

"""Discussions on lines of a diff: begun, answered, settled, found again after more pushes."""

from collections.abc import Iterable
from dataclasses import dataclass

from towpath.forge.clients.embedded import trees
from towpath.forge.model import requests
from towpath.forge.model.requests import MergeRequest
from towpath.forge.model.threads import Anchor, Remark, Shift, Thread, line_now
from towpath.forge.service import auditing
from towpath.forge.service.telling import wake
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
    """A thread and where its line is now; None when that line was changed or is gone."""

    thread: Thread
    line: int | None


def start_thread(
    kernel: Kernel, repository: str, number: int, author: str, body: str, anchor: Anchor
) -> Thread:
    """Begin a discussion on a line; InvalidInput when the commit has no such line."""
    if not trees.has_line(kernel, repository, anchor.commit, anchor.path, anchor.line):
        raise InvalidInput(
            f"There is no line {anchor.line} in {anchor.path} at {anchor.commit[:10]}.",
            next_step="Load the diff again and choose a line that it shows.",
        )
    return kernel.db.write(lambda tx: _start(tx, repository, number, author, body, anchor))


def _start(tx: Tx, repository: str, number: int, author: str, body: str, anchor: Anchor) -> Thread:
    request = request_rows.merge_request(tx, repository, number)
    first = _remark(author, body, tx.now)
    made = Thread(id=ids.new("thread"), anchor=anchor, remarks=(first,), resolved_by=None)
    rows.add_thread(tx, repository, number, made)
    auditing.said(tx, request, first, made)
    wake(tx, repository, number)
    return made


def reply(tx: Tx, repository: str, number: int, thread: str, author: str, body: str) -> Remark:
    """Answer in a discussion; a settled one stays settled."""
    found = rows.thread(tx, repository, number, thread)
    made = _remark(author, body, tx.now)
    rows.add_remark(tx, found.id, made)
    auditing.said(tx, request_rows.merge_request(tx, repository, number), made, found)
    wake(tx, repository, number)
    return made


def resolve_thread(tx: Tx, repository: str, number: int, thread: str, *, by: str | None) -> None:
    """Say that a discussion is settled, or with None that it is open again."""
    found = rows.thread(tx, repository, number, thread)
    rows.resolve(tx, found.id, by)
    auditing.settled(tx, request_rows.merge_request(tx, repository, number), found, by)
    wake(tx, repository, number)


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

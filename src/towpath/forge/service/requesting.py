"""The life of a merge request, from being asked for to its end."""

from dataclasses import replace

from towpath.facts.forge import MergeAsked
from towpath.forge.clients.embedded import refs as git_refs
from towpath.forge.model import names, requests
from towpath.forge.model.requests import MergeRequest
from towpath.forge.service.telling import add_numbered, changed, until_fresh
from towpath.forge.store import repositories as repository_rows
from towpath.forge.store import requests as request_rows
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput
from towpath.kernel.outbox import announce


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

    return until_fresh(attempt)


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
    return add_numbered(tx, asked)


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
    return changed(tx, before, after, "edited")


def close(tx: Tx, repository: str, number: int) -> MergeRequest:
    """Close without merging; Conflict when it is not open."""
    before = request_rows.merge_request(tx, repository, number)
    return changed(tx, before, requests.close(before), "closed")


def reopen(kernel: Kernel, repository: str, number: int) -> MergeRequest:
    """Open again what was closed, at where its source is now; Conflict when it was merged."""

    def attempt() -> MergeRequest:
        before = kernel.db.read(lambda tx: request_rows.merge_request(tx, repository, number))
        opened = requests.reopen(before)
        head, tip, base = _ends(kernel, repository, before.source, before.target)
        after = replace(opened, head=head, base=base)
        return kernel.db.write(lambda tx: _reopen(tx, before, after, tip))

    return until_fresh(attempt)


def _reopen(tx: Tx, before: MergeRequest, after: MergeRequest, tip: str) -> MergeRequest:
    request_rows.require_tips(tx, after, tip)
    request_rows.require_no_rival(tx, after)
    return changed(tx, before, after, "reopened")


def ask_to_merge(tx: Tx, repository: str, number: int, by: str) -> tuple[str, str] | None:
    """Ask whoever merges to merge this as it stands; or say what people have to do first."""
    request = request_rows.merge_request(tx, repository, number)
    wanting = requests.missing(request, request_rows.reviews(tx, repository, number))
    if wanting is None:
        announce(tx, MergeAsked(repository, number, request.head, by))
    return wanting

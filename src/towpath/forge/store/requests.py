"""Merge requests, and what is said about them and about commits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping, Select, Table, delete, func, insert, select, update

from towpath.forge.model.following import Known
from towpath.forge.model.names import handle_of
from towpath.forge.model.requests import STATES, Comment, MergeRequest, Review, State, Status
from towpath.forge.store import repositories
from towpath.forge.store.tables import COMMENT, MERGE_REQUEST, REVIEW, STATUS
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, NotFound, Stale


def require_tips(tx: Tx, request: MergeRequest, tip: str) -> None:
    """Stale if the request's source is not at its head, or its target not at `tip`, any more."""
    for branch, sha in ((request.source, request.head), (request.target, tip)):
        if repositories.snapshot_ref(tx, request.repository, f"refs/heads/{branch}") != sha:
            raise Stale(f"{branch} has just moved.", next_step="Look again.")


def require_no_rival(tx: Tx, request: MergeRequest) -> None:
    """Conflict if another open request asks for the same."""
    rival = open_between(tx, request.repository, request.source, request.target)
    if rival:
        raise Conflict(
            f"Merge request {rival.number} already asks to merge {request.source} into"
            f" {request.target}.",
            next_step=f"Push to {request.source} to add to it.",
        )


def add_merge_request(tx: Tx, made: MergeRequest) -> None:
    tx.execute(insert(MERGE_REQUEST).values(asdict(made)))


def merge_request(tx: Tx, repository: str, number: int) -> MergeRequest:
    """Find a merge request; NotFound otherwise."""
    row = tx.row(
        select(MERGE_REQUEST).where(
            MERGE_REQUEST.c.repository == repository, MERGE_REQUEST.c.number == number
        )
    )
    if row is None:
        raise NotFound(
            f"There is no merge request {number} here.", next_step="Look at the repository's list."
        )
    return MergeRequest(**row)


def merge_requests(
    tx: Tx,
    repository: str,
    state: State | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[MergeRequest]:
    """List merge requests, newest first, from below the number `after`."""
    states = (state,) if state else STATES
    chosen = _chosen(repository, states)
    if after is not None:
        chosen = chosen.where(MERGE_REQUEST.c.number < after)
    return [MergeRequest(**row) for row in tx.rows(chosen.limit(limit))]


def search_merge_requests(
    tx: Tx,
    repository: str,
    states: Sequence[State],
    ends: Mapping[str, str],
    page: tuple[int, int],
) -> list[MergeRequest]:
    """List merge requests, newest first; `ends` narrows to a source, a target or both.

    `page` is how many to pass over and how many to return.
    """
    chosen = _chosen(repository, states)
    for name, branch in ends.items():
        chosen = chosen.where(MERGE_REQUEST.c[name] == branch)
    return [MergeRequest(**row) for row in tx.rows(chosen.offset(page[0]).limit(page[1]))]


def _chosen(repository: str, states: Sequence[State]) -> Select[Any]:
    mine = (MERGE_REQUEST.c.repository == repository, MERGE_REQUEST.c.state.in_(states))
    return select(MERGE_REQUEST).where(*mine).order_by(MERGE_REQUEST.c.number.desc())


def count_merge_requests(tx: Tx, repository: str) -> dict[State, int]:
    """How many there are in each state; states without any are left out."""
    rows = tx.rows(
        select(MERGE_REQUEST.c.state, func.count().label("count"))
        .where(MERGE_REQUEST.c.repository == repository)
        .group_by(MERGE_REQUEST.c.state)
    )
    return {row["state"]: row["count"] for row in rows}


def open_merge_requests(tx: Tx, among: Sequence[str]) -> list[MergeRequest]:
    """List what is open in several repositories at once, oldest first."""
    rows = tx.rows(
        select(MERGE_REQUEST)
        .where(MERGE_REQUEST.c.repository.in_(among), MERGE_REQUEST.c.state == "open")
        .order_by(MERGE_REQUEST.c.created, MERGE_REQUEST.c.number)
    )
    return [MergeRequest(**row) for row in rows]


def open_between(tx: Tx, repository: str, source: str, target: str) -> MergeRequest | None:
    row = tx.row(
        select(MERGE_REQUEST).where(
            MERGE_REQUEST.c.repository == repository,
            MERGE_REQUEST.c.state == "open",
            MERGE_REQUEST.c.source == source,
            MERGE_REQUEST.c.target == target,
        )
    )
    return MergeRequest(**row) if row else None


def open_at(tx: Tx, repository: str, head: str) -> list[MergeRequest]:
    """List the open merge requests whose head is this commit."""
    rows = tx.rows(
        select(MERGE_REQUEST).where(
            MERGE_REQUEST.c.repository == repository,
            MERGE_REQUEST.c.state == "open",
            MERGE_REQUEST.c.head == head,
        )
    )
    return [MergeRequest(**row) for row in rows]


def change_merge_request(tx: Tx, before: MergeRequest, after: MergeRequest) -> None:
    """Write what differs, if state and head are still those of `before`; Stale otherwise."""
    old = asdict(before)
    values = {name: value for name, value in asdict(after).items() if value != old[name]}
    changed = tx.execute(
        update(MERGE_REQUEST)
        .where(
            MERGE_REQUEST.c.repository == before.repository,
            MERGE_REQUEST.c.number == before.number,
            MERGE_REQUEST.c.state == before.state,
            MERGE_REQUEST.c.head == before.head,
        )
        .values(values | {"updated": tx.now})
    )
    if changed.rowcount != 1:
        raise Stale(
            f"Merge request {before.number} has changed meanwhile.", next_step="Look again."
        )


def add_review(tx: Tx, repository: str, number: int, made: Review) -> None:
    """The last verdict counts, so it is later than those before it whatever the clock says."""
    of_this = select(func.max(REVIEW.c.at)).where(
        REVIEW.c.repository == repository, REVIEW.c.number == number
    )
    at = max(made.at, (tx.scalar(of_this) or 0) + 1)
    values = {**asdict(made), "repository": repository, "number": number, "at": at}
    tx.execute(insert(REVIEW).values(values | {"handle": handle_of(made.id)}))


def merge_requests_numbered(
    tx: Tx, repository: str, numbers: Sequence[int]
) -> dict[int, MergeRequest]:
    """Those of these numbers that there are, by number, in one statement."""
    chosen = select(MERGE_REQUEST).where(
        MERGE_REQUEST.c.repository == repository, MERGE_REQUEST.c.number.in_(numbers)
    )
    return {row["number"]: MergeRequest(**row) for row in tx.rows(chosen)}


def reviews_of(tx: Tx, repository: str, numbers: Sequence[int]) -> dict[int, tuple[Review, ...]]:
    """The reviews of many merge requests in one statement; each oldest first."""
    chosen = select(REVIEW).where(REVIEW.c.repository == repository, REVIEW.c.number.in_(numbers))
    found: dict[int, tuple[Review, ...]] = dict.fromkeys(numbers, ())
    for row in tx.rows(chosen.order_by(REVIEW.c.at, REVIEW.c.id)):
        found[row["number"]] += (_review(row),)
    return found


def reviews(tx: Tx, repository: str, number: int) -> tuple[Review, ...]:
    """List the reviews of a merge request, oldest first."""
    chosen = select(REVIEW).where(REVIEW.c.repository == repository, REVIEW.c.number == number)
    rows = tx.rows(chosen.order_by(REVIEW.c.at, REVIEW.c.id))
    return tuple(_review(row) for row in rows)


def add_comment(tx: Tx, repository: str, number: int, made: Comment, once: str | None) -> None:
    values = asdict(made) | {"repository": repository, "number": number, "once": once}
    values |= {"handle": handle_of(made.id)}
    tx.execute(insert(COMMENT).values(values))


def comments(tx: Tx, repository: str, number: int) -> tuple[Comment, ...]:
    """List the comments of a merge request, oldest first."""
    chosen = select(COMMENT).where(COMMENT.c.repository == repository, COMMENT.c.number == number)
    rows = tx.rows(chosen.order_by(COMMENT.c.at, COMMENT.c.id))
    return tuple(_comment(row) for row in rows)


def comment_once(tx: Tx, repository: str, number: int, once: str) -> Comment | None:
    row = tx.row(
        select(COMMENT).where(
            COMMENT.c.repository == repository, COMMENT.c.number == number, COMMENT.c.once == once
        )
    )
    return _comment(row) if row else None


def find_comment(tx: Tx, repository: str, handle: int) -> tuple[int, Comment]:
    """Find a comment by its number, and the number of the merge request it stands on."""
    row = _by_handle(tx, COMMENT, repository, handle)
    if row is None:
        raise NotFound("There is no such comment.", next_step="List those that there are.")
    return row["number"], _comment(row)


def change_comment(tx: Tx, after: Comment) -> None:
    values = {"body": after.body, "edited": after.edited}
    tx.execute(update(COMMENT).where(COMMENT.c.id == after.id).values(values))


def delete_comment(tx: Tx, gone: Comment) -> None:
    tx.execute(delete(COMMENT).where(COMMENT.c.id == gone.id))


def repository_comments(
    tx: Tx, repository: str, page: tuple[int, int]
) -> list[tuple[int, Comment]]:
    """List the comments of all merge requests, oldest first, with the number of each one's."""
    chosen = select(COMMENT).where(COMMENT.c.repository == repository)
    ordered = chosen.order_by(COMMENT.c.at, COMMENT.c.id).offset(page[0]).limit(page[1])
    return [(row["number"], _comment(row)) for row in tx.rows(ordered)]


def find_review(tx: Tx, repository: str, number: int, handle: int) -> Review:
    row = _by_handle(tx, REVIEW, repository, handle)
    if row is None or row["number"] != number:
        raise NotFound("There is no such review.", next_step="List those that there are.")
    return _review(row)


def dismiss_review(tx: Tx, after: Review) -> None:
    chosen = update(REVIEW).where(REVIEW.c.id == after.id)
    tx.execute(chosen.values(dismissed=after.dismissed))


def _by_handle(tx: Tx, table: Table, repository: str, handle: int) -> RowMapping | None:
    """Find a row by its number; one that an older process wrote beside us has none yet."""
    mine = select(table).where(table.c.repository == repository)
    found = tx.row(mine.where(table.c.handle == handle))
    if found is not None:
        return found
    unnumbered = tx.rows(mine.where(table.c.handle.is_(None)))
    return next((row for row in unnumbered if handle_of(row["id"]) == handle), None)


def put_status(tx: Tx, repository: str, sha: str, said: Status) -> None:
    tx.execute(
        delete(STATUS).where(
            STATUS.c.repository == repository,
            STATUS.c.sha == sha,
            STATUS.c.context == said.context,
        )
    )
    tx.execute(insert(STATUS).values(repository=repository, sha=sha, **asdict(said)))


def status(tx: Tx, repository: str, sha: str, context: str) -> Status | None:
    """What was said last about a commit under one name."""
    said = {one.context: one for one in statuses(tx, repository, sha)}
    return said.get(context)


def statuses(tx: Tx, repository: str, sha: str) -> tuple[Status, ...]:
    """List what is said about a commit, by context."""
    chosen = select(STATUS).where(STATUS.c.repository == repository, STATUS.c.sha == sha)
    rows = tx.rows(chosen.order_by(STATUS.c.context))
    return tuple(Status(**_without(row, "repository", "sha")) for row in rows)


def _review(row: RowMapping) -> Review:
    return Review(**_without(row, "repository", "number", "handle"))


def _comment(row: RowMapping) -> Comment:
    return Comment(**_without(row, "repository", "number", "once", "handle"))


def _without(row: RowMapping, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def known(tx: Tx, repository: str) -> Known:
    """Everything that is compared with git."""
    return Known(
        repositories.repository(tx, repository),
        repositories.snapshot(tx, repository),
        tuple(open_merge_requests(tx, [repository])),
        repositories.intents(tx, repository),
        repositories.movers(tx, repository),
    )

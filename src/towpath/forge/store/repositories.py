"""Repositories, their refs as last seen, and what pushes asked for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update

from towpath.forge.model.refs import Intent, Mover, Pending
from towpath.forge.model.requests import Repository
from towpath.forge.store.tables import FORMER, INTENT, MOVER, REF, REPOSITORY
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, Moved, NotFound, Stale


def add_repository(tx: Tx, made: Repository) -> None:
    """Write a repository down; whoever had its name before is not looked for there any more."""
    _take(tx, made.full_name.lower())
    values = asdict(made) | {
        "address": made.full_name.lower(),
        "protected": msgspec.json.encode(made.protected).decode(),
        "requests": 0,
    }
    tx.execute(insert(REPOSITORY).values(values))


def repository(tx: Tx, repository: str) -> Repository:
    """Find a repository by its id; NotFound otherwise."""
    found = repository_with(tx, repository)
    if found is None:
        raise NotFound("There is no such repository.", next_step="Look at the list on /.")
    return found


def repository_with(tx: Tx, repository: str) -> Repository | None:
    """Seek a repository by its id."""
    row = tx.row(select(REPOSITORY).where(REPOSITORY.c.id == repository))
    return _repository(row) if row else None


def repository_at(tx: Tx, path: Mapping[str, Any]) -> Repository | None:
    """Find the repository that an address names: what roles are granted on.

    An old name finds it too: only who may know of it is told the new one.
    """
    owner, name = path["owner"], path.get("repo") or path["name"]
    return seek_repository(tx, owner, name) or _formerly(tx, owner, name)


def find_repository(tx: Tx, owner: str, name: str) -> Repository:
    """Find a repository by owner and name, in any case; Moved by an old name, NotFound else."""
    found = seek_repository(tx, owner, name)
    if found is None and (renamed := _formerly(tx, owner, name)):
        raise Moved(f"{owner}/{name}", renamed.full_name)
    if found is None:
        raise missing(owner, name)
    return found


def missing(owner: str, name: str) -> NotFound:
    """What is said of a repository that is not there, or that somebody may not know of."""
    return NotFound(
        f"There is no repository {owner}/{name}.",
        next_step="Check the spelling, or create it at /new.",
    )


def seek_repository(tx: Tx, owner: str, name: str) -> Repository | None:
    row = tx.row(select(REPOSITORY).where(REPOSITORY.c.address == f"{owner}/{name}".lower()))
    return _repository(row) if row else None


def _formerly(tx: Tx, owner: str, name: str) -> Repository | None:
    joined = select(REPOSITORY).join(FORMER, FORMER.c.repository == REPOSITORY.c.id)
    row = tx.row(joined.where(FORMER.c.address == f"{owner}/{name}".lower()))
    return _repository(row) if row else None


def rename_repository(tx: Tx, before: Repository, name: str) -> None:
    """Give a repository another name; the one it had leads to it until something takes it."""
    after = f"{before.owner}/{name}"
    if after.lower() != before.full_name.lower():
        require_free(tx, before.owner, name)
        _take(tx, after.lower())
        tx.execute(insert(FORMER).values(address=before.full_name.lower(), repository=before.id))
    changed = update(REPOSITORY).where(REPOSITORY.c.id == before.id)
    tx.execute(changed.values(name=name, address=after.lower()))


def _take(tx: Tx, address: str) -> None:
    tx.execute(delete(FORMER).where(FORMER.c.address == address))


def require_free(tx: Tx, owner: str, name: str) -> None:
    """Conflict if a repository of this name exists."""
    if seek_repository(tx, owner, name):
        raise Conflict(
            f"{owner}/{name} exists already.", next_step="Choose another name, or push to it."
        )


def private_repositories(tx: Tx) -> list[Repository]:
    return [_repository(row) for row in tx.rows(select(REPOSITORY).where(REPOSITORY.c.private))]


def repositories(tx: Tx) -> list[Repository]:
    """List those that there are, by name."""
    chosen = select(REPOSITORY).where(REPOSITORY.c.gone.is_(None)).order_by(REPOSITORY.c.address)
    return [_repository(row) for row in tx.rows(chosen)]


def change_repository(tx: Tx, after: Repository) -> None:
    """Write down what may change in a repository: its words, its main branch, what it keeps."""
    tx.execute(
        update(REPOSITORY)
        .where(REPOSITORY.c.id == after.id)
        .values(
            description=after.description,
            default_branch=after.default_branch,
            protected=msgspec.json.encode(after.protected).decode(),
        )
    )


def set_private(tx: Tx, repository: str, *, private: bool) -> None:
    """Alone, so that whoever changes its words at the same time does not open it again."""
    tx.execute(update(REPOSITORY).where(REPOSITORY.c.id == repository).values(private=private))


def next_number(tx: Tx, repository: str) -> int:
    """Take the repository's next merge request number."""
    mine = REPOSITORY.c.id == repository
    tx.execute(update(REPOSITORY).where(mine).values(requests=REPOSITORY.c.requests + 1))
    return int(tx.scalar(select(REPOSITORY.c.requests).where(mine)))


def snapshot(tx: Tx, repository: str) -> dict[str, str]:
    """Branches and tags as our rows know them."""
    rows = tx.rows(select(REF.c.ref, REF.c.sha).where(REF.c.repository == repository))
    return {row["ref"]: row["sha"] for row in rows}


def snapshot_ref(tx: Tx, repository: str, ref: str) -> str | None:
    sha = tx.scalar(select(REF.c.sha).where(REF.c.repository == repository, REF.c.ref == ref))
    return None if sha is None else str(sha)


def advance_snapshot(
    tx: Tx, repository: str, version: int, moved: Mapping[str, str | None]
) -> None:
    """Write where refs are if nobody has since `version`; Stale otherwise (compare and set)."""
    advanced = tx.execute(
        update(REPOSITORY)
        .where(REPOSITORY.c.id == repository, REPOSITORY.c.snapshot == version)
        .values(snapshot=version + 1)
    )
    if advanced.rowcount != 1:
        raise Stale("Somebody else brought the refs up to date.", next_step="Look again.")
    for ref in moved:
        tx.execute(delete(REF).where(REF.c.repository == repository, REF.c.ref == ref))
    new = [{"repository": repository, "ref": ref, "sha": sha} for ref, sha in moved.items() if sha]
    if new:
        tx.execute(insert(REF), new)


def add_intent(tx: Tx, repository: str, intent: Pending) -> None:
    tx.execute(
        insert(INTENT).values(
            id=intent.id,
            repository=repository,
            push=intent.push,
            author=intent.author,
            wish=msgspec.json.encode(intent.wish).decode(),
            at=intent.at,
        )
    )


def intents(tx: Tx, repository: str) -> tuple[Pending, ...]:
    rows = tx.rows(select(INTENT).where(INTENT.c.repository == repository).order_by(INTENT.c.id))
    return tuple(
        Pending(
            id=row["id"],
            push=row["push"],
            author=row["author"],
            wish=msgspec.json.decode(row["wish"], type=Intent),
            at=row["at"],
            number=row["number"],
        )
        for row in rows
    )


def fulfil_intent(tx: Tx, intent: str, number: int) -> None:
    tx.execute(update(INTENT).where(INTENT.c.id == intent).values(number=number))


def delete_intents(tx: Tx, chosen: Collection[str]) -> None:
    tx.execute(delete(INTENT).where(INTENT.c.id.in_(chosen)))


def add_movers(tx: Tx, repository: str, made: Sequence[Mover]) -> None:
    if made:
        tx.execute(insert(MOVER), [asdict(one) | {"repository": repository} for one in made])


def movers(tx: Tx, repository: str) -> tuple[Mover, ...]:
    """Who moves refs of a repository just now, or has begun to; the newest last."""
    rows = tx.rows(select(MOVER).where(MOVER.c.repository == repository).order_by(MOVER.c.id))
    return tuple(
        Mover(**{name: value for name, value in row.items() if name != "repository"})
        for row in rows
    )


def delete_movers(tx: Tx, pushes: Collection[str]) -> None:
    if pushes:
        tx.execute(delete(MOVER).where(MOVER.c.push.in_(pushes)))


def _repository(row: RowMapping) -> Repository:
    return Repository(
        id=row["id"],
        owner=row["owner"],
        name=row["name"],
        default_branch=row["default_branch"],
        protected=tuple(msgspec.json.decode(row["protected"], type=list[str])),
        created=row["created"],
        snapshot=row["snapshot"],
        description=row["description"] or "",
        gone=row["gone"],
        private=bool(row["private"]),
    )

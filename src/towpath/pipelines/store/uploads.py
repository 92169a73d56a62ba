"""Uploads and the blocks that they are made of."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields

from sqlalchemy import RowMapping, delete, func, insert, select, update

from towpath.kernel import ids
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, NotFound
from towpath.pipelines.model.results import Block, Upload
from towpath.pipelines.store.tables import ARTIFACT, BLOCK, CACHE, UPLOAD

_FIELDS = tuple(field.name for field in fields(Upload))
_AT_ONCE = 500


def begin(tx: Tx) -> Upload:
    """Make room for bytes that are to come."""
    made = Upload(id=ids.new("upload"), secret=ids.secret("link"), created=tx.now)
    tx.execute(insert(UPLOAD).values(asdict(made)))
    return made


def upload(tx: Tx, upload_id: str) -> Upload:
    """Find an upload; NotFound when it was given up, or has expired with what it was for."""
    row = tx.row(select(UPLOAD).where(UPLOAD.c.id == upload_id))
    if row is None:
        raise NotFound(
            "There is no such upload.", next_step="It may have expired: ask for a new address."
        )
    return _upload(row)


def open_upload(tx: Tx, upload_id: str) -> Upload:
    """Find an upload that may still grow; Conflict once it is whole."""
    found = upload(tx, upload_id)
    if found.whole:
        raise Conflict("This upload is whole and does not change.", next_step="Begin another.")
    return found


def blocks(tx: Tx, upload_id: str) -> list[Block]:
    """List all blocks that came, those that have their place first and in order."""
    chosen = select(BLOCK).where(BLOCK.c.upload == upload_id)
    rows = tx.rows(chosen.order_by(BLOCK.c.place.is_(None), BLOCK.c.place, BLOCK.c.name))
    return [Block(**row) for row in rows]


def grown(tx: Tx, upload_id: str, beside: str) -> tuple[int, int]:
    """Tell how many bytes and blocks have come, not counting the block of one name."""
    chosen = select(func.sum(BLOCK.c.size).label("size"), func.count().label("count"))
    row = tx.row(chosen.where(BLOCK.c.upload == upload_id, BLOCK.c.name != beside))
    return (int(row["size"] or 0), int(row["count"])) if row else (0, 0)


def put_block(tx: Tx, came: Block) -> None:
    """Write that a block is on disk; one of the same name is replaced."""
    same = (BLOCK.c.upload == came.upload, BLOCK.c.name == came.name)
    values = {"digest": came.digest, "size": came.size}
    if not tx.execute(update(BLOCK).where(*same).values(values)).rowcount:
        tx.execute(insert(BLOCK).values(asdict(came)))


def place_blocks(tx: Tx, upload_id: str, ordered: Sequence[Block]) -> None:
    """Write which blocks make up an upload, in order; others of it are forgotten.

    A list may name a block more than once, which no client does: each place is a row of its own.
    """
    tx.execute(delete(BLOCK).where(BLOCK.c.upload == upload_id))
    rows = [asdict(each) | {"place": place} for place, each in enumerate(ordered)]
    seen: set[str] = set()
    for row in rows:
        if row["name"] in seen:
            row["name"] = f"{row['name'][:100]}#{row['place']}"
        seen.add(row["name"])
    if rows:
        tx.execute(insert(BLOCK), rows)


def make_whole(tx: Tx, upload_id: str, size: int, digest: str) -> bool:
    """Write that nothing more will come; False when that was so already."""
    chosen = update(UPLOAD).where(UPLOAD.c.id == upload_id, UPLOAD.c.whole.is_(False))
    return tx.execute(chosen.values(whole=True, size=size, digest=digest)).rowcount == 1


def forget(tx: Tx, upload_ids: Iterable[str]) -> None:
    """Delete uploads; their bytes go with the next sweep, unless others have the same."""
    chosen = list(upload_ids)
    for at in range(0, len(chosen), _AT_ONCE):
        some = chosen[at : at + _AT_ONCE]
        tx.execute(delete(BLOCK).where(BLOCK.c.upload.in_(some)))
        tx.execute(delete(UPLOAD).where(UPLOAD.c.id.in_(some)))


def abandoned(tx: Tx, before: Micros) -> list[str]:
    """List uploads that were begun before a moment and belong to nothing."""
    wanted = select(ARTIFACT.c.upload).union(select(CACHE.c.upload))
    chosen = select(UPLOAD.c.id).where(UPLOAD.c.created < before, UPLOAD.c.id.not_in(wanted))
    return list(tx.execute(chosen.limit(_AT_ONCE)).scalars())


def wanted(tx: Tx, digests: Sequence[str]) -> set[str]:
    """Tell which of these bytes some upload still needs."""
    found: set[str] = set()
    for at in range(0, len(digests), _AT_ONCE):
        chosen = select(BLOCK.c.digest).where(BLOCK.c.digest.in_(digests[at : at + _AT_ONCE]))
        found.update(tx.execute(chosen).scalars())
    return found


def digests_of_artifacts(tx: Tx) -> list[str]:
    """List the bytes that artifacts are made of; caches can be made again."""
    of = select(ARTIFACT.c.upload).where(ARTIFACT.c.whole.is_(True))
    chosen = select(BLOCK.c.digest).where(BLOCK.c.upload.in_(of)).distinct()
    return list(tx.execute(chosen.order_by(BLOCK.c.digest)).scalars())


def _upload(row: RowMapping) -> Upload:
    return Upload(**{name: row[name] for name in _FIELDS})

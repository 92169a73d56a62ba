"""Every SQL statement about secrets and the ids of their keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx
from towpath.kernel.secrets.sealing import Place, Sealed

METADATA = MetaData()
KEY = Table(
    "secret_key",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("encrypts", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
)
VALUE = Table(
    "secret_value",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("name", String(100), nullable=False),
    Column("key", String(40), nullable=False, index=True),
    Column("sealed", Text, nullable=False),
    Column("changed", BigInteger, nullable=False),
    UniqueConstraint("owner", "name"),
)


@dataclass(frozen=True)
class Row:
    place: Place
    sealed: Sealed
    changed: Micros


def current_key(tx: Tx) -> str | None:
    """The key that encrypts from now on, in whatever process."""
    found: str | None = tx.scalar(select(KEY.c.id).where(KEY.c.encrypts))
    return found


def keys(tx: Tx) -> list[tuple[str, bool, Micros]]:
    """Id, whether it encrypts, since when; oldest first."""
    rows = tx.rows(select(KEY).order_by(KEY.c.created, KEY.c.id))
    return [(row["id"], bool(row["encrypts"]), Micros(row["created"])) for row in rows]


def use_key(tx: Tx, key: str) -> None:
    """Let this key encrypt from now on, and no other."""
    tx.execute(update(KEY).values(encrypts=False))
    if tx.execute(update(KEY).where(KEY.c.id == key).values(encrypts=True)).rowcount == 0:
        tx.execute(insert(KEY).values(id=key, encrypts=True, created=tx.now))


def forget_key(tx: Tx, key: str) -> None:
    tx.execute(delete(KEY).where(KEY.c.id == key))


def row(tx: Tx, owner: str, name: str) -> Row | None:
    found = tx.row(select(VALUE).where(VALUE.c.owner == owner, VALUE.c.name == name))
    return None if found is None else _row(found)


def put(tx: Tx, place: Place, sealed: Sealed) -> None:
    """Write a value into its row, which may be new."""
    values = {"key": sealed.key, "sealed": sealed.text, "changed": tx.now}
    if tx.execute(update(VALUE).where(VALUE.c.id == place.id).values(values)).rowcount == 0:
        there = {"id": place.id, "owner": place.owner, "name": place.name}
        tx.execute(insert(VALUE).values(there | values))


def seal_again(tx: Tx, before: Row, sealed: Sealed) -> None:
    """Put the same value under another key, unless it has been set anew meanwhile."""
    same = (VALUE.c.id == before.place.id, VALUE.c.sealed == before.sealed.text)
    tx.execute(update(VALUE).where(*same).values(key=sealed.key, sealed=sealed.text))


def remove(tx: Tx, owner: str, name: str) -> bool:
    gone = delete(VALUE).where(VALUE.c.owner == owner, VALUE.c.name == name)
    return tx.execute(gone).rowcount == 1


def listed(tx: Tx, owner: str | None) -> list[Row]:
    chosen = select(VALUE).order_by(VALUE.c.owner, VALUE.c.name)
    if owner is not None:
        chosen = chosen.where(VALUE.c.owner == owner)
    return [_row(found) for found in tx.rows(chosen)]


def under_other_keys(tx: Tx, key: str, known: Sequence[str], after: str, limit: int) -> list[Row]:
    """Rows that `key` does not encrypt, of those under a key we have, by id."""
    mine = (VALUE.c.key != key, VALUE.c.key.in_(known), VALUE.c.id > after)
    chosen = select(VALUE).where(*mine)
    return [_row(found) for found in tx.rows(chosen.order_by(VALUE.c.id).limit(limit))]


def counts(tx: Tx) -> dict[str, int]:
    """How many rows need each key."""
    counted = select(VALUE.c.key, func.count().label("rows")).group_by(VALUE.c.key)
    return {found["key"]: found["rows"] for found in tx.rows(counted)}


def needing(tx: Tx, key: str, limit: int = 10) -> list[Place]:
    chosen = select(VALUE).where(VALUE.c.key == key).order_by(VALUE.c.owner, VALUE.c.name)
    return [_row(found).place for found in tx.rows(chosen.limit(limit))]


def _row(found: RowMapping) -> Row:
    place = Place(found["id"], found["owner"], found["name"])
    return Row(place, Sealed(found["key"], found["sealed"]), Micros(found["changed"]))

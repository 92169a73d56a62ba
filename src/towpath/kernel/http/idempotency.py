"""A POST that is sent twice with one Idempotency-Key takes effect once.

The reply is stored in the transaction of the effect, so neither exists without the other. Keys
are per caller and live as long as `retention_days`. draft-ietf-httpapi-idempotency-key-header
"""

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from fastapi.encoders import jsonable_encoder
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
)
from starlette.requests import Request
from starlette.responses import Response

from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput

_KEY = re.compile(r"[\x21-\x7e]{1,200}")

METADATA = MetaData()
REPLY = Table(
    "http_reply",
    METADATA,
    Column("caller", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created", BigInteger, nullable=False, index=True),
)


def replayable(
    request: Request,
    fn: Callable[[Tx], Any],
    *,
    status: int = 201,
    unsaid: Collection[str] = (),
    asked: Any = None,
) -> Response:
    """Run fn(tx) in a transaction and answer with its value as JSON; once per Idempotency-Key.

    The same key with another body or address raises InvalidInput. The route must depend on a
    Caller and have read its body. A reply from store carries `Idempotency-Replayed: true`.

    Nothing secret may be stored. `unsaid` names fields of the reply that are shown once and null
    in a replay. A route whose body holds a secret gives as `asked` what it was asked for without
    it, to be compared instead of the body: even a hash of the body would be a hash of a password.
    """
    key = request.headers.get("idempotency-key")
    kernel = request.app.state.kernel
    if key is None:
        return _json(status, _encode(kernel.db.write(fn)))
    made = order(request, request.state.principal.id, key, asked)
    code, body, replayed = kernel.db.write(lambda tx: _once(tx, made, fn, status, unsaid))
    return _json(code, body, replayed=replayed)


def forget_replies(tx: Tx, before: Micros) -> None:
    tx.execute(delete(REPLY).where(REPLY.c.created < before))


@dataclass(frozen=True)
class Order:
    """What is asked for under a key; `request` is the fingerprint of what was asked."""

    caller: str
    key: str
    request: str


def order(request: Request, caller: str, key: str, asked: Any = None) -> Order:
    """Read what a request asks for under its key; InvalidInput where that is no key."""
    if not _KEY.fullmatch(key):
        raise InvalidInput(
            "This Idempotency-Key cannot be used.",
            next_step="Use 1 to 200 printable ASCII characters, such as a UUID.",
        )
    return Order(caller, key, _fingerprint(request, asked))


def kept(tx: Tx, order: Order) -> tuple[int, str] | None:
    """Find the status and body that were answered; InvalidInput if something else was asked."""
    row = tx.row(select(REPLY).where(*_mine(order)))
    if row is None:
        return None
    if row["request"] != order.request:
        raise InvalidInput(
            "This Idempotency-Key was used for another request.",
            next_step="Use a new key for each thing you want done.",
        )
    return row["status"], row["body"]


def keep(tx: Tx, order: Order, status: int, body: str) -> None:
    """Write down what a key was answered."""
    values = asdict(order) | {"status": status, "body": body, "created": tx.now}
    tx.execute(insert(REPLY).values(values))


def forget(tx: Tx, order: Order) -> None:
    """Let a key be used again."""
    tx.execute(delete(REPLY).where(*_mine(order)))


def _mine(order: Order) -> tuple[ColumnElement[bool], ...]:
    return REPLY.c.caller == order.caller, REPLY.c.key == order.key


def _once(
    tx: Tx, order: Order, fn: Callable[[Tx], Any], status: int, unsaid: Collection[str]
) -> tuple[int, str, bool]:
    if (before := kept(tx, order)) is not None:
        return *before, True
    value = fn(tx)
    keep(tx, order, status, _encode(value | dict.fromkeys(unsaid) if unsaid else value))
    return status, _encode(value), False


def _fingerprint(request: Request, asked: Any) -> str:
    digest = request.state.body_digest.copy()
    if asked is not None:
        digest = hashlib.sha256(_encode(asked).encode())
    digest.update(f"\0{request.method} {request.url.path}?{request.url.query}".encode())
    return str(digest.hexdigest())


def _encode(value: Any) -> str:
    return msgspec.json.encode(jsonable_encoder(value)).decode()


def _json(status: int, body: str, *, replayed: bool = False) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Response(body, status, headers, media_type="application/json")

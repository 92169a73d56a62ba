"""Every SQL statement about users, tokens, sessions and failed log-ins."""

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    and_,
    delete,
    insert,
    or_,
    select,
    update,
)

from towpath.kernel.access.model import Principal, Role, Token, User
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx

METADATA = MetaData()
USER = Table(
    "access_user",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("login", String(40), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Integer, nullable=False),
    Column("password", Text),
    Column("system", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
)
TOKEN = Table(
    "access_token",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("user_id", String(40), ForeignKey("access_user.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("used", BigInteger),
)
SESSION = Table(
    "access_session",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("user_id", String(40), ForeignKey("access_user.id"), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)
FAILURE = Table(
    "access_failure",
    METADATA,
    Column("who", String(200), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)


def add_user(tx: Tx, user: User, password: str | None) -> None:
    tx.execute(
        insert(USER).values(
            id=user.id,
            login=user.login,
            name=user.name,
            role=int(user.role),
            password=password,
            system=user.system,
            created=user.created,
        )
    )


def user(tx: Tx, login: str) -> User | None:
    row = tx.row(select(USER).where(USER.c.login == login))
    return _user(row) if row else None


def has_role(tx: Tx, role: Role) -> bool:
    return tx.scalar(select(USER.c.id).where(USER.c.role >= int(role)).limit(1)) is not None


def password(tx: Tx, login: str) -> str | None:
    found = tx.scalar(select(USER.c.password).where(USER.c.login == login, ~USER.c.system))
    return None if found is None else str(found)


def add_token(tx: Tx, user_id: str, token: Token, token_hash: str) -> None:
    tx.execute(
        insert(TOKEN).values(
            id=token.id,
            user_id=user_id,
            name=token.name,
            hash=token_hash,
            scopes=msgspec.json.encode(token.scopes).decode(),
            created=token.created,
            expires=token.expires,
            used=None,
        )
    )


def tokens(tx: Tx, user_id: str) -> list[Token]:
    chosen = select(TOKEN).where(TOKEN.c.user_id == user_id).order_by(TOKEN.c.created.desc())
    return [_token(row) for row in tx.rows(chosen)]


def delete_token(tx: Tx, user_id: str, token_id: str) -> bool:
    gone = delete(TOKEN).where(TOKEN.c.id == token_id, TOKEN.c.user_id == user_id)
    return tx.execute(gone).rowcount == 1


def token_holder(tx: Tx, token_hash: str) -> tuple[Principal, Token] | None:
    row = tx.row(
        select(
            USER.c.id.label("user_id"),
            USER.c.login,
            USER.c.name.label("user_name"),
            USER.c.role,
            TOKEN,
        )
        .join(USER, USER.c.id == TOKEN.c.user_id)
        .where(
            TOKEN.c.hash == token_hash, or_(TOKEN.c.expires.is_(None), TOKEN.c.expires > tx.now)
        )
    )
    if row is None:
        return None
    token = _token(row)
    principal = Principal(
        id=row["user_id"],
        login=row["login"],
        name=row["user_name"],
        role=Role(row["role"]),
        scopes=frozenset(token.scopes),
    )
    return principal, token


def mark_used(tx: Tx, token_id: str) -> None:
    tx.execute(update(TOKEN).where(TOKEN.c.id == token_id).values(used=tx.now))


def add_session(tx: Tx, session_hash: str, user_id: str, expires: Micros) -> None:
    tx.execute(
        insert(SESSION).values(hash=session_hash, user_id=user_id, created=tx.now, expires=expires)
    )


def session_holder(tx: Tx, session_hash: str) -> tuple[Principal, Micros] | None:
    row = tx.row(
        select(USER.c.id, USER.c.login, USER.c.name, USER.c.role, SESSION.c.expires)
        .join(SESSION, USER.c.id == SESSION.c.user_id)
        .where(SESSION.c.hash == session_hash, SESSION.c.expires > tx.now)
    )
    if row is None:
        return None
    principal = Principal(row["id"], row["login"], row["name"], Role(row["role"]))
    return principal, Micros(row["expires"])


def extend_session(tx: Tx, session_hash: str, expires: Micros) -> None:
    tx.execute(update(SESSION).where(SESSION.c.hash == session_hash).values(expires=expires))


def delete_session(tx: Tx, session_hash: str) -> None:
    tx.execute(delete(SESSION).where(SESSION.c.hash == session_hash))


def failures(tx: Tx, who: str, since: Micros) -> int:
    found = select(FAILURE.c.count).where(FAILURE.c.who == who, FAILURE.c.since > since)
    return int(tx.scalar(found) or 0)


def count_failure(tx: Tx, who: str, since: Micros) -> None:
    counted = failures(tx, who, since)
    if counted:
        more = update(FAILURE).where(FAILURE.c.who == who).values(count=counted + 1)
        tx.execute(more)
        return
    tx.execute(delete(FAILURE).where(FAILURE.c.who == who))
    tx.execute(insert(FAILURE).values(who=who, count=1, since=tx.now))


def forget_failures(tx: Tx, who: str) -> None:
    tx.execute(delete(FAILURE).where(FAILURE.c.who == who))


def delete_expired(tx: Tx, failures_before: Micros) -> None:
    """Drop what can never count again: ended sessions, expired tokens, old failures."""
    tx.execute(delete(SESSION).where(SESSION.c.expires <= tx.now))
    tx.execute(delete(TOKEN).where(and_(TOKEN.c.expires.is_not(None), TOKEN.c.expires <= tx.now)))
    tx.execute(delete(FAILURE).where(FAILURE.c.since <= failures_before))


def _user(row: RowMapping) -> User:
    return User(
        id=row["id"],
        login=row["login"],
        name=row["name"],
        role=Role(row["role"]),
        system=bool(row["system"]),
        created=Micros(row["created"]),
    )


def _token(row: RowMapping) -> Token:
    return Token(
        id=row["id"],
        name=row["name"],
        scopes=tuple(msgspec.json.decode(row["scopes"])),
        created=Micros(row["created"]),
        expires=row["expires"],
        used=row["used"],
    )

"""Every SQL statement about users, tokens, sessions and failed log-ins."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    ColumnElement,
    RowMapping,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from towpath.kernel.access.model import (
    Grant,
    OpenSession,
    Principal,
    Role,
    Token,
    User,
    door,
    granted,
    held_by_scopes,
)
from towpath.kernel.access.tables import FAILURE, GRANT, MEMBER, SESSION, TOKEN, USER
from towpath.kernel.clock import Micros
from towpath.kernel.db.interface import Tx

_SESSION_ID_LENGTH = 16


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
            source=user.source,
            owner=user.owner,
            deactivated=user.deactivated,
        )
    )


def user(tx: Tx, login: str) -> User | None:
    return _one(tx, USER.c.login == login)


def user_by_id(tx: Tx, user_id: str) -> User | None:
    return _one(tx, USER.c.id == user_id)


def _one(tx: Tx, which: ColumnElement[bool]) -> User | None:
    row = tx.row(select(USER).where(which))
    return _user(row) if row else None


def users(tx: Tx, after: str = "", limit: int | None = None, begins: str = "") -> list[User]:
    """List users by login, the voices of the house left out."""
    chosen = select(USER).where(~USER.c.system, USER.c.login > after)
    chosen = chosen.where(USER.c.login.startswith(begins, autoescape=True))
    return [_user(row) for row in tx.rows(chosen.order_by(USER.c.login).limit(limit))]


def rename_user(tx: Tx, user_id: str, name: str) -> None:
    tx.execute(update(USER).where(USER.c.id == user_id).values(name=name))


def deactivate(tx: Tx, user_id: str) -> None:
    """Shut a user out for good: no session and no token of theirs is left."""
    tx.execute(update(USER).where(USER.c.id == user_id).values(deactivated=tx.now))
    tx.execute(delete(SESSION).where(SESSION.c.user_id == user_id))
    tx.execute(delete(TOKEN).where(TOKEN.c.user_id == user_id))
    tx.wake(door(user_id))


def activate(tx: Tx, user_id: str) -> None:
    tx.execute(update(USER).where(USER.c.id == user_id).values(deactivated=None))


def has_role(tx: Tx, role: Role) -> bool:
    return tx.scalar(select(USER.c.id).where(USER.c.role >= int(role)).limit(1)) is not None


def admins(tx: Tx) -> list[User]:
    """The persons who may log in and administer the whole site, by login."""
    chosen = select(USER).where(
        USER.c.role >= int(Role.admin),
        USER.c.deactivated.is_(None),
        USER.c.owner.is_(None),
        ~USER.c.system,
    )
    return [_user(row) for row in tx.rows(chosen.order_by(USER.c.login))]


def password(tx: Tx, login: str) -> str | None:
    found = tx.scalar(
        select(USER.c.password).where(
            USER.c.login == login,
            ~USER.c.system,
            USER.c.owner.is_(None),
            USER.c.deactivated.is_(None),
        )
    )
    return None if found is None else str(found)


def set_password(tx: Tx, user_id: str, password_hash: str) -> None:
    tx.execute(update(USER).where(USER.c.id == user_id).values(password=password_hash))


def held(tx: Tx, user_id: str) -> dict[str, Role]:
    """What a user was granted on single resources, by themselves and as a person by teams."""
    teams = select(MEMBER.c.team_id).join(USER, USER.c.id == MEMBER.c.user_id)
    teams = teams.where(MEMBER.c.user_id == user_id, USER.c.owner.is_(None), ~USER.c.system)
    mine = select(GRANT).where(or_(GRANT.c.holder == user_id, GRANT.c.holder.in_(teams)))
    grants = [Grant(row["resource"], row["holder"], Role(row["role"])) for row in tx.rows(mine)]
    return granted(user_id, {grant.holder for grant in grants}, grants)


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


def all_tokens(tx: Tx) -> list[tuple[str, Token]]:
    """Every token beside the login of its holder, newest first; those of voices left out."""
    chosen = select(USER.c.login, TOKEN).join(USER, USER.c.id == TOKEN.c.user_id)
    rows = tx.rows(chosen.where(~USER.c.system).order_by(TOKEN.c.created.desc(), TOKEN.c.id))
    return [(row["login"], _token(row)) for row in rows]


def token_owner(tx: Tx, token_id: str) -> User | None:
    holder = select(TOKEN.c.user_id).where(TOKEN.c.id == token_id).scalar_subquery()
    return _one(tx, and_(USER.c.id == holder, ~USER.c.system))


def delete_token(tx: Tx, user_id: str, token_id: str) -> bool:
    gone = delete(TOKEN).where(TOKEN.c.id == token_id, TOKEN.c.user_id == user_id)
    tx.wake(door(user_id))
    return tx.execute(gone).rowcount == 1


def token_holder(tx: Tx, token_hash: str) -> tuple[Principal, Token] | None:
    row = tx.row(
        select(
            USER.c.id.label("user_id"),
            USER.c.login,
            USER.c.name.label("user_name"),
            USER.c.role,
            USER.c.system,
            TOKEN,
        )
        .join(USER, USER.c.id == TOKEN.c.user_id)
        .where(
            TOKEN.c.hash == token_hash,
            USER.c.deactivated.is_(None),
            or_(TOKEN.c.expires.is_(None), TOKEN.c.expires > tx.now),
        )
    )
    if row is None:
        return None
    token, role = _token(row), Role(row["role"])
    principal = Principal(
        id=row["user_id"],
        login=row["login"],
        name=row["user_name"],
        role=role,
        scopes=frozenset(token.scopes),
        held=held_by_scopes(token.scopes, role) if row["system"] else held(tx, row["user_id"]),
        proof="token",
        proof_id=token.id,
    )
    return principal, token


def mark_used(tx: Tx, token_id: str) -> None:
    tx.execute(update(TOKEN).where(TOKEN.c.id == token_id).values(used=tx.now))


def add_session(
    tx: Tx, session_hash: str, user_id: str, expires: Micros, address: str = "", agent: str = ""
) -> None:
    tx.execute(
        insert(SESSION).values(
            hash=session_hash,
            user_id=user_id,
            created=tx.now,
            expires=expires,
            address=address,
            agent=agent,
        )
    )


def sessions(tx: Tx, user_id: str) -> list[OpenSession]:
    """List the sessions that live, newest first; an id is the beginning of the stored hash."""
    chosen = select(SESSION).where(SESSION.c.user_id == user_id, SESSION.c.expires > tx.now)
    return [_session(row) for row in tx.rows(chosen.order_by(SESSION.c.created.desc()))]


def session_id(session_hash: str) -> str:
    return session_hash[:_SESSION_ID_LENGTH]


def end_sessions(tx: Tx, user_id: str, wanted: Sequence[str]) -> None:
    short = func.substr(SESSION.c.hash, 1, _SESSION_ID_LENGTH)
    tx.execute(delete(SESSION).where(SESSION.c.user_id == user_id, short.in_(wanted)))
    tx.wake(door(user_id))


def session_holder(tx: Tx, session_hash: str) -> tuple[Principal, Micros] | None:
    row = tx.row(
        select(USER.c.id, USER.c.login, USER.c.name, USER.c.role, SESSION.c.expires)
        .join(SESSION, USER.c.id == SESSION.c.user_id)
        .where(
            SESSION.c.hash == session_hash,
            SESSION.c.expires > tx.now,
            USER.c.deactivated.is_(None),
        )
    )
    if row is None:
        return None
    principal = Principal(
        row["id"], row["login"], row["name"], Role(row["role"]), held=held(tx, row["id"]),
        proof="session", proof_id=session_id(session_hash),
    )  # fmt: skip
    return principal, Micros(row["expires"])


def extend_session(tx: Tx, session_hash: str, expires: Micros) -> None:
    tx.execute(update(SESSION).where(SESSION.c.hash == session_hash).values(expires=expires))


def delete_session(tx: Tx, user_id: str, session_hash: str) -> None:
    tx.execute(delete(SESSION).where(SESSION.c.hash == session_hash))
    tx.wake(door(user_id))


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


def make_room_for_failures(tx: Tx, before: Micros, most: int) -> None:
    """Drop what counts no more, and beyond `most` rows the oldest: a flood must not fill us."""
    tx.execute(delete(FAILURE).where(FAILURE.c.since <= before))
    if int(tx.scalar(select(func.count()).select_from(FAILURE)) or 0) >= most:
        oldest = select(FAILURE.c.who).order_by(FAILURE.c.since).limit(most // 10)
        tx.execute(delete(FAILURE).where(FAILURE.c.who.in_(oldest)))


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
        source=row["source"],
        owner=row["owner"],
        deactivated=row["deactivated"],
    )


def _session(row: RowMapping) -> OpenSession:
    return OpenSession(
        id=session_id(row["hash"]),
        created=Micros(row["created"]),
        expires=Micros(row["expires"]),
        address=row["address"],
        agent=row["agent"],
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

"""Users: made, found, given a role, shut out. Parts call these through `service`."""

from dataclasses import replace

import structlog

from towpath.kernel import ids
from towpath.kernel.access import auditing, store, team_store
from towpath.kernel.access.model import HERE, Resource, Role, User, effective_role, valid_login
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput, NotFound

_log = structlog.get_logger("towpath.access")


def create_user(
    tx: Tx,
    login: str,
    password_hash: str | None,
    role: Role,
    *,
    name: str = "",
    source: str = HERE,
) -> User:
    """Add a person; Conflict when the login is taken."""
    return _add(tx, User(ids.new("user"), login, name, role, False, tx.now, source), password_hash)


def ensure_system_user(tx: Tx, login: str, name: str, role: Role = Role.member) -> User:
    """Find or add a voice of ours: it has no password and can never log in."""
    found = store.user(tx, login)
    if found is None:
        return _add(tx, User(ids.new("user"), login, name, role, True, tx.now), None)
    if not found.system:
        raise Conflict(
            f"A person already has the login {login}.", next_step="Rename that user first."
        )
    return found


def ensure_user(
    tx: Tx,
    login: str,
    name: str,
    *,
    source: str,
    role: Role = Role.viewer,
    adopt: bool = False,
) -> User:
    """Find or add a person whom an outside source knows, and keep their name up to date.

    A login that somebody got here or from another source belongs to them: Conflict, or a way in
    from outside would lead into any account. `adopt` is for callers whom an administrator told
    that both are one person. Whoever was shut out stays so: look at `deactivated`.
    """
    _outside(source)
    found = store.user(tx, login)
    if found is None:
        return create_user(tx, login, None, role, name=name, source=source)
    if found.kind != "person" or (found.source != source and not adopt):
        raise Conflict(
            f"The login {login} belongs to a user who does not come from {source}.",
            next_step="Let an administrator say that they are the same person, or rename one.",
        )
    if name and name != found.name:
        store.rename_user(tx, found.id, name)
        auditing.of_user(tx, auditing.USER_CHANGED, login, {"name": found.name}, {"name": name})
    return known(tx, login)


def create_service_account(tx: Tx, login: str, name: str, owner: str, role: Role) -> User:
    """Add a user for a program; a team answers for it, and only tokens let it in."""
    team = team_store.team(tx, owner)
    if team is None:
        raise NotFound(f"There is no team {owner[:80]!r}.", next_step="Add the team first.")
    made = User(ids.new("user"), login, name, role, False, tx.now, owner=team.id)
    return _add(tx, made, None)


def user(tx: Tx, login: str) -> User | None:
    return store.user(tx, login)


def users(tx: Tx, after: str = "", limit: int | None = None, *, begins: str = "") -> list[User]:
    """List people and service accounts by login, all or those that begin so."""
    return store.users(tx, after, limit, begins)


def known(tx: Tx, login: str) -> User:
    found = store.user(tx, login)
    if found is None:
        raise NotFound(
            f"There is no user {login[:80]}.", next_step="Check the spelling of the login."
        )
    return found


def has_role(tx: Tx, login: str, role: Role, *, resource: Resource | None = None) -> bool:
    """Whether a user has at least this role, for what was said without a request of their own."""
    found = store.user(tx, login)
    if found is None or found.deactivated is not None:
        return False
    held = effective_role(found.role, store.held(tx, found.id), resource)
    return held is not None and held >= role


def set_role(tx: Tx, login: str, role: Role) -> User:
    """Give a user this role on the whole site; what other sources say may still be higher."""
    set_site_role(tx, _changeable(tx, login).id, HERE, role)
    return known(tx, login)


def set_site_role(tx: Tx, user_id: str, source: str, role: Role | None) -> None:
    """Note what one source says of a user's role on the whole site; None: nothing any more.

    The highest word counts, so a source that falls silent takes away only what it gave. Conflict,
    and nothing is written, when it would leave nobody to administer.
    """
    before = store.user_by_id(tx, user_id)
    if before is None:
        raise NotFound("There is no such user.", next_step="Add the user first.")
    if team_store.site_role(tx, user_id, HERE) is None:
        team_store.put_site_role(tx, user_id, HERE, before.role)
    if max(role or Role.viewer, team_store.role_without(tx, user_id, source)) < Role.admin:
        _require_another_admin(tx, before)
    team_store.put_site_role(tx, user_id, source, role)
    after = store.user_by_id(tx, user_id) or before
    auditing.of_user(
        tx, auditing.ROLE_SET, before.login, {"role": before.role.name},
        {"role": after.role.name, "source": source, "by_source": role.name if role else None},
    )  # fmt: skip
    _log.info("role set", login=before.login, source=source, role=role.name if role else None)


def rename_user(tx: Tx, login: str, name: str) -> User:
    found = _changeable(tx, login)
    store.rename_user(tx, found.id, name)
    auditing.of_user(tx, auditing.USER_CHANGED, login, {"name": found.name}, {"name": name})
    return known(tx, login)


def deactivate(tx: Tx, login: str) -> User:
    """Shut a user out at once: sessions and tokens die now, and nothing new lets them in."""
    found = _changeable(tx, login)
    _require_another_admin(tx, found)
    store.deactivate(tx, found.id)
    auditing.of_user(tx, auditing.USER_SHUT_OUT, login)
    _log.info("user deactivated", login=login)
    return known(tx, login)


def activate(tx: Tx, login: str) -> User:
    """Let a user in again; their old sessions and tokens stay dead."""
    store.activate(tx, _changeable(tx, login).id)
    auditing.of_user(tx, auditing.USER_LET_IN, login)
    _log.info("user activated", login=login)
    return known(tx, login)


def _add(tx: Tx, made: User, password_hash: str | None) -> User:
    if store.user(tx, valid_login(made.login)) is not None:
        raise Conflict(f"The login {made.login} is taken.", next_step="Choose another one.")
    store.add_user(tx, replace(made, name=made.name or made.login), password_hash)
    after = known(tx, made.login)
    auditing.user_added(tx, after)
    _log.info("user created", login=made.login, role=made.role.name, kind=made.kind)
    return after


def _changeable(tx: Tx, login: str) -> User:
    found = known(tx, login)
    if found.system:
        raise InvalidInput(
            f"{login} is a voice of the house itself.", next_step="Change a person instead."
        )
    return found


def admins(tx: Tx) -> list[User]:
    """The persons who may log in and administer the whole site: one at least always stays."""
    return store.admins(tx)


def _require_another_admin(tx: Tx, found: User) -> None:
    if [each.id for each in store.admins(tx)] == [found.id]:
        raise Conflict(
            f"{found.login} is the last administrator.",
            next_step="Make somebody else an administrator first.",
        )


def _outside(source: str) -> None:
    if not source or len(source) > 60:  # noqa: PLR2004 - the column's width
        raise InvalidInput(
            "A source outside needs a name.", next_step="Use 1 to 60 characters, such as ldap."
        )

"""Users, tokens and sessions: the verbs that parts and pages call.

Tokens and sessions are 256 random bits; only their SHA-256 is stored, so a stolen database opens
no door. Passwords are argon2id.
"""

import hashlib
from dataclasses import dataclass

import structlog

from towpath.kernel import ids
from towpath.kernel.access import store
from towpath.kernel.access.model import Principal as Principal
from towpath.kernel.access.model import Role as Role
from towpath.kernel.access.model import Token as Token
from towpath.kernel.access.model import User as User
from towpath.kernel.access.model import may as may
from towpath.kernel.access.model import require as require
from towpath.kernel.access.model import valid_login, valid_scopes
from towpath.kernel.access.passwords import matches
from towpath.kernel.clock import SECOND, Micros, after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, InvalidInput, NotFound, Unauthenticated, Unavailable

_TRIES = 10
_WINDOW_SECONDS = 600.0
_HOUR_SECONDS = 3600
_USED_EVERY_SECONDS = 60.0
_log = structlog.get_logger("towpath.access")


@dataclass(frozen=True)
class Session:
    """A browser's proof: `raw` goes into its cookie and is never stored."""

    raw: str
    principal: Principal
    expires: Micros


def create_user(
    tx: Tx, login: str, password_hash: str | None, role: Role, *, name: str = ""
) -> User:
    """Add a user; Conflict when the login is taken."""
    return _add_user(tx, login, password_hash, role, name, system=False)


def ensure_system_user(tx: Tx, login: str, name: str, role: Role = Role.member) -> User:
    """Find or add a voice of ours: it has no password and can never log in."""
    found = store.user(tx, login)
    if found is None:
        return _add_user(tx, login, None, role, name, system=True)
    if not found.system:
        raise Conflict(
            f"A person already has the login {login}.", next_step="Rename that user first."
        )
    return found


def user(tx: Tx, login: str) -> User | None:
    return store.user(tx, login)


def create_token(
    tx: Tx,
    login: str,
    name: str,
    *,
    scopes: tuple[str, ...] = (),
    expires: Micros | None = None,
    raw: str | None = None,
) -> tuple[str, str]:
    """Make an API token for a user; returns its id and the token, which nobody sees again.

    `raw` is given by who must keep the token somewhere before it counts (`ids.secret`).
    """
    holder = _known(tx, login)
    if not 1 <= len(name) <= 100:  # noqa: PLR2004 - the message says it
        raise InvalidInput("A token needs a name.", next_step="Use 1 to 100 characters.")
    if expires is not None and expires <= tx.now:
        raise InvalidInput(
            "This token would have expired already.", next_step="Choose a later day."
        )
    raw = raw or ids.secret("tow")
    made = Token(ids.new("token"), name, valid_scopes(scopes), tx.now, expires, None)
    store.add_token(tx, holder.id, made, _digest(raw))
    _log.info("token created", login=login, token=made.id, scopes=made.scopes)
    return made.id, raw


def tokens(tx: Tx, login: str) -> list[Token]:
    return store.tokens(tx, _known(tx, login).id)


def revoke_token(tx: Tx, login: str, token_id: str) -> None:
    """Forget one of the user's tokens; NotFound when it is not theirs."""
    if not store.delete_token(tx, _known(tx, login).id, token_id):
        raise NotFound("You have no such token.", next_step="Look at /settings/tokens.")
    _log.info("token revoked", login=login, token=token_id)


def authenticate_token(tx: Tx, raw: str) -> Principal:
    """Find who holds this token; Unauthenticated when nobody does (any more)."""
    return _holder(tx, raw)[0]


def recognise_token(tx: Tx, raw: str) -> tuple[Principal, bool]:
    """Authenticate, and say whether the last use was noted over a minute ago.

    Noting is left to the caller, so that reading stays reading.
    """
    principal, token = _holder(tx, raw)
    return principal, tx.now - (token.used or 0) > _USED_EVERY_SECONDS * SECOND


def note_token_used(tx: Tx, raw: str) -> None:
    store.mark_used(tx, _holder(tx, raw)[1].id)


def log_in(kernel: Kernel, login: str, password: str, address: str = "") -> Session:
    """Open a session; takes 0.2 s of CPU, so call it through passwords.HASHING.

    Ten failures in ten minutes from one address for one login close that door for a while.
    """
    who = f"{login[:64]}@{address[:64]}"
    known = kernel.db.read(lambda tx: _password_of(tx, login, who))
    if not matches(known, password):
        kernel.db.write(lambda tx: store.count_failure(tx, who, _window_start(tx)))
        _log.warning("log-in failed", login=login, address=address)
        raise Unauthenticated(
            "This login and password do not belong together.",
            next_step="Try again, or ask an administrator for a new password.",
        )
    return kernel.db.write(lambda tx: _open_session(tx, kernel, login, who))


def authenticate_session(tx: Tx, raw: str) -> tuple[Principal, Micros] | None:
    """Find whose session this is and when it ends; None when it has ended."""
    return store.session_holder(tx, _digest(raw))


def extend_session(tx: Tx, raw: str, hours: int) -> None:
    store.extend_session(tx, _digest(raw), after(tx.now, hours * _HOUR_SECONDS))


def log_out(tx: Tx, raw: str) -> None:
    store.delete_session(tx, _digest(raw))


def forget_expired(tx: Tx) -> None:
    store.delete_expired(tx, _window_start(tx))


def has_admin(tx: Tx) -> bool:
    return store.has_role(tx, Role.admin)


def _add_user(
    tx: Tx, login: str, password_hash: str | None, role: Role, name: str, *, system: bool
) -> User:
    if store.user(tx, valid_login(login)) is not None:
        raise Conflict(f"The login {login} is taken.", next_step="Choose another one.")
    made = User(ids.new("user"), login, name or login, role, system, tx.now)
    store.add_user(tx, made, password_hash)
    _log.info("user created", login=login, role=role.name, system=system)
    return made


def _holder(tx: Tx, raw: str) -> tuple[Principal, Token]:
    found = store.token_holder(tx, _digest(raw))
    if found is None:
        raise Unauthenticated(
            "This token is not known, or it has expired or been revoked.",
            next_step="Make a new one at /settings/tokens.",
        )
    return found


def _known(tx: Tx, login: str) -> User:
    found = store.user(tx, login)
    if found is None:
        raise NotFound(f"There is no user {login}.", next_step="Check the spelling of the login.")
    return found


def _password_of(tx: Tx, login: str, who: str) -> str | None:
    if store.failures(tx, who, _window_start(tx)) >= _TRIES:
        raise Unavailable(
            "Too many log-ins have failed for this login.", next_step="Wait ten minutes."
        )
    return store.password(tx, login)


def _open_session(tx: Tx, kernel: Kernel, login: str, who: str) -> Session:
    holder = _known(tx, login)
    raw = ids.secret("ses")
    expires = after(tx.now, kernel.settings.session_hours * _HOUR_SECONDS)
    store.forget_failures(tx, who)
    store.add_session(tx, _digest(raw), holder.id, expires)
    _log.info("logged in", login=login)
    return Session(raw, Principal(holder.id, holder.login, holder.name, holder.role), expires)


def _window_start(tx: Tx) -> Micros:
    return after(tx.now, -_WINDOW_SECONDS)


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()

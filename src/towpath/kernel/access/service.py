"""Users, tokens and sessions: the verbs that parts and pages call.

Tokens and sessions are 256 random bits; only their SHA-256 is stored, so a stolen database opens
no door. Passwords are argon2id.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from towpath.kernel import ids
from towpath.kernel.access import auditing, store, throttling
from towpath.kernel.access.credentials import change_password as change_password
from towpath.kernel.access.credentials import set_password as set_password
from towpath.kernel.access.model import DOORS as DOORS
from towpath.kernel.access.model import HERE as HERE
from towpath.kernel.access.model import OpenSession as OpenSession
from towpath.kernel.access.model import Principal as Principal
from towpath.kernel.access.model import Resource as Resource
from towpath.kernel.access.model import Role as Role
from towpath.kernel.access.model import Team as Team
from towpath.kernel.access.model import Token as Token
from towpath.kernel.access.model import User as User
from towpath.kernel.access.model import door as door
from towpath.kernel.access.model import effective_role as effective_role
from towpath.kernel.access.model import knows as knows
from towpath.kernel.access.model import may as may
from towpath.kernel.access.model import require as require
from towpath.kernel.access.model import valid_scopes
from towpath.kernel.access.passwords import matches
from towpath.kernel.access.people import activate as activate
from towpath.kernel.access.people import admins as admins
from towpath.kernel.access.people import create_service_account as create_service_account
from towpath.kernel.access.people import create_user as create_user
from towpath.kernel.access.people import deactivate as deactivate
from towpath.kernel.access.people import ensure_system_user as ensure_system_user
from towpath.kernel.access.people import ensure_user as ensure_user
from towpath.kernel.access.people import has_role as has_role
from towpath.kernel.access.people import known as known
from towpath.kernel.access.people import rename_user as rename_user
from towpath.kernel.access.people import set_role as set_role
from towpath.kernel.access.people import set_site_role as set_site_role
from towpath.kernel.access.people import user as user
from towpath.kernel.access.people import users as users
from towpath.kernel.access.teams import Given as Given
from towpath.kernel.access.teams import TeamView as TeamView
from towpath.kernel.access.teams import add_member as add_member
from towpath.kernel.access.teams import add_team as add_team
from towpath.kernel.access.teams import grant as grant
from towpath.kernel.access.teams import grants as grants
from towpath.kernel.access.teams import remove_member as remove_member
from towpath.kernel.access.teams import remove_team as remove_team
from towpath.kernel.access.teams import rename_team as rename_team
from towpath.kernel.access.teams import set_memberships as set_memberships
from towpath.kernel.access.teams import team as team
from towpath.kernel.access.teams import teams as teams
from towpath.kernel.audit import service as audit
from towpath.kernel.clock import SECOND, Micros, after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Denied, InvalidInput, NotFound, Unauthenticated

_HOUR_SECONDS = 3600
_DAY_SECONDS = 86_400
_USED_EVERY_SECONDS = 60.0
_log = structlog.get_logger("towpath.access")


@dataclass(frozen=True)
class Session:
    """A browser's proof: `raw` goes into its cookie and is never stored."""

    raw: str
    principal: Principal
    expires: Micros


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
    holder = known(tx, login)
    _require_active(holder)
    if not 1 <= len(name) <= 100:  # noqa: PLR2004 - the message says it
        raise InvalidInput("A token needs a name.", next_step="Use 1 to 100 characters.")
    if expires is not None and expires <= tx.now:
        raise InvalidInput(
            "This token would have expired already.", next_step="Choose a later day."
        )
    raw = raw or ids.secret("tow")
    made = Token(ids.new("token"), name, valid_scopes(scopes), tx.now, expires, None)
    store.add_token(tx, holder.id, made, _digest(raw))
    about = {"holder": login, "name": name, "scopes": made.scopes, "expires": expires}
    audit.record(tx, auditing.TOKEN_ADDED, f"token:{made.id}", after=about)
    _log.info("token created", login=login, token=made.id, scopes=made.scopes)
    return made.id, raw


def expiry(tx: Tx, days: int | None, most: int) -> Micros | None:
    """Say when a token of so many days ends; `most` is the longest life here, 0 sets none."""
    if most and (days is None or days > most):
        raise InvalidInput(
            f"A token may live {most} days at most here.", next_step="Choose fewer days."
        )
    return None if days is None else after(tx.now, days * _DAY_SECONDS)


def tokens(tx: Tx, login: str) -> list[Token]:
    return store.tokens(tx, known(tx, login).id)


def revoke_token(tx: Tx, login: str, token_id: str) -> None:
    """Forget one of the user's tokens; NotFound when it is not theirs."""
    if not store.delete_token(tx, known(tx, login).id, token_id):
        raise NotFound("You have no such token.", next_step="Look at /settings/tokens.")
    audit.record(tx, auditing.TOKEN_REVOKED, f"token:{token_id}", before={"holder": login})
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


def log_in(
    kernel: Kernel, login: str, password: str, address: str = "", agent: str = ""
) -> Session:
    """Open a session; takes 0.2 s of CPU, so call it through passwords.HASHING."""
    stored = kernel.db.read(lambda tx: _password_of(tx, login, address))
    if not matches(stored, password):
        kernel.db.write(lambda tx: throttling.count_failure(tx, login, address))
        _log.warning("log-in failed", login=login if stored else "", address=address)
        raise Unauthenticated(
            "This login and password do not belong together.",
            next_step="Try again, or ask an administrator for a new password.",
        )
    return kernel.db.write(lambda tx: _admitted(tx, kernel, login, (address, agent)))


def open_session(
    tx: Tx, kernel: Kernel, holder: User, address: str = "", agent: str = ""
) -> Session:
    """Open a session for a person who has proved who they are; Denied when they were shut out."""
    _require_active(holder)
    if holder.kind != "person":
        raise Denied(
            f"{holder.login} is not a person; only tokens let it in.",
            next_step="Make a token for it.",
        )
    raw = ids.secret("ses")
    expires = after(tx.now, kernel.settings.session_hours * _HOUR_SECONDS)
    store.add_session(tx, _digest(raw), holder.id, expires, address[:64], agent[:300])
    _log.info("logged in", login=holder.login)
    principal = principal_of(tx, holder)
    auditing.session(tx, auditing.LOGGED_IN, principal, session_id(raw))
    return Session(raw, principal, expires)


def principal_of(tx: Tx, holder: User) -> Principal:
    """A user as somebody who calls, with all that they were granted."""
    held = store.held(tx, holder.id)
    return Principal(holder.id, holder.login, holder.name, holder.role, held=held)


def authenticate_session(tx: Tx, raw: str) -> tuple[Principal, Micros] | None:
    """Find whose session this is and when it ends; None when it has ended."""
    return store.session_holder(tx, _digest(raw))


def extend_session(tx: Tx, raw: str, hours: int) -> None:
    store.extend_session(tx, _digest(raw), after(tx.now, hours * _HOUR_SECONDS))


def log_out(tx: Tx, raw: str) -> None:
    found = store.session_holder(tx, _digest(raw))
    if found is not None:
        auditing.session(tx, auditing.LOGGED_OUT, found[0], session_id(raw))
        store.delete_session(tx, found[0].id, _digest(raw))


def sessions(tx: Tx, login: str) -> list[OpenSession]:
    """List where a user is logged in, newest first."""
    return store.sessions(tx, known(tx, login).id)


def session_id(raw: str) -> str:
    """Name a session in lists without giving away what opens it."""
    return store.session_id(_digest(raw))


def end_session(tx: Tx, login: str, wanted: str) -> None:
    """Log a user out of one session; NotFound when it is not theirs, or has ended."""
    if wanted not in {each.id for each in sessions(tx, login)}:
        raise NotFound("There is no such session.", next_step="Look at the list of sessions.")
    end_sessions(tx, login, [wanted])


def end_sessions(tx: Tx, login: str, wanted: Sequence[str] | None = None) -> None:
    """Log a user out of the sessions with these ids, or everywhere."""
    holder = known(tx, login)
    ends = [each.id for each in store.sessions(tx, holder.id)] if wanted is None else wanted
    store.end_sessions(tx, holder.id, ends)
    auditing.of_user(tx, auditing.SESSIONS_ENDED, login, after={"count": len(ends)})
    _log.info("sessions ended", login=login, count=len(ends))


def all_tokens(tx: Tx) -> list[tuple[str, Token]]:
    """Every token of people and service accounts beside its holder's login, newest first."""
    return store.all_tokens(tx)


def revoke_any_token(tx: Tx, token_id: str) -> None:
    """Forget a token whoever holds it, for administrators."""
    holder = store.token_owner(tx, token_id)
    if holder is None:
        raise NotFound("There is no such token.", next_step="Look at the list of tokens.")
    revoke_token(tx, holder.login, token_id)


def forget_expired(tx: Tx) -> None:
    store.delete_expired(tx, throttling.window_start(tx))


def has_admin(tx: Tx) -> bool:
    return store.has_role(tx, Role.admin)


def _holder(tx: Tx, raw: str) -> tuple[Principal, Token]:
    found = store.token_holder(tx, _digest(raw))
    if found is None:
        raise Unauthenticated(
            "This token is not known, or it has expired or been revoked.",
            next_step="Make a new one at /settings/tokens.",
        )
    return found


def _password_of(tx: Tx, login: str, address: str) -> str | None:
    throttling.require_patience(tx, login, address)
    return store.password(tx, login)


def _admitted(tx: Tx, kernel: Kernel, login: str, origin: tuple[str, str]) -> Session:
    throttling.forget_failures(tx, login, origin[0])
    return open_session(tx, kernel, known(tx, login), *origin)


def _require_active(holder: User) -> None:
    if holder.deactivated is not None:
        raise Denied(
            f"{holder.login} was deactivated.", next_step="Ask an administrator to let them in."
        )


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()

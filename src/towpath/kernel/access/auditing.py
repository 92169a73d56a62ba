"""What of users, teams, tokens and sessions is kept in the audit log."""

from dataclasses import replace

from towpath.kernel.access.model import Principal, Role, User
from towpath.kernel.audit import service as audit
from towpath.kernel.audit.service import Values
from towpath.kernel.db.interface import Tx

USER_ADDED = audit.action("user.add", "added a user")
USER_CHANGED = audit.action("user.change", "changed a user")
PASSWORD_SET = audit.action("user.password", "set a password")
USER_SHUT_OUT = audit.action("user.deactivate", "shut a user out")
USER_LET_IN = audit.action("user.activate", "let a user in again")
ROLE_SET = audit.action("user.role", "gave a user another role")
ROLE_KEPT = audit.action("user.role.keep", "kept the role of the last administrator")
TEAM_ADDED = audit.action("team.add", "added a team")
TEAM_CHANGED = audit.action("team.change", "changed a team")
TEAM_REMOVED = audit.action("team.remove", "removed a team")
MEMBER_ADDED = audit.action("team.member.add", "put a user into a team")
MEMBER_REMOVED = audit.action("team.member.remove", "took a user out of a team")
GRANTED = audit.action("access.grant", "granted or took away a role on one resource")
TOKEN_ADDED = audit.action("token.add", "made an API token")
TOKEN_REVOKED = audit.action("token.revoke", "revoked an API token")
LOGGED_IN = audit.action("session.open", "logged in")
LOGGED_OUT = audit.action("session.close", "logged out")
SESSIONS_ENDED = audit.action("session.end", "ended sessions of a user")
REFUSED = audit.action("session.refuse", "was refused at log-in")

RECOVERED = audit.action("session.recover", "came in by a link from the server's machine")
IDENTIFIED = audit.action("user.identify", "tied a user to a provider's subject")


def of_user(
    tx: Tx,
    what: audit.Action,
    login: str,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    audit.record(tx, what, f"user:{login}", before=before, after=after)


def of_team(
    tx: Tx,
    what: audit.Action,
    slug: str,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    audit.record(tx, what, f"team:{slug}", before=before, after=after)


def user_added(tx: Tx, made: User) -> None:
    about = {"name": made.name, "role": made.role.name, "kind": made.kind, "source": made.source}
    of_user(tx, USER_ADDED, made.login, after=about)


def role_kept(tx: Tx, user: User, source: str, said: Role) -> None:
    about = {"source": source, "by_source": said.name, "role": user.role.name}
    of_user(tx, ROLE_KEPT, user.login, after=about)


def session(tx: Tx, what: audit.Action, found: Principal, session_id: str) -> None:
    """A session that opens or closes makes its holder known, whatever came with the request."""
    by = replace(tx.origin, id=found.id, login=found.login, proof="session", proof_id=session_id)
    audit.record(tx, what, f"user:{found.login}", by=by)


def log_in_refused(tx: Tx, login: str, known: User | None) -> None:
    """People type passwords where the login belongs, so one that nobody has is not kept."""
    audit.record(tx, REFUSED, f"user:{login}" if known else "user:")


def refused_outside(tx: Tx, source: str, why: str) -> None:
    """Somebody came from an outside source and was not let in."""
    audit.record(tx, REFUSED, "user:", after={"by": source, "why": why})

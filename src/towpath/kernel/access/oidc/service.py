"""Begin a log-in at the provider, and finish it when the browser comes back with the answer."""

import hashlib
from dataclasses import dataclass

import structlog

from towpath.kernel import ids
from towpath.kernel.access import auditing, team_store
from towpath.kernel.access import service as access
from towpath.kernel.access import store as access_store
from towpath.kernel.access.oidc import model, store
from towpath.kernel.access.oidc.model import SOURCE, Attempt, Person, Rules
from towpath.kernel.access.oidc.provider import Provider
from towpath.kernel.access.service import Role, Session, User
from towpath.kernel.clock import after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, Denied, TowpathError, Unauthenticated

LIFE_SECONDS = 600
_MOST_ATTEMPTS = 10_000
_log = structlog.get_logger("towpath.access")


@dataclass(frozen=True)
class Begun:
    """Where the browser goes, and what its cookie must hold when it comes back."""

    address: str
    browser: str


@dataclass(frozen=True)
class Answer:
    """What the provider sent the browser back with; any of it may come from a stranger."""

    state: str = ""
    code: str = ""
    issuer: str = ""
    error: str = ""


def begin(kernel: Kernel, provider: Provider, goes_to: str) -> Begun:
    """Note a log-in and say where it goes on; Unavailable when the provider does not answer."""
    state, browser = ids.secret("oidc"), ids.secret("oidc")
    attempt = Attempt(ids.secret("nonce"), ids.secret("pkce") + ids.secret("pkce"), goes_to)
    address = provider.address(state, attempt)

    def note(tx: Tx) -> None:
        store.make_room_for_attempts(tx, after(tx.now, -LIFE_SECONDS), _MOST_ATTEMPTS)
        store.add_attempt(tx, _digest(state), _digest(browser), attempt)

    kernel.db.write(note)
    return Begun(address, browser)


def finish(
    kernel: Kernel, provider: Provider, answer: Answer, browser: str, where: tuple[str, str]
) -> tuple[Session, str]:
    """Open a session for whom the provider means; says also where they wanted to go.

    A refusal is written into the audit log with its reason.
    """
    try:
        return _finish(kernel, provider, answer, browser, where)
    except TowpathError as error:
        why = error.detail
        kernel.db.write(lambda tx: auditing.refused_outside(tx, SOURCE, why))
        _log.warning("log-in at the provider failed", why=why)
        raise


def _finish(
    kernel: Kernel, provider: Provider, answer: Answer, browser: str, where: tuple[str, str]
) -> tuple[Session, str]:
    attempt = kernel.db.write(lambda tx: _taken(tx, answer.state, browser))
    _require_code(provider, answer)
    rules = model.rules(kernel.settings)
    found = model.person(rules, provider.claims(answer.code, attempt))

    def admit(tx: Tx) -> Session:
        user = _recognised(tx, rules, provider.issuer, found)
        return access.open_session(tx, kernel, user, *where)

    return kernel.db.write(admit), attempt.goes_to


def _taken(tx: Tx, state: str, browser: str) -> Attempt:
    since = after(tx.now, -LIFE_SECONDS)
    attempt = store.take_attempt(tx, _digest(state), _digest(browser), since)
    if attempt is None:
        raise Unauthenticated(
            "This log-in was not begun in this browser, has been used, or took over ten minutes.",
            next_step="Begin again from the button here.",
        )
    return attempt


def _require_code(provider: Provider, answer: Answer) -> None:
    if answer.error:
        raise Unauthenticated(
            f"The provider did not let you in: it answered {answer.error[:80]!r}.",
            next_step="Begin again, or ask whoever runs the provider.",
        )
    if (answer.issuer or provider.names_itself()) and answer.issuer != provider.issuer:
        raise Unauthenticated(
            "The answer comes from another provider than the one we asked.",
            next_step="Begin again from the button here.",
        )
    if not answer.code:
        raise Unauthenticated("The provider sent no code.", next_step="Begin again.")


def _recognised(tx: Tx, rules: Rules, issuer: str, found: Person) -> User:
    """Find or add the user of a subject, and take over what the provider says of them now."""
    user = _user(tx, rules, issuer, found)
    if user.deactivated is not None:
        raise Denied(
            f"{user.login} was deactivated.", next_step="Ask an administrator to let them in."
        )
    if found.name != user.name:
        access.rename_user(tx, user.login, found.name)
    access.set_memberships(tx, user.id, SOURCE, found.teams)
    if team_store.site_role(tx, user.id, SOURCE) != found.role:
        _take_role(tx, user, found.role)
    return access.known(tx, user.login)


def _take_role(tx: Tx, user: User, role: Role) -> None:
    """Take over a role; the last administrator keeps theirs and comes in, or nobody could help."""
    try:
        access.set_site_role(tx, user.id, SOURCE, role)
    except Conflict:
        auditing.role_kept(tx, user, SOURCE, role)
        _log.warning("the last administrator keeps the role", login=user.login, said=role.name)


def _user(tx: Tx, rules: Rules, issuer: str, found: Person) -> User:
    known = access_store.user_by_id(tx, store.identified(tx, issuer, found.subject) or "")
    if known is not None:
        return known
    user = access.user(tx, found.login)
    if user is None:
        user = access.create_user(
            tx, found.login, None, Role.viewer, name=found.name, source=SOURCE
        )
    elif user.kind != "person" or user.source not in rules.adopts or _taken_by(tx, user):
        raise Conflict(
            f"The login {found.login} belongs to somebody who does not come from this provider.",
            next_step="Ask an administrator to rename one of the two at the provider, or to add"
            " where that user comes from to TOWPATH_OIDC_ADOPTS.",
        )
    store.identify(tx, issuer, found.subject, user.id)
    about = {"issuer": issuer, "subject": found.subject}
    auditing.of_user(tx, auditing.IDENTIFIED, user.login, after=about)
    return user


def _taken_by(tx: Tx, user: User) -> bool:
    """Whether a provider means somebody else by this user already: a login was given again."""
    return store.has_identity(tx, user.id)


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()

"""Passwords of people: set by an administrator, changed by oneself. Parts call `service`.

Both end sessions, so that whoever knew the old password is out; tokens stay, since programs hold
them. Hashing takes CPU and memory, so run these through passwords.HASHING.
"""

import structlog

from towpath.kernel.access import auditing, store, throttling
from towpath.kernel.access.model import HERE, Principal, User, valid_password
from towpath.kernel.access.passwords import hashed, matches
from towpath.kernel.access.people import known
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, Denied, InvalidInput

_log = structlog.get_logger("towpath.access")


def set_password(kernel: Kernel, login: str, password: str) -> int:
    """Give a person a first or a new password; says how many of their sessions ended."""
    kernel.db.read(lambda tx: _keeps_it_here(known(tx, login)))
    fresh = hashed(valid_password(password))

    def write(tx: Tx) -> int:
        holder = _keeps_it_here(known(tx, login))
        store.set_password(tx, holder.id, fresh)
        return _told(tx, holder)

    return kernel.db.write(write)


def change_password(
    kernel: Kernel, caller: Principal, old: str, new: str, address: str = ""
) -> int:
    """Change one's own password and end one's other sessions; says how many there were.

    The old one is asked for, and guessing it is slowed down as at log-in: an open browser that
    somebody walked away from must not be enough to lock them out.
    """
    before = kernel.db.read(lambda tx: _own(tx, caller.login, address))
    valid_password(new)
    if not matches(before, old):
        kernel.db.write(lambda tx: throttling.count_failure(tx, caller.login, address))
        raise Denied(
            "The old password is not right.",
            next_step="Try again, or ask an administrator to set a new one.",
        )
    if new == old:
        raise InvalidInput("The new password is the old one.", next_step="Choose another one.")
    fresh = hashed(new)
    return kernel.db.write(lambda tx: _replace(tx, caller, (before, fresh), address))


def _own(tx: Tx, login: str, address: str) -> str | None:
    throttling.require_patience(tx, login, address)
    _keeps_it_here(known(tx, login))
    return store.password(tx, login)


def _replace(tx: Tx, caller: Principal, change: tuple[str | None, str], address: str) -> int:
    before, fresh = change
    holder = known(tx, caller.login)
    if store.password(tx, holder.login) != before:
        raise Conflict(
            "Your password was changed elsewhere in this moment.",
            next_step="Log in with the newest one.",
        )
    throttling.forget_failures(tx, holder.login, address)
    store.set_password(tx, holder.id, fresh)
    return _told(tx, holder, stays=caller.proof_id)


def _keeps_it_here(user: User) -> User:
    """Let pass whose password is kept here; Denied says where somebody else's is."""
    if user.kind != "person":
        raise Denied(
            f"{user.login} is not a person, and only tokens let it in.",
            next_step="Make a token for it.",
        )
    if user.source != HERE:
        raise Denied(
            f"{user.login} comes from {user.source}, where their password is kept.",
            next_step="Change it there.",
        )
    return user


def _told(tx: Tx, holder: User, stays: str = "") -> int:
    """End the sessions of a person but one, and note the change without the password."""
    ends = [each.id for each in store.sessions(tx, holder.id) if each.id != stays]
    store.end_sessions(tx, holder.id, ends)
    auditing.of_user(tx, auditing.PASSWORD_SET, holder.login, after={"sessions_ended": len(ends)})
    _log.info("password set", login=holder.login, sessions_ended=len(ends))
    return len(ends)

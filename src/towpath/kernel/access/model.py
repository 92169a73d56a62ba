"""Roles, principals and the one question asked of them: may they?"""

import re
from dataclasses import dataclass
from enum import IntEnum

from towpath.kernel.clock import Micros
from towpath.kernel.errors import Denied, InvalidInput

_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,37}[a-z0-9])?")
_SCOPE = re.compile(r"[a-z][a-z0-9_:.-]{0,99}")
MIN_PASSWORD = 12


class Role(IntEnum):
    """Each role may do what the ones before it may."""

    viewer = 10
    member = 20
    maintainer = 30
    admin = 40


@dataclass(frozen=True)
class User:
    """Somebody with a login; a `system` user is a voice of ours and can never log in."""

    id: str
    login: str
    name: str
    role: Role
    system: bool
    created: Micros


@dataclass(frozen=True)
class Principal:
    """Who makes one call. `scopes` narrows what the token they came with may do; empty is all."""

    id: str
    login: str
    name: str
    role: Role
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Token:
    """What may be shown of an API token: everything but the token itself, kept as a hash."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: Micros
    expires: Micros | None
    used: Micros | None


def may(principal: Principal, role: Role, scope: str | None = None) -> bool:
    """A narrowed token passes only where its scope is asked for; the role counts in any case."""
    if principal.scopes and scope not in principal.scopes:
        return False
    return principal.role >= role


def require(principal: Principal, role: Role, scope: str | None = None) -> None:
    """Raise Denied unless `principal` has at least `role` and, with a narrow token, `scope`."""
    if may(principal, role, scope):
        return
    if principal.scopes and scope not in principal.scopes:
        raise Denied(
            f"This token may only do: {', '.join(sorted(principal.scopes))}.",
            next_step="Use a token without scopes" + (f" or with {scope}." if scope else "."),
        )
    raise Denied(
        f"This needs the role {role.name}; {principal.login} has {principal.role.name}.",
        next_step="Ask an administrator to do it or to change your role.",
    )


def valid_login(login: str) -> str:
    """Check a login: GitHub's rule, lower case, so that it fits in an address and a mention."""
    if not _LOGIN.fullmatch(login) or "--" in login:
        raise InvalidInput(
            f"{login!r} cannot be a login.",
            next_step="Use 1 to 39 of a-z, 0-9 and single hyphens between them.",
        )
    return login


def valid_role(name: str) -> Role:
    """Find a role by its name; InvalidInput lists those there are."""
    if name not in Role.__members__:
        raise InvalidInput(
            f"There is no role {name!r}.", next_step=f"Use one of: {', '.join(Role.__members__)}."
        )
    return Role[name]


def valid_password(password: str) -> str:
    """Check length alone, as NIST SP 800-63B advises; the upper bound keeps hashing cheap."""
    if not MIN_PASSWORD <= len(password) <= 256:  # noqa: PLR2004 - the message below says it
        raise InvalidInput(
            "This password is too short or too long.",
            next_step=f"Use {MIN_PASSWORD} to 256 characters; any characters will do.",
        )
    return password


def valid_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise InvalidInput(
                f"{scope!r} cannot be a scope.",
                next_step="A scope is a word such as runner or repo:read:<repository id>.",
            )
    return tuple(sorted(set(scopes)))

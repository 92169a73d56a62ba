"""Roles, principals and the one question asked of them: may they?"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from towpath.kernel.clock import Micros
from towpath.kernel.errors import Denied, InvalidInput

_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,37}[a-z0-9])?")
_SCOPE = re.compile(r"[a-z][a-z0-9_:.-]{0,99}")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
MIN_PASSWORD = 12
MAX_PASSWORD = 256
HERE = ""
"""The source of what was made here and not brought from outside."""


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
    source: str = HERE
    owner: str | None = None
    deactivated: Micros | None = None

    @property
    def kind(self) -> str:
        if self.system:
            return "system"
        return "person" if self.owner is None else "service"


@dataclass(frozen=True)
class Team:
    """People who are given roles together; `slug` is its name in addresses and files."""

    id: str
    slug: str
    name: str


class Resource(Protocol):
    """Something that roles are granted on.

    Its part gave it an id that survives every rename. Of a private one nobody knows but those who
    were granted a role on it, and administrators of the whole site.
    """

    @property
    def id(self) -> str: ...
    @property
    def private(self) -> bool: ...


@dataclass(frozen=True)
class Named:
    """A resource of which the id is known; for administering, private or not is the same."""

    id: str
    private: bool = False


@dataclass(frozen=True)
class Grant:
    """`holder`, a user's or a team's id, has at least `role` on the resource with this id."""

    resource: str
    holder: str
    role: Role


def held_by_scopes(scopes: Collection[str], role: Role) -> dict[str, Role]:
    """What a voice of ours holds: its own role on each resource that its token was made for."""
    return {scope.rpartition(":")[2]: role for scope in scopes if ":" in scope}


def granted(user: str, teams: Collection[str], grants: Iterable[Grant]) -> dict[str, Role]:
    """Say what a user holds on each resource: the highest of their own grants and their teams'."""
    held: dict[str, Role] = {}
    for grant in grants:
        if grant.holder == user or grant.holder in teams:
            held[grant.resource] = max(grant.role, held.get(grant.resource, grant.role))
    return held


def effective_role(site: Role, held: Mapping[str, Role], resource: Resource | None) -> Role | None:
    """Decide the role on one resource: a grant adds to the role on the whole site, never takes.

    On a private one grants alone count, and None is who may not know of it.
    """
    if resource is None:
        return site
    given = held.get(resource.id)
    if resource.private and site < Role.admin:
        return given
    return site if given is None else max(site, given)


@dataclass(frozen=True)
class Principal:
    """Who makes one call.

    `scopes` narrows what the token they came with may do; empty is all. `held` is what they were
    granted on single resources, beside the `role` they have everywhere. `proof` is session or
    token, and `proof_id` names it in the audit log without opening anything.
    """

    id: str
    login: str
    name: str
    role: Role
    scopes: frozenset[str] = frozenset()
    held: Mapping[str, Role] = field(default_factory=dict, hash=False)
    proof: str = field(default="none", compare=False)
    proof_id: str = field(default="", compare=False)


DOORS = "access:everybody"
"""The channel that is woken when what is open to whom may have changed."""


def door(user_id: str) -> str:
    """The channel that is woken when a session or a token of a user is taken away."""
    return f"access:{user_id}"


@dataclass(frozen=True)
class OpenSession:
    """What may be shown of a browser's session; `id` names it and opens nothing."""

    id: str
    created: Micros
    expires: Micros
    address: str
    agent: str


@dataclass(frozen=True)
class Token:
    """What may be shown of an API token: everything but the token itself, kept as a hash."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: Micros
    expires: Micros | None
    used: Micros | None


def may(
    principal: Principal, role: Role, scope: str | None = None, *, resource: Resource | None = None
) -> bool:
    """A narrowed token passes only where its scope is asked for; the role counts in any case."""
    if principal.scopes and scope not in principal.scopes:
        return False
    held = effective_role(principal.role, principal.held, resource)
    return held is not None and held >= role


def knows(principal: Principal, resource: Resource) -> bool:
    """Whether somebody may learn that a resource exists.

    Of a private one a narrow token knows what one of its scopes names, whatever that allows.
    """
    if not resource.private:
        return True
    named = {scope.rpartition(":")[2] for scope in principal.scopes}
    if named and resource.id not in named:
        return False
    return effective_role(principal.role, principal.held, resource) is not None


def require(
    principal: Principal, role: Role, scope: str | None = None, *, resource: Resource | None = None
) -> None:
    """Raise Denied unless `principal` has at least `role` and, with a narrow token, `scope`.

    With a `resource`, what was granted on it counts beside the role on the whole site.
    """
    if may(principal, role, scope, resource=resource):
        return
    if principal.scopes and scope not in principal.scopes:
        raise Denied(
            f"This token may only do: {', '.join(sorted(principal.scopes))}.",
            next_step="Use a token without scopes" + (f" or with {scope}." if scope else "."),
        )
    has = effective_role(principal.role, principal.held, resource)
    where = " here" if resource else ""
    raise Denied(
        f"This needs the role {role.name}; {principal.login} has"
        f" {has.name if has else 'none'}{where}.",
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


def valid_slug(slug: str) -> str:
    """Check the slug of a team."""
    if not _SLUG.fullmatch(slug):
        raise InvalidInput(
            f"{slug[:80]!r} cannot be the slug of a team.",
            next_step="Use 1 to 63 of a-z, 0-9, - and _, beginning and ending with a-z or 0-9.",
        )
    return slug


def valid_role(name: str) -> Role:
    """Find a role by its name; InvalidInput lists those there are."""
    if name not in Role.__members__:
        raise InvalidInput(
            f"There is no role {name!r}.", next_step=f"Use one of: {', '.join(Role.__members__)}."
        )
    return Role[name]


def valid_password(password: str) -> str:
    """Check length alone, as NIST SP 800-63B advises; the upper bound keeps hashing cheap."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidInput(
            f"This password is too {'short' if len(password) < MIN_PASSWORD else 'long'}.",
            next_step=f"Use {MIN_PASSWORD} to {MAX_PASSWORD} characters; any will do, and several"
            " words make a good one.",
        )
    return password


def valid_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise InvalidInput(
                f"{scope!r} cannot be a scope.",
                next_step="A scope is a word such as runner, or several joined by colons.",
            )
    return tuple(sorted(set(scopes)))

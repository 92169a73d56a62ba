"""What the claims of a provider make of a person here: login, name, role and teams."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from towpath.kernel.access.model import Role, valid_login, valid_role, valid_slug
from towpath.kernel.errors import Denied, InvalidInput
from towpath.kernel.settings import Settings

SOURCE = "oidc"
"""How memberships and roles that a provider gave are marked, so that only those go again."""
_NOT_IN_A_LOGIN = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 200
_LONGEST_SUBJECT = 255
T = TypeVar("T")


@dataclass(frozen=True)
class Rules:
    """The settings, understood. `others` is the role without any group; None lets nobody in."""

    login: str
    name: str
    groups: str
    roles: Mapping[str, Role]
    teams: Mapping[str, str]
    others: Role | None
    adopts: frozenset[str]


@dataclass(frozen=True)
class Person:
    """Who came, as this house would call them; only the subject never changes."""

    subject: str
    login: str
    name: str
    role: Role
    teams: Mapping[str, str]


@dataclass(frozen=True)
class Attempt:
    """A log-in that was begun: what the answer must fit to."""

    nonce: str
    verifier: str
    goes_to: str


def rules(settings: Settings) -> Rules:
    """Read the settings; InvalidInput names the one that cannot be read."""
    return Rules(
        login=settings.oidc_login_claim,
        name=settings.oidc_name_claim,
        groups=settings.oidc_groups_claim,
        roles=pairs("TOWPATH_OIDC_GROUPS", settings.oidc_groups, valid_role),
        teams=pairs("TOWPATH_OIDC_TEAMS", settings.oidc_teams, valid_slug),
        others=None if settings.oidc_role == "none" else valid_role(settings.oidc_role),
        adopts=frozenset(settings.oidc_adopts.replace(",", " ").split()),
    )


def pairs(name: str, text: str, valid: Callable[[str], T]) -> dict[str, T]:
    """Read `group=word,group=word`; group names with commas need semicolons between the pairs."""
    read = {}
    for pair in filter(None, map(str.strip, text.split(";" if ";" in text else ","))):
        group, equals, word = pair.rpartition("=")
        if not equals or not group.strip():
            raise InvalidInput(
                f"{name} has {pair!r}, which is not group=word.",
                next_step=f"Write {name} like ops=admin,devs=member.",
            )
        read[group.strip()] = valid(word.strip())
    return read


def person(rules: Rules, claims: Mapping[str, Any]) -> Person:
    """Say who this is here; Denied when no rule lets them in or a needed claim is missing."""
    subject, groups = claims.get("sub"), _groups(claims.get(rules.groups))
    if not isinstance(subject, str) or not 1 <= len(subject) <= _LONGEST_SUBJECT:
        raise _unnamed("sub")
    login = _login(rules, claims)
    roles = [rules.roles[group] for group in groups if group in rules.roles]
    roles += [] if rules.others is None else [rules.others]
    if not roles:
        raise Denied(
            f"None of the groups of {login} is let in here.",
            next_step="Ask whoever runs the provider to put you into the right group.",
        )
    name = str(claims.get(rules.name) or login)[:_LONGEST_NAME]
    teams = {rules.teams[group]: rules.teams[group] for group in groups if group in rules.teams}
    return Person(subject, login, name, max(roles), teams)


def _groups(claim: object) -> list[str]:
    """Providers give a list, or one group as a plain word."""
    given = [claim] if isinstance(claim, str) else claim
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []


def _login(rules: Rules, claims: Mapping[str, Any]) -> str:
    said = claims.get(rules.login)
    if not isinstance(said, str):
        raise _unnamed(rules.login)
    try:
        return valid_login(_NOT_IN_A_LOGIN.sub("-", said.lower().partition("@")[0]).strip("-"))
    except InvalidInput as error:
        raise Denied(
            f"The provider calls you {said[:80]!r}, which cannot become a login here.",
            next_step="Ask an administrator to choose another claim (TOWPATH_OIDC_LOGIN_CLAIM).",
        ) from error


def _unnamed(claim: str) -> Denied:
    return Denied(
        f"The provider did not say the claim {claim!r} about you.",
        next_step="Ask an administrator to look at TOWPATH_OIDC_SCOPES and the claims there.",
    )

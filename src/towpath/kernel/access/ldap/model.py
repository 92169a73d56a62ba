"""What entries of a directory make of people and teams here; pure, whatever they contain.

Nothing that a directory answers is ever put into a filter: groups are matched with people here,
so no name in it can change what is asked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from towpath.kernel.errors import InvalidInput

_AROUND = re.compile(r"\s*([,=+])\s*")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
Entry = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Where the directory is and what to ask; `plain` leaves TLS out, on this machine alone."""

    uri: str
    base: str
    user_filter: str = "(objectClass=inetOrgPerson)"
    group_filter: str = "(objectClass=groupOfNames)"
    login: str = "uid"
    name: str = "cn"
    bind: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None
    plain: bool = False


@dataclass(frozen=True)
class Found:
    """One person as this house would call them; `teams` is slug to name."""

    login: str
    name: str
    teams: Mapping[str, str]


def people(directory: Directory, users: list[Entry], groups: list[Entry]) -> list[Found]:
    """Turn entries into people; two that would get one login are refused, not mixed."""
    teams = memberships(groups)
    found: dict[str, Found] = {}
    for dn, values in users:
        uid = _first(values, directory.login)
        login = _word(uid)
        if not login:
            continue
        if login in found:
            raise InvalidInput(
                f"Two people of the directory would both be {login}.",
                next_step="Narrow --user-filter, or choose another --login-attribute.",
            )
        mine = teams.get(_key(dn), {}) | teams.get(uid, {})
        found[login] = Found(login, _first(values, directory.name)[:200] or login, mine)
    return [found[login] for login in sorted(found)]


def memberships(groups: list[Entry]) -> dict[str, dict[str, str]]:
    """Say for each member (a name in the directory, or a memberUid) all groups they are in.

    A group in a group counts for its members too; a circle of groups ends where it began.
    """
    inside = {_key(dn): _members(values) for dn, values in groups}
    teams: dict[str, dict[str, str]] = {}
    for dn, values in groups:
        name = _first(values, "cn")
        slug = _word(name)[:63].strip("-")
        for member in _all_inside(_key(dn), inside) if slug else ():
            teams.setdefault(member, {})[slug] = name[:200]
    return teams


def _all_inside(group: str, inside: Mapping[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = list(inside[group])
    while ahead:
        member = ahead.pop()
        if member not in seen:
            seen.add(member)
            ahead += inside.get(member, [])
    return seen


def _members(values: Mapping[str, Any]) -> list[str]:
    by_name = [*_values(values, "member"), *_values(values, "uniqueMember")]
    return [_key(dn) for dn in by_name] + _values(values, "memberUid")


def _key(dn: str) -> str:
    """One spelling of a name in the directory, whose case and spaces say nothing."""
    return _AROUND.sub(r"\1", dn).strip().lower()


def _values(values: Mapping[str, Any], name: str) -> list[str]:
    lower = {key.lower(): each for key, each in values.items()}
    return [raw.decode(errors="replace") for raw in lower.get(name.lower(), ())]


def _first(values: Mapping[str, Any], name: str) -> str:
    return next(iter(_values(values, name)), "")


def _word(text: str) -> str:
    """What can stand in an address: a-z, 0-9 and single hyphens."""
    return _NOT_IN_A_NAME.sub("-", text.lower().partition("@")[0]).strip("-")

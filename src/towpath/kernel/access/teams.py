"""Teams, who is in them, and what teams and users are granted. Parts call these by `service`."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import structlog

from towpath.kernel import ids
from towpath.kernel.access import auditing, store, team_store
from towpath.kernel.access.model import (
    HERE,
    Grant,
    Named,
    Principal,
    Role,
    Team,
    User,
    require,
    valid_slug,
)
from towpath.kernel.access.people import known
from towpath.kernel.audit import service as audit
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, Denied, InvalidInput, NotFound

_log = structlog.get_logger("towpath.access")


@dataclass(frozen=True)
class TeamView:
    """A team with the logins in it; `brought` are those that only an outside source put there."""

    team: Team
    members: tuple[str, ...]
    brought: tuple[str, ...]
    owns: tuple[str, ...]


@dataclass(frozen=True)
class Given:
    """A grant as people read it: one of `login` and `team` is set."""

    resource: str
    role: Role
    login: str | None
    team: str | None


def add_team(tx: Tx, slug: str, name: str = "") -> Team:
    """Add a team; Conflict when its slug is taken."""
    if team_store.team(tx, valid_slug(slug)) is not None:
        raise Conflict(f"There is a team {slug} already.", next_step="Choose another slug.")
    made = Team(ids.new("team"), slug, name or slug)
    team_store.add_team(tx, made)
    auditing.of_team(tx, auditing.TEAM_ADDED, slug, after={"name": made.name})
    _log.info("team added", team=slug)
    return made


def team(tx: Tx, slug: str) -> Team:
    found = team_store.team(tx, slug)
    if found is None:
        raise NotFound(f"There is no team {slug[:80]!r}.", next_step="Look at the list of teams.")
    return found


def teams(tx: Tx) -> list[TeamView]:
    """List teams by slug with everybody in them."""
    listed = team_store.members(tx)
    return [_view(tx, each, listed) for each in team_store.teams(tx)]


def rename_team(tx: Tx, slug: str, name: str) -> Team:
    found = team(tx, slug)
    team_store.rename_team(tx, found.id, name)
    auditing.of_team(tx, auditing.TEAM_CHANGED, slug, {"name": found.name}, {"name": name})
    return team(tx, slug)


def remove_team(tx: Tx, slug: str) -> None:
    """Remove a team and all it was granted; Conflict while it answers for a service account."""
    found = team(tx, slug)
    owned = team_store.owned_by(tx, found.id)
    if owned:
        raise Conflict(
            f"The team {slug} answers for {', '.join(owned[:5])}.",
            next_step="Keep the team: those service accounts would belong to nobody.",
        )
    team_store.delete_team(tx, found.id)
    auditing.of_team(tx, auditing.TEAM_REMOVED, slug, {"name": found.name})
    _log.info("team removed", team=slug)


def add_member(tx: Tx, slug: str, login: str) -> None:
    """Put a person into a team by our own word; nothing happens if they are in it by that."""
    found, user = team(tx, slug), _person(known(tx, login))
    if found.id not in team_store.memberships(tx, user.id, HERE):
        team_store.add_member(tx, found.id, user.id, HERE)
        auditing.of_team(tx, auditing.MEMBER_ADDED, slug, after=_membership(login, HERE))
        _log.info("member added", team=slug, login=login)


def remove_member(tx: Tx, slug: str, login: str) -> None:
    """Take our own word back; a membership from outside stays, since it would come again."""
    found, user = team(tx, slug), known(tx, login)
    if found.id not in team_store.memberships(tx, user.id, HERE):
        raise NotFound(
            f"{login} is not in the team {slug} by a word given here.",
            next_step="If an outside source put them there, change it in that source.",
        )
    team_store.remove_member(tx, found.id, user.id, HERE)
    auditing.of_team(tx, auditing.MEMBER_REMOVED, slug, _membership(login, HERE))
    _log.info("member removed", team=slug, login=login)


def set_memberships(tx: Tx, user_id: str, source: str, teams: Mapping[str, str]) -> None:
    """Say in which teams (slug to name) an outside source sees a user; missing teams are made.

    It replaces what the same source said before; our own word and other sources stay.
    """
    if not source:
        raise InvalidInput("Only a source outside sets all memberships at once.")
    if teams and (user := store.user_by_id(tx, user_id)):
        _person(user)
    before = team_store.memberships(tx, user_id, source)
    wanted = {_ensured(tx, slug, name).id for slug, name in teams.items()}
    for team_id in sorted(before - wanted):
        team_store.remove_member(tx, team_id, user_id, source)
    for team_id in sorted(wanted - before):
        team_store.add_member(tx, team_id, user_id, source)
    _told(tx, user_id, source, before, wanted)


def grant(
    tx: Tx,
    resource: str,
    role: Role | None,
    *,
    login: str = "",
    team_slug: str = "",
    by: Principal | None = None,
) -> None:
    """Give a user or a team a role on one resource, or with None take away what they have.

    `by` must administer the resource; None is the house itself.
    """
    if bool(login) == bool(team_slug):
        raise InvalidInput(
            "A grant is for one user or one team.", next_step="Name exactly one of them."
        )
    holder = known(tx, login).id if login else team(tx, team_slug).id
    if by is not None:
        _require_may_grant(tx, by, resource, login)
    before = team_store.granted_role(tx, holder, resource)
    team_store.put_grant(tx, holder, resource, role)
    was, now = (
        {"resource": resource, "role": one.name if one else None} for one in (before, role)
    )
    subject = f"user:{login}" if login else f"team:{team_slug}"
    audit.record(tx, auditing.GRANTED, subject, before=was, after=now)
    _log.info(
        "granted", resource=resource, holder=login or team_slug, role=role.name if role else None
    )


def _require_may_grant(tx: Tx, by: Principal, resource: str, login: str) -> None:
    """Programs get roles from administrators of the site alone, and are in no team.

    Otherwise somebody could let a program of their own approve what they wrote.
    """
    require(by, Role.admin, resource=Named(resource))
    if login and known(tx, login).kind != "person" and by.role < Role.admin:
        raise Denied(
            f"{login} is a program, whose roles administrators of the whole site grant.",
            next_step="Ask one of them.",
        )


def grants(tx: Tx, resource: str | None = None) -> list[Given]:
    """List what was granted, on one resource or on all."""
    slugs = {each.id: each.slug for each in team_store.teams(tx)}
    return [_given(tx, each, slugs) for each in team_store.grants(tx, resource)]


def _person(user: User) -> User:
    """Refuse programs: what a team is granted, now or later, is for people."""
    if user.kind != "person":
        raise InvalidInput(
            f"{user.login} is a program, and programs are in no team.",
            next_step="Grant it the roles it needs by its own login.",
        )
    return user


def _membership(login: str, source: str) -> dict[str, str]:
    return {"login": login, "source": source}


def _told(
    tx: Tx, user_id: str, source: str, before: AbstractSet[str], after: AbstractSet[str]
) -> None:
    """Note in the audit log whom an outside source put where."""
    user = store.user_by_id(tx, user_id)
    what = _membership(user.login if user else user_id, source)
    for each in team_store.teams(tx):
        if each.id in before - after:
            auditing.of_team(tx, auditing.MEMBER_REMOVED, each.slug, what)
        elif each.id in after - before:
            auditing.of_team(tx, auditing.MEMBER_ADDED, each.slug, after=what)


def _given(tx: Tx, each: Grant, slugs: Mapping[str, str]) -> Given:
    if each.holder in slugs:
        return Given(each.resource, each.role, None, slugs[each.holder])
    user = store.user_by_id(tx, each.holder)
    return Given(each.resource, each.role, user.login if user else each.holder, None)


def _view(tx: Tx, each: Team, listed: Sequence[tuple[str, str, str]]) -> TeamView:
    rows = [row for row in listed if row[0] == each.slug]
    everybody = sorted({login for _, login, _ in rows})
    ours = {login for _, login, source in rows if source == HERE}
    brought = tuple(login for login in everybody if login not in ours)
    return TeamView(each, tuple(everybody), brought, tuple(team_store.owned_by(tx, each.id)))


def _ensured(tx: Tx, slug: str, name: str) -> Team:
    return team_store.team(tx, slug) or add_team(tx, slug, name)

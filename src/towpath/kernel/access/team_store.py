"""Every SQL statement about teams, their members, grants, and the site roles of each source."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select, update

from towpath.kernel.access.model import DOORS, Grant, Role, Team
from towpath.kernel.access.tables import GRANT, MEMBER, SITE_ROLE, TEAM, USER
from towpath.kernel.db.interface import Tx


def add_team(tx: Tx, team: Team) -> None:
    tx.execute(insert(TEAM).values(id=team.id, slug=team.slug, name=team.name, created=tx.now))


def team(tx: Tx, slug: str) -> Team | None:
    row = tx.row(select(TEAM).where(TEAM.c.slug == slug))
    return Team(row["id"], row["slug"], row["name"]) if row else None


def teams(tx: Tx) -> list[Team]:
    rows = tx.rows(select(TEAM).order_by(TEAM.c.slug))
    return [Team(row["id"], row["slug"], row["name"]) for row in rows]


def rename_team(tx: Tx, team_id: str, name: str) -> None:
    tx.execute(update(TEAM).where(TEAM.c.id == team_id).values(name=name))


def delete_team(tx: Tx, team_id: str) -> None:
    tx.execute(delete(GRANT).where(GRANT.c.holder == team_id))
    tx.execute(delete(MEMBER).where(MEMBER.c.team_id == team_id))
    tx.execute(delete(TEAM).where(TEAM.c.id == team_id))
    tx.wake(DOORS)


def owned_by(tx: Tx, team_id: str) -> list[str]:
    """The logins of the service accounts of a team."""
    owned = select(USER.c.login).where(USER.c.owner == team_id).order_by(USER.c.login)
    return [row["login"] for row in tx.rows(owned)]


def memberships(tx: Tx, user_id: str, source: str) -> frozenset[str]:
    """The ids of the teams that a user is in by the word of one source."""
    mine = select(MEMBER.c.team_id).where(MEMBER.c.user_id == user_id, MEMBER.c.source == source)
    return frozenset(row["team_id"] for row in tx.rows(mine))


def add_member(tx: Tx, team_id: str, user_id: str, source: str) -> None:
    tx.execute(insert(MEMBER).values(team_id=team_id, user_id=user_id, source=source))


def remove_member(tx: Tx, team_id: str, user_id: str, source: str) -> None:
    tx.execute(
        delete(MEMBER).where(
            MEMBER.c.team_id == team_id, MEMBER.c.user_id == user_id, MEMBER.c.source == source
        )
    )
    tx.wake(DOORS)


def members(tx: Tx) -> Sequence[tuple[str, str, str]]:
    """Who is in which team by whose word: (slug, login, source), in this order."""
    named = (
        select(TEAM.c.slug, USER.c.login, MEMBER.c.source)
        .join(TEAM, TEAM.c.id == MEMBER.c.team_id)
        .join(USER, USER.c.id == MEMBER.c.user_id)
        .order_by(TEAM.c.slug, USER.c.login, MEMBER.c.source)
    )
    return [(row["slug"], row["login"], row["source"]) for row in tx.rows(named)]


def grants(tx: Tx, resource: str | None = None) -> list[Grant]:
    chosen = select(GRANT).order_by(GRANT.c.resource, GRANT.c.holder)
    if resource is not None:
        chosen = chosen.where(GRANT.c.resource == resource)
    return [Grant(row["resource"], row["holder"], Role(row["role"])) for row in tx.rows(chosen)]


def granted_role(tx: Tx, holder: str, resource: str) -> Role | None:
    """What a holder was granted on a resource itself, whatever else they have by a team."""
    mine = (GRANT.c.holder == holder, GRANT.c.resource == resource)
    found = tx.scalar(select(GRANT.c.role).where(*mine))
    return None if found is None else Role(found)


def put_grant(tx: Tx, holder: str, resource: str, role: Role | None) -> None:
    """Set what a holder has on a resource; None takes it away."""
    tx.execute(delete(GRANT).where(GRANT.c.holder == holder, GRANT.c.resource == resource))
    tx.wake(DOORS)
    if role is not None:
        tx.execute(insert(GRANT).values(holder=holder, resource=resource, role=int(role)))


def site_role(tx: Tx, user_id: str, source: str) -> Role | None:
    found = tx.scalar(
        select(SITE_ROLE.c.role).where(
            SITE_ROLE.c.user_id == user_id, SITE_ROLE.c.source == source
        )
    )
    return None if found is None else Role(found)


def role_without(tx: Tx, user_id: str, source: str) -> Role:
    """The highest site role that the other sources give a user."""
    others = SITE_ROLE.c.user_id == user_id, SITE_ROLE.c.source != source
    return Role(tx.scalar(select(func.max(SITE_ROLE.c.role)).where(*others)) or Role.viewer)


def put_site_role(tx: Tx, user_id: str, source: str, role: Role | None) -> None:
    """Set what one source says of a user's site role, and keep the highest at the user."""
    tx.execute(
        delete(SITE_ROLE).where(SITE_ROLE.c.user_id == user_id, SITE_ROLE.c.source == source)
    )
    if role is not None:
        tx.execute(insert(SITE_ROLE).values(user_id=user_id, source=source, role=int(role)))
    highest = select(func.max(SITE_ROLE.c.role)).where(SITE_ROLE.c.user_id == user_id)
    best = tx.scalar(highest)
    tx.execute(update(USER).where(USER.c.id == user_id).values(role=best or int(Role.viewer)))
    tx.wake(DOORS)

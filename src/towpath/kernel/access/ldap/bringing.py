"""Make users and teams of what a source says, and shut out whom it does not know any more.

Only what came from the same source changes; nobody is deleted, the last administrator stays, and
when more than half would be shut out, it is more likely that the filter is wrong than that they
all have left.
"""

from collections.abc import Iterator, Sequence

from towpath.kernel.access import service, team_store
from towpath.kernel.access.ldap.model import Found
from towpath.kernel.access.model import User, valid_login, valid_slug
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict

SOURCE = "ldap"


def bring(tx: Tx, people: Sequence[Found], *, apply: bool, force: bool = False) -> list[str]:
    """Say what changes, one sentence each, and with `apply` change it, all or nothing."""
    known = {user.login: user for user in service.users(tx)}
    said = [line for each in people for line in _one(tx, each, known.get(each.login), apply=apply)]
    ours = [user for user in known.values() if user.source == SOURCE and not user.deactivated]
    gone = [user for user in ours if user.login not in {each.login for each in people}]
    if len(gone) * 2 > len(ours) and not force:
        raise Conflict(
            f"{len(gone)} of {len(ours)} users who came from {SOURCE} would be shut out.",
            next_step="Check the filter and the base; --force does it nevertheless.",
        )
    kept = _last_admin(tx, gone)
    for user in gone:
        if user == kept:
            said.append(f"leave {user.login} in, the last administrator, whom it does not know")
            continue
        said.append(f"shut out {user.login}, whom the directory does not know any more")
        if apply:
            service.set_memberships(tx, user.id, SOURCE, {})
            service.deactivate(tx, user.login)
    return said


def _last_admin(tx: Tx, gone: Sequence[User]) -> User | None:
    """Whoever must stay, because with those who go there would be nobody to administer."""
    admins = service.admins(tx)
    return admins[-1] if admins and all(each in gone for each in admins) else None


def _one(tx: Tx, each: Found, user: User | None, *, apply: bool) -> Iterator[str]:
    valid_login(each.login)
    for slug in each.teams:
        valid_slug(slug)
    if user is not None and user.source != SOURCE:
        yield f"leave {each.login} alone, who does not come from {SOURCE}"
        return
    if user is not None and user.deactivated is not None:
        yield f"leave {each.login} shut out; an administrator can let them in"
        return
    if user is None:
        yield f"add {each.login} ({each.name})"
    elif user.name != each.name:
        yield f"call {each.login} {each.name!r} instead of {user.name!r}"
    yield from _teams(tx, each, user)
    if apply:
        found = service.ensure_user(tx, each.login, each.name, source=SOURCE)
        service.set_memberships(tx, found.id, SOURCE, each.teams)


def _teams(tx: Tx, each: Found, user: User | None) -> Iterator[str]:
    held = team_store.memberships(tx, user.id, SOURCE) if user else frozenset()
    before = {team.slug for team in team_store.teams(tx) if team.id in held} if held else set()
    for slug in sorted(each.teams.keys() - before):
        yield f"put {each.login} into {slug}"
    for slug in sorted(before - each.teams.keys()):
        yield f"take {each.login} out of {slug}"

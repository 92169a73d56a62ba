"""`towpath users`, `towpath teams`, `towpath tokens`: an administrator's words, over HTTP."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from towpath.app.ldap import import_ldap
from towpath.app.talking import Talk, part, talks

_ROLES = click.Choice(["viewer", "member", "maintainer", "admin"])


@click.group(
    epilog="""\b
Examples:
  towpath users add alice --name "Alice A." --role member
  towpath users set-role alice maintainer
  towpath users password alice               asks for it, or reads it from stdin
  towpath users import people.csv            say what would change
  towpath users import people.csv --apply    and do it, all or nothing
"""
)
def users() -> None:
    """List, add and change users."""


@users.command("list")
@talks
def list_users(url: str, token: str, *, as_json: bool) -> None:
    """List users, their roles, and whether they may come in."""
    talk = Talk(url, token, as_json=as_json)
    found = talk.ask("GET", "/users")
    talk.tell(found, [_user(each) for each in found] or ["Nobody yet: towpath users add LOGIN"])


def _user(each: Mapping[str, Any]) -> str:
    state = "" if each["active"] else "  deactivated"
    return f"{each['login']:<40} {each['role']:<11} {each['kind']:<8} {each['name']}{state}"


@users.command("add")
@click.argument("login")
@click.option("--name", default="", help="What people call them.")
@click.option("--role", type=_ROLES, default="member", show_default=True)
@click.option("--team", help="Make it a service account that this team answers for.")
@talks
def add_user(
    login: str,
    name: str,
    role: str,
    team: str | None,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """Add a user without a password, or with --team a service account."""
    talk = Talk(url, token, as_json=as_json)
    new = {"login": login, "name": name, "role": role}
    if team is None:
        made = talk.ask("POST", "/users", new)
    else:
        made = talk.ask("POST", "/service-accounts", new | {"owner": team})
    talk.tell(made, f"{login} is added as {role}.")


@users.command("set-role")
@click.argument("login")
@click.argument("role", type=_ROLES)
@talks
def set_role(
    login: str,
    role: str,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """Give a user this role on the whole site."""
    talk = Talk(url, token, as_json=as_json)
    changed = talk.ask("PATCH", f"/users/{part(login)}", {"role": role})
    talk.tell(changed, f"{login} is {changed['role']}.")


@users.command("password")
@click.argument("login")
@talks
def set_password(
    login: str,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """Set a person's first or a new password; every session of theirs ends.

    It is asked for, or read as the first line of stdin: a process list must not show it.
    """
    talk = Talk(url, token, as_json=as_json)
    told = talk.ask("PUT", f"/users/{part(login)}/password", {"password": _password()})
    talk.tell(told, f"{login} has a new password.")


def _password() -> str:
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


@users.command("deactivate")
@click.argument("login")
@click.option("--undo", is_flag=True, help="Let them in again.")
@talks
def deactivate(
    login: str,
    *,
    undo: bool,
    url: str,
    token: str,
    as_json: bool,
) -> None:
    """Shut a user out at once: sessions and tokens die now."""
    talk = Talk(url, token, as_json=as_json)
    changed = talk.ask("PATCH", f"/users/{part(login)}", {"active": undo})
    talk.tell(changed, f"{login} {'may come in again' if undo else 'is shut out'}.")


@users.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--apply", is_flag=True, help="Do it; otherwise only say what would change.")
@talks
def bring(
    file: Path,
    *,
    apply: bool,
    url: str,
    token: str,
    as_json: bool,
) -> None:
    """Bring users and teams from a CSV file with the columns login, name, role, teams.

    Teams are slugs between semicolons. Whoever is not in the file stays as they are.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not UTF-8: {error}. Save it as UTF-8.") from error
    talk = Talk(url, token, as_json=as_json)
    told = talk.ask("POST", "/people/import", {"csv": text, "apply": apply})
    last = "Done." if apply else "Nothing was changed yet: add --apply to do it."
    changes = told["changes"] or ["Everything is as the file says."]
    talk.tell(told, [*changes, last] if told["changes"] else changes)


users.add_command(import_ldap)


@click.group(
    epilog="""\b
Examples:
  towpath teams add crew --name "The crew"
  towpath teams add-member crew alice
  towpath teams grant crew alice/boat maintainer
  towpath teams grant crew alice/boat none       take it away again
  towpath teams grants alice/boat                who was granted what there
"""
)
def teams() -> None:
    """List, add and change teams, and grant them roles."""


@teams.command("list")
@talks
def list_teams(url: str, token: str, *, as_json: bool) -> None:
    """List teams with their members and what they were granted."""
    talk = Talk(url, token, as_json=as_json)
    found, given = talk.ask("GET", "/teams"), talk.ask("GET", "/grants")
    told = [each | {"grants": [g for g in given if g["team"] == each["slug"]]} for each in found]
    talk.tell(told, [_team(each) for each in told] or ["No team yet: towpath teams add SLUG"])


def _team(each: Mapping[str, Any]) -> str:
    granted = ", ".join(f"{one['role']} on {one['resource']}" for one in each["grants"])
    members = ", ".join(each["members"]) or "nobody"
    return f"{each['slug']:<30} {members}" + (f"  ({granted})" if granted else "")


@teams.command("add")
@click.argument("slug")
@click.option("--name", default="", help="What people call it.")
@talks
def add_team(
    slug: str,
    name: str,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """Add a team."""
    talk = Talk(url, token, as_json=as_json)
    talk.tell(talk.ask("POST", "/teams", {"slug": slug, "name": name}), f"{slug} is added.")


@teams.command("remove")
@click.argument("slug")
@talks
def remove_team(slug: str, url: str, token: str, *, as_json: bool) -> None:
    """Remove a team and all it was granted."""
    talk = Talk(url, token, as_json=as_json)
    talk.tell(talk.ask("DELETE", f"/teams/{part(slug)}"), f"{slug} is removed.")


@teams.command("add-member")
@click.argument("slug")
@click.argument("login")
@talks
def add_member(
    slug: str,
    login: str,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """Put a user into a team."""
    talk = Talk(url, token, as_json=as_json)
    path = f"/teams/{part(slug)}/members/{part(login)}"
    talk.tell(talk.ask("PUT", path), f"{login} is in {slug}.")


@teams.command("remove-member")
@click.argument("slug")
@click.argument("login")
@talks
def remove_member(
    slug: str,
    login: str,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """Take a user out of a team."""
    talk = Talk(url, token, as_json=as_json)
    path = f"/teams/{part(slug)}/members/{part(login)}"
    talk.tell(talk.ask("DELETE", path), f"{login} is out of {slug}.")


@teams.command("grant")
@click.argument("slug")
@click.argument("repository", metavar="OWNER/NAME")
@click.argument("role", type=click.Choice(["viewer", "member", "maintainer", "admin", "none"]))
@click.option("--user", is_flag=True, help="SLUG is the login of one user, not a team.")
@talks
def grant(
    slug: str,
    repository: str,
    role: str,
    *,
    user: bool,
    url: str,
    token: str,
    as_json: bool,
) -> None:
    """Give a team a role on one repository that you administer; none takes it away."""
    talk = Talk(url, token, as_json=as_json)
    wanted = None if role == "none" else role
    whom = {"login": slug} if user else {"team": slug}
    told = talk.ask("PUT", _grants_of(repository), {"role": wanted} | whom)
    talk.tell(told, f"{slug} has {wanted or 'no role of its own'} on {repository}.")


def _grants_of(repository: str) -> str:
    owner, _, name = repository.partition("/")
    if not name:
        raise click.BadParameter(f"{repository!r} is no repository: write OWNER/NAME.")
    return f"/repos/{part(owner)}/{part(name)}/grants"


@teams.command("grants")
@click.argument("repository", metavar="OWNER/NAME")
@talks
def list_grants(repository: str, url: str, token: str, *, as_json: bool) -> None:
    """List who was granted a role on one repository that you administer."""
    talk = Talk(url, token, as_json=as_json)
    found = talk.ask("GET", _grants_of(repository))
    rows = [f"{each['role']:<11} {_holder(each)}" for each in found]
    talk.tell(found, rows or ["Nobody was granted more there: towpath teams grant"])


def _holder(each: Mapping[str, Any]) -> str:
    return f"the team {each['team']}" if each["team"] else str(each["login"])


@click.group(
    epilog="""\b
Examples:
  towpath tokens create laptop --days 90
  towpath tokens list --everybody
  towpath tokens revoke token_01hv3k
"""
)
def tokens() -> None:
    """List, make and revoke API tokens."""


@tokens.command("list")
@click.option("--everybody", is_flag=True, help="Those of all users; for administrators.")
@talks
def list_tokens(
    *,
    everybody: bool,
    url: str,
    token: str,
    as_json: bool,
) -> None:
    """List tokens, newest first; no list shows a token itself."""
    talk = Talk(url, token, as_json=as_json)
    found = talk.ask("GET", "/people/tokens" if everybody else "/tokens")
    rows = [f"{each['id']}  {each.get('login', ''):<20} {each['name']}" for each in found]
    talk.tell(found, rows or ["No token."])


@tokens.command("create")
@click.argument("name")
@click.option("--login", help="For whom; an administrator may name others.")
@click.option("--scope", "scopes", multiple=True, help="Narrow it; may be given several times.")
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires.")
@talks
def create_token(
    name: str,
    login: str | None,
    scopes: tuple[str, ...],
    days: int | None,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """Make a token and print it, once."""
    talk = Talk(url, token, as_json=as_json)
    new = {"name": name, "login": login, "scopes": list(scopes), "days": days}
    made = talk.ask("POST", "/tokens", new)
    talk.tell(made, made["token"])


@tokens.command("revoke")
@click.argument("token_id", metavar="ID")
@talks
def revoke_token(
    token_id: str,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """Revoke a token at once."""
    talk = Talk(url, token, as_json=as_json)
    talk.tell(talk.ask("DELETE", f"/tokens/{part(token_id)}"), f"{token_id} is revoked.")

"""`towpath users import-ldap`: read a directory here, and tell the server what it says."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

_API = "/api/towpath/v1/people/ldap"
_SECONDS = 300.0


@click.command(
    "import-ldap",
    epilog="""\b
Examples:
  towpath users import-ldap --uri ldaps://ldap.example --base dc=example     only say
  towpath users import-ldap --uri ldaps://ldap.example --base dc=example --apply    and do
""",
)
@click.option("--uri", required=True, help="ldaps://HOST, or ldap://HOST, which uses StartTLS.")
@click.option("--base", required=True, help="Below which entry people and groups are.")
@click.option("--user-filter", default="(objectClass=inetOrgPerson)", show_default=True)
@click.option("--group-filter", default="(objectClass=groupOfNames)", show_default=True)
@click.option("--login-attribute", "login", default="uid", show_default=True)
@click.option("--name-attribute", "name", default="cn", show_default=True)
@click.option("--bind-dn", "bind", default="", help="Who asks; nobody in particular otherwise.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its password; or TOWPATH_LDAP_PASSWORD.",
)
@click.option("--ca-file", help="Certificates to trust, other than this machine's.")
@click.option("--plain", is_flag=True, help="No TLS; only for a directory on this machine.")
@click.option("--apply", is_flag=True, help="Do it; otherwise only say what would change.")
@click.option("--force", is_flag=True, help="Shut out even more than half of the users.")
@click.option("--url", envvar="TOWPATH_URL", default="http://127.0.0.1:8080", show_default=True)
@click.option("--token", envvar="TOWPATH_TOKEN", required=True, help="An administrator's token.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def import_ldap(**given: Any) -> None:
    """Bring users and teams from LDAP; without --apply it only says what would change."""
    from towpath.kernel.access.ldap import model, reading
    from towpath.kernel.errors import TowpathError
    from towpath.kernel.settings import load

    file: Path | None = given["password_file"]
    names = ("uri", "base", "user_filter", "group_filter", "login", "name", "bind", "ca_file")
    try:
        password = file.read_text(encoding="utf-8").strip() if file else load().ldap_password
        found = reading.read(
            model.Directory(
                **{name: given[name] for name in names}, plain=given["plain"], password=password
            )
        )
    except TowpathError as error:
        raise click.ClickException(str(error)) from error
    said = {"people": [asdict(each) for each in found]}
    told = _ask(given["url"], given["token"], said | {w: given[w] for w in ("apply", "force")})
    _tell(told, len(found), **{word: given[word] for word in ("apply", "as_json")})


def _ask(url: str, token: str, said: dict[str, Any]) -> dict[str, Any]:
    import httpx2

    headers = {"Authorization": f"Bearer {token}"}
    try:
        reply = httpx2.post(
            f"{url.rstrip('/')}{_API}", json=said, headers=headers, timeout=_SECONDS
        )
        told: dict[str, Any] = reply.json()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise click.ClickException(f"{url} did not answer: {error}. Check --url.") from error
    if not reply.is_success:
        raise click.ClickException(f"{told.get('detail')} {told.get('next_step')}")
    return told


def _tell(told: dict[str, Any], people: int, *, apply: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told | {"people": people, "applied": apply}))
        return
    click.echo(f"The directory knows {people} people.")
    for line in told["changes"]:
        click.echo(line)
    click.echo("Done." if apply else "Nothing was changed: add --apply to do it.")

"""`towpath secrets`: set and remove secrets, rotate their keys; no value on a command line.

What stands there can be read by everybody on the machine, and stays in the shell's history.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from towpath.app.talking import Talk, part, talks

_SECOND = 1_000_000
_on = click.option(
    "--on",
    metavar="OWNER[/NAME]",
    help="Of this repository, or of all repositories of this owner; otherwise of the site.",
)


@click.group(
    epilog="""\b
Examples:
  towpath secrets set oidc-client-secret < value.txt
  towpath secrets set oidc-client-secret        ask for it, without showing it
  towpath secrets set DEPLOY_KEY --on alice/boat --file key.pem
  towpath secrets list --on alice/boat
  towpath secrets rotate                        let a new key encrypt
  towpath secrets keys                          is the old one still needed?
"""
)
def secrets() -> None:
    """Set and remove secrets, rotate their keys."""


@secrets.command("list")
@_on
@talks
def list_secrets(
    on: str | None,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """List secrets by name; nobody gets a value back. Without --on, all there are."""
    talk = Talk(url, token, as_json=as_json)
    found = talk.ask("GET", _place(on) if on else "/secrets")
    talk.tell(found, [_secret(each, on) for each in found] or ["No secret yet."])


def _secret(each: Mapping[str, Any], on: str | None) -> str:
    return f"{on or each['of']:<40} {each['name']:<40} set {_day(each['changed'])}"


def _place(on: str | None) -> str:
    """The path of the secrets of a repository, of an owner, or of the site."""
    owner, slash, name = (on or "").partition("/")
    if slash:
        return f"/repos/{part(owner)}/{part(name)}/secrets"
    return f"/owners/{part(owner)}/secrets" if owner else "/secrets/site"


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / _SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")


@secrets.command("set")
@click.argument("name")
@_on
@click.option(
    "--file",
    type=click.File("rb"),
    default="-",
    help="Where the value is; - or nothing is standard input.",
)
@talks
def put(
    name: str,
    on: str | None,
    file: Any,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """Set a secret to what standard input or a file holds.

    One line end at the end is left out. At a terminal you are asked, and nothing is shown.
    """
    value = _value(file)
    talk = Talk(url, token, as_json=as_json)
    told = talk.ask("PUT", f"{_place(on)}/{part(name)}", {"value": value})
    talk.tell(told, f"{name} is set.")


def _value(file: Any) -> str:
    if _at_terminal(file):
        typed: str = click.prompt("Value", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    try:
        read: str = file.read().decode()
    except UnicodeDecodeError:
        raise click.ClickException(
            "The value is not UTF-8. Encode it as text first, for example with base64."
        ) from None
    return read[:-2] if read.endswith("\r\n") else read.removesuffix("\n")


def _at_terminal(file: Any) -> bool:
    return bool(file.isatty())


@secrets.command("remove")
@click.argument("name")
@_on
@talks
def remove(
    name: str,
    on: str | None,
    url: str,
    token: str,
    *,
    as_json: bool,
) -> None:
    """Remove a secret."""
    talk = Talk(url, token, as_json=as_json)
    told = talk.ask("DELETE", f"{_place(on)}/{part(name)}")
    talk.tell(told, f"{name} is removed.")


@secrets.command("rotate")
@talks
def rotate(url: str, token: str, *, as_json: bool) -> None:
    """Let a new key encrypt; every secret is sealed again in the background."""
    talk = Talk(url, token, as_json=as_json)
    made = talk.ask("POST", "/secrets/keys")
    talk.tell(
        made, f"{made['key']} encrypts now. towpath secrets keys says when the old one is free."
    )


@secrets.command("keys")
@talks
def list_keys(url: str, token: str, *, as_json: bool) -> None:
    """List keys by id: which encrypts, which is at hand, how many secrets need it."""
    talk = Talk(url, token, as_json=as_json)
    found = talk.ask("GET", "/secrets/keys")
    talk.tell(found, [_key(each) for each in found] or ["No key yet."])


def _key(each: Mapping[str, Any]) -> str:
    state = "encrypts" if each["encrypts"] else "" if each["secrets"] else "free to drop"
    lost = "" if each["at_hand"] else "  NOT AT HAND"
    return f"{each['id']:<40} {state:<13} needed by {each['secrets']}{lost}"


@secrets.command("drop-key")
@click.argument("key")
@talks
def drop_key(key: str, url: str, token: str, *, as_json: bool) -> None:
    """Take an old key out of the key file; refused while any secret needs it."""
    talk = Talk(url, token, as_json=as_json)
    told = talk.ask("DELETE", f"/secrets/keys/{part(key)}")
    talk.tell(told, f"{key} is dropped.")

"""How a command speaks to a server: over HTTP, with a token, for people or with --json."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import click

_API = "/api/towpath/v1"
_UNREACHED = 2
_SECONDS = 60.0
Command = TypeVar("Command", bound=Callable[..., None])


class Talk:
    """Speaks to one server; says what it answers to people, or with --json to machines."""

    def __init__(self, url: str, token: str, *, as_json: bool) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._as_json = as_json

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request; what the server refuses ends the command with its two sentences."""
        import httpx2

        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            reply = httpx2.request(
                method, f"{self._url}{_API}{path}", json=body, headers=headers, timeout=_SECONDS
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _Unreached(f"{self._url} cannot be reached: {error}. Check --url.") from error
        if reply.is_success:
            return reply.json() if reply.content else {}
        raise click.ClickException(_words(reply))

    def tell(self, told: Any, line: str | Sequence[str]) -> None:
        if self._as_json:
            click.echo(json.dumps(told, indent=1))
            return
        for each in [line] if isinstance(line, str) else line:
            click.echo(each)


class _Unreached(click.ClickException):
    exit_code = _UNREACHED


def _words(reply: Any) -> str:
    try:
        problem = reply.json()
        return f"{problem['detail']} {problem['next_step']}"
    except (ValueError, KeyError, TypeError):
        return f"The server answered {reply.status_code}, and not in our words. Check --url."


def talks(command: Command) -> Command:
    """Give a command --json, and the options that say where the server is and who asks."""
    return reaches(click.option("--json", "as_json", is_flag=True, help="For machines.")(command))


def reaches(command: Command) -> Command:
    """Give a command the options that say where the server is and who asks."""
    for option in (
        click.option(
            "--token",
            envvar="TOWPATH_TOKEN",
            show_envvar=True,
            required=True,
            help="An API token; better in the environment, where no process list shows it.",
        ),
        click.option(
            "--url",
            envvar="TOWPATH_URL",
            show_envvar=True,
            default="http://127.0.0.1:8080",
            show_default=True,
            help="Where the server answers.",
        ),
    ):
        command = option(command)
    return command


def part(text: str) -> str:
    """Write one word as one part of a path, whatever is in it."""
    return quote(text, safe="")

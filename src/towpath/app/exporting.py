"""`towpath audit export`: take the audit log away, oldest first, and go on where it stopped."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

import click

from towpath.app import resuming
from towpath.app.resuming import Stop
from towpath.app.talking import Talk, reaches
from towpath.kernel.audit.model import FIELDS

_A_PAGE = 1000
_PAGES_A_WORD = 10
_Entry = Mapping[str, Any]


@click.group(
    epilog="""\b
Examples:
  towpath audit export --since 2026-01-01 --who alice
  towpath audit export --out audit.jsonl             all of it into a file
  towpath audit export --out audit.jsonl --resume    what came since, behind it
  towpath audit export --format csv --above 41000    from a known id on
  towpath audit export --format csv --out audit.csv --resume
"""
)
def audit() -> None:
    """Take the audit log away."""


@audit.command("export")
@click.option("--who", help="Only what this login did.")
@click.option("--what", help="Only this action, or those that begin so, such as user.")
@click.option("--subject", help="Only what happened to this, such as user:alice.")
@click.option("--since", help="From this date or time on, such as 2026-01-31.")
@click.option("--until", help="Up to this date or time.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "json"]),
    default="jsonl",
    show_default=True,
    help="An object a line, a table, or one list.",
)
@click.option("--above", type=click.IntRange(0), default=0, help="Only ids above this one.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Into a new file.")
@click.option("--resume", is_flag=True, help="Go on behind the last entry of --out.")
@reaches
def export(
    form: str,
    above: int,
    out: Path | None,
    *,
    resume: bool,
    url: str,
    token: str,
    **wanted: str | None,
) -> None:
    """Write every entry that matches, oldest first; how far it is goes to stderr.

    Ids only grow, and no entry comes later with an id that was passed: so an export that was cut
    short, or last night's, goes on from its last id.
    """
    stopped = _last_of(out, form) if resume else resuming.NOWHERE
    above = max(above, stopped.id)
    talk = Talk(url, token, as_json=False)
    asked = {name: value for name, value in wanted.items() if value}
    with _opened(out, resume=resume) as file:
        _FORMS[form].write(file, _entries(talk, asked, above), stopped)
        file.flush()
        if out:
            os.fsync(file.fileno())


def _entries(talk: Talk, asked: Mapping[str, str], above: int) -> Iterator[_Entry]:
    """Follow the pages; whatever ends them, say how far they came."""
    count, pages = 0, 0
    try:
        while found := talk.ask("GET", f"/audit?{urlencode(_page(asked, above))}"):
            yield from found
            above, count, pages = found[-1]["id"], count + len(found), pages + 1
            if pages % _PAGES_A_WORD == 0:
                click.echo(f"{count} entries, up to {found[-1]['at']}", err=True)
            if len(found) < _A_PAGE:
                break
    finally:
        click.echo(f"{count} entries; what comes later: --above {above}", err=True)


def _page(asked: Mapping[str, str], above: int) -> dict[str, str | int]:
    return {**asked, "limit": _A_PAGE, "above": above}


def _opened(out: Path | None, *, resume: bool) -> Any:
    if out is None:
        return nullcontext(sys.stdout)
    try:
        return out.open("a" if resume else "x", encoding="utf-8", newline="")
    except FileExistsError:
        raise click.ClickException(
            f"{out} is there already. Name another file, or add --resume to go on behind it."
        ) from None


def _last_of(out: Path | None, form: str) -> Stop:
    """Find the last whole entry in a file, and cut off what comes behind it."""
    if out is None:
        raise click.UsageError("--resume needs --out FILE.")
    if not out.exists():
        return resuming.NOWHERE
    with out.open("rb+") as file:
        found = _FORMS[form].find(file)
        file.truncate(found.end)
    return found


def _as_lines(file: IO[str], entries: Iterator[_Entry], _: Stop) -> None:
    for entry in entries:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _as_list(file: IO[str], entries: Iterator[_Entry], behind: Stop) -> None:
    before = ",\n" if behind.end else "[\n"
    for entry in entries:
        file.write(before + json.dumps(entry, ensure_ascii=False))
        before = ",\n"
    file.write("\n]\n" if before == ",\n" else "[]\n")


def _as_table(file: IO[str], entries: Iterator[_Entry], behind: Stop) -> None:
    from towpath.kernel.audit import service

    if not behind.end:
        file.write(service.table_row(FIELDS).decode())
    for entry in entries:
        file.write(service.table_row([entry[name] for name in FIELDS]).decode())


@dataclass(frozen=True)
class _Form:
    """How entries are written, and how the last one is found again."""

    write: Callable[[IO[str], Iterator[_Entry], Stop], None]
    find: Callable[[IO[bytes]], Stop]


_FORMS: Mapping[str, _Form] = {
    "jsonl": _Form(_as_lines, resuming.of_lines),
    "csv": _Form(_as_table, resuming.of_table),
    "json": _Form(_as_list, resuming.of_list),
}

"""`towpath backup` and `towpath restore` on the command line."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from towpath.app.backup import archive, remembering, restoring, taking
from towpath.app.backup.archive import Manifest, Tell
from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.kernel.clock import SECOND, Micros
from towpath.kernel.errors import TowpathError

_DATA = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog="""\b
Examples:
  towpath backup towpath.tar.gz --data ./data --verify
  towpath backup nightly.tar --data ./data --database postgresql://towpath@localhost/towpath
"""
)
@click.argument("file", type=_FILE)
@click.option("--data", type=_DATA, default="data", show_default=True, help="As given to serve.")
@click.option("--database", metavar="URL", help="As given to serve; SQLite in DATA otherwise.")
@click.option(
    "--without-secrets", is_flag=True, help="Leave keys and bootstrap.json out; keep them apart."
)
@click.option("--verify", is_flag=True, help="Read it back and compare every byte.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def backup(
    file: Path,
    data: Path,
    database: str | None,
    *,
    without_secrets: bool,
    verify: bool,
    as_json: bool,
) -> None:
    """Write everything into one FILE, also while the server runs; .gz compresses it."""
    os.umask(0o077)
    url = database or f"sqlite:///{data.resolve() / 'towpath.db'}"
    asked = taking.Asked(data.resolve(), url, secrets=not without_secrets)
    with _telling("Backing up") as tell, _explained():
        made = taking.take(file, asked, PARTS, histories(PARTS), tell)
        if verify:
            archive.verify(file, tell)
        _remember(file, asked.data, made, verified=verify)
    _report(made, as_json=as_json, file=str(file))
    if not as_json:
        click.echo(_about_secrets(made))


def _remember(file: Path, data: Path, made: Manifest, *, verified: bool) -> None:
    """Write down beside the data that it was taken; a backup is good even where that fails."""
    at = Micros(int(datetime.fromisoformat(made.created).timestamp()) * SECOND)
    last = remembering.Last(
        at=at, file=str(file.resolve()), size=file.stat().st_size, verified=verified
    )
    try:
        remembering.remember(data, last)
    except OSError as error:
        click.echo(f"{data} cannot be written, so nobody will know of it: {error}", err=True)


@click.command(
    epilog="""\b
Examples:
  towpath restore towpath.tar.gz --data ./data
  towpath restore nightly.tar --data ./data --database postgresql://towpath@localhost/new
"""
)
@click.argument("file", type=_FILE)
@click.option("--data", type=_DATA, required=True, help="A directory that does not exist yet.")
@click.option("--database", metavar="URL", help="An empty one, for a backup of PostgreSQL.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def restore(
    file: Path,
    data: Path,
    database: str | None,
    *,
    as_json: bool,
) -> None:
    """Make a data directory from a backup, after every byte of it has been checked."""
    os.umask(0o077)
    with _telling("Restoring") as tell, _explained():
        made = restoring.restore(file, data, database, histories(PARTS), tell)
    _report(made, as_json=as_json, file=str(file))
    if not as_json:
        more = f" --database {database}" if database else ""
        click.echo(f"Start it with: towpath serve --data {data} --port 8080{more}")
        if not made.secrets:
            click.echo("It holds no keys: put the file of keys back before you start it.")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except TowpathError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _telling(words: str) -> Iterator[Tell]:
    """On a terminal, how far it is; elsewhere nothing, for what is read there is the result."""
    if not sys.stderr.isatty():
        yield lambda _, __: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(words, total=None)

        def tell(name: str, count: int) -> None:
            progress.update(task, advance=count, description=f"{words} {name[-40:]}")

        yield tell


def _report(made: Manifest, *, as_json: bool, file: str) -> None:
    size = sum(member.size for member in made.members.values())
    if as_json:
        about = {"file": file, "bytes": size, "members": len(made.members)}
        for name in ("towpath", "created", "store", "revisions", "versions", "secrets"):
            about[name] = getattr(made, name)
        click.echo(json.dumps(about))
        return
    click.echo(f"{file}: {len(made.members)} files, {size / 10**6:.1f} MB, as of {made.created}")


def _about_secrets(made: Manifest) -> str:
    if made.secrets:
        return "It holds passwords' hashes and every key: guard it like the server itself."
    return "Keys were left out: without their file, sealed secrets in it cannot be opened again."

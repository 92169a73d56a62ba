"""`towpath upgrade`: the tables, without a server, and the second half of an upgrade."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

import towpath
from towpath.app.doctor.store import opened
from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.kernel import presence
from towpath.kernel.clock import SystemClock
from towpath.kernel.db import migrate
from towpath.kernel.db.opening import open_database
from towpath.kernel.errors import Conflict, TowpathError
from towpath.kernel.presence import Process


@click.command(
    epilog="""\b
Examples:
  towpath upgrade --data ./data
  towpath upgrade --finish --database postgresql://towpath@localhost/towpath
"""
)
@click.option(
    "--data", type=click.Path(path_type=Path), default="data", show_default=True,
    help="As given to serve.",
)  # fmt: skip
@click.option("--database", metavar="URL", help="As given to serve; SQLite in DATA otherwise.")
@click.option(
    "--finish", is_flag=True, help="Take away what older processes used; none may run any more."
)
def upgrade(data: Path, database: str | None, *, finish: bool) -> None:
    """Bring the tables to this release, as each start does by itself."""
    os.umask(0o077)
    url = database or f"sqlite:///{data.resolve() / 'towpath.db'}"
    try:
        before = _revisions(url)
        migrate.upgrade(url, histories(PARTS))
        if finish:
            _require_gone(_alive(url))
            migrate.upgrade(url, histories(PARTS), finish=True)
        after = _revisions(url)
    except TowpathError as error:
        raise click.ClickException(str(error)) from error
    for name, revision in after.items():
        came = before.get(name, "nothing")
        click.echo(f"{name}: {revision}" + (f", from {came}" if came != revision else ""))


def _revisions(url: str) -> dict[str, str]:
    path = url.removeprefix("sqlite:///")
    if path != url and not Path(path).exists():
        return {}
    with opened(url) as tx:
        return migrate.revisions(tx.connection, histories(PARTS))


def _alive(url: str) -> list[Process]:
    db = open_database(url, SystemClock())
    try:
        seen, now = db.read(lambda tx: (presence.processes(tx), tx.now))
    finally:
        db.close()
    return [each for each in seen if each.is_alive(now)]


def _require_gone(alive: Sequence[Process]) -> None:
    """Refuse while a process of another release shows signs of life; ours may run on."""
    older = [each for each in alive if each.version not in {"", towpath.__version__}]
    if older:
        told = ", ".join(
            f"{each.role} {each.pid} on {each.host} ({each.version})" for each in older
        )
        raise Conflict(
            f"Processes of another release than {towpath.__version__} still run: {told}.",
            next_step="Stop them, wait until /health shows them gone, and finish then.",
        )

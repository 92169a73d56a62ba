"""`towpath doctor` on the command line."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from towpath.app.doctor import machine, place, store
from towpath.app.doctor.finding import LEVELS, Finding, as_json, as_table, looked, worst
from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.kernel.errors import TowpathError, Unavailable


@click.command(
    epilog="""\b
Examples:
  towpath doctor --data ./data
  towpath doctor --data ./data --database postgresql://towpath@localhost/towpath --json
Exit status: 0 all is well, 1 warnings, 2 problems.
"""
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default="data",
    show_default=True,
    help="As given to serve.",
)
@click.option("--database", metavar="URL", help="As given to serve; SQLite in DATA otherwise.")
@click.option("--json", "for_machines", is_flag=True, help="For machines.")
def doctor(data: Path, database: str | None, *, for_machines: bool) -> None:
    """Look whether this machine, this data and this database are fit, and say what to do."""
    os.umask(0o077)
    url = database or f"sqlite:///{data.resolve() / 'towpath.db'}"
    findings = list(examine(data, url))
    if for_machines:
        click.echo(as_json(findings))
    else:
        click.echo(as_table(findings))
        counts = [sum(each.level == level for each in findings) for level in LEVELS]
        click.echo(f"\nproblems: {counts[2]}, warnings: {counts[1]}, in order: {counts[0]}")
    sys.exit(LEVELS.index(worst(findings)))


def examine(data: Path, url: str) -> Iterator[Finding]:
    """Everything that can be looked at; what is missing does not hide the rest."""
    yield from looked("programs", machine.programs)
    yield from looked("clock", machine.clock)
    yield from looked("time-zones", machine.zones)
    yield from looked("isolation", machine.isolation)
    yield from looked("hook-socket", place.hooks)
    server = place.server_at(data)
    yield from looked("open-files", lambda: machine.limits(server))
    yield from looked("data", lambda: place.directory(data))
    if data.is_dir():
        yield from looked("disk", lambda: machine.disk(data))
        yield from looked("file-system", lambda: machine.storage(data))
        yield from looked("bootstrap", lambda: place.leftovers(data))
        yield from looked("server", lambda: place.running(server))
    yield from looked("database", lambda: _database(data, url, server))


def _database(data: Path, url: str, server: int | None) -> Iterator[Finding]:
    try:
        with store.opened(url) as tx:
            found = looked("database", lambda: store.sound(tx, url))
            yield from found
            if worst(found[:1]) != "problem" or tx.dialect == "postgresql":
                yield from looked("schema", lambda: store.schema(tx, histories(PARTS)))
                yield from looked("clock-history", lambda: store.clocks(tx))
                yield from looked("work", lambda: store.backlog(tx, server))
                yield from looked("parts", lambda: store.parts(tx, data, PARTS))
    except Unavailable as error:
        yield store.unreachable(url, data, error)
    except TowpathError as error:
        raise click.ClickException(str(error)) from error

"""The `towpath` command. What a subcommand needs is imported when it runs, not before."""

from importlib import import_module
from pathlib import Path
from typing import Literal

import click

_LAZY = {
    "users": (
        "towpath.app.people:users",
        "List, add and change users; bring them from CSV or LDAP.",
    ),
    "teams": ("towpath.app.people:teams", "List, add and change teams, and grant them roles."),
    "tokens": ("towpath.app.people:tokens", "List, make and revoke API tokens."),
    "audit": ("towpath.app.exporting:audit", "Take the audit log away."),
    "backup": ("towpath.app.backup.command:backup", "Write everything into one file, any time."),
    "doctor": ("towpath.app.doctor.command:doctor", "Say what is not as it should be, and why."),
    "restore": ("towpath.app.backup.command:restore", "Make a data directory from a backup."),
    "upgrade": ("towpath.app.upgrading:upgrade", "Bring the tables up to date, or finish that."),
    "secrets": ("towpath.app.secrets:secrets", "Set and remove secrets, rotate their keys."),
    "recover": ("towpath.app.recover:recover", "Let an administrator in once, by a link."),
    "run": (
        "towpath.pipelines.cli.running:run",
        "Run a workflow file on the working tree, no server.",
    ),
    "runner": (
        "towpath.pipelines.cli.running:runner",
        "Run jobs for a server, on this machine or any other.",
    ),
    "pipelines": (
        "towpath.pipelines.cli.judging:pipelines",
        "Look at workflow files and expressions without running them.",
    ),
    "demo": (
        "towpath.app.demo.command:demo",
        "Watch real merge requests travel through a new server.",
    ),
}
_EXAMPLES = """\b
Examples:
  towpath serve --data ./data --port 8080     start a server
  towpath runner --url URL --token-file FILE  run its jobs on another machine
  towpath run                                 run the workflows on what lies here
  towpath demo --once                         see it work, then exit
"""


class _Group(click.Group):
    """Lists lazy commands by the words above; imports one only to run it or show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_LAZY})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _LAZY:
            return super().get_command(ctx, cmd_name)
        module, _, name = _LAZY[cmd_name][0].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        rows = {name: words for name, (_, words) in _LAZY.items()}
        rows |= {name: found.get_short_help_str(70) for name, found in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))


@click.group(cls=_Group, epilog=_EXAMPLES)
def main() -> None:
    """Towpath carries a software change from merge request to production."""


@main.command(
    epilog="""\b
Examples:
  towpath serve --data ./data --port 8080
  towpath serve --data ./data --port 8080 --database postgresql://towpath@localhost/towpath
"""
)
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Where everything is kept."
)
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--database",
    metavar="URL",
    envvar="TOWPATH_DATABASE",
    help="postgresql://...; SQLite in DATA otherwise. TOWPATH_DATABASE hides it from `ps`.",
)
@click.option(
    "--role",
    type=click.Choice(["all", "web"]),
    default="all",
    show_default=True,
    help="web serves pages and the API but does no work; it needs PostgreSQL.",
)
@click.option("--no-runner", is_flag=True, help="Do not run jobs on this machine.")
def serve(
    data: Path,
    port: int,
    host: str,
    database: str | None,
    role: Literal["all", "web"],
    *,
    no_runner: bool,
) -> None:
    """Start a server; prints `ready URL` when it accepts."""
    from towpath.app.parts import PARTS
    from towpath.app.server import Options, serve
    from towpath.kernel.errors import TowpathError

    options = Options(
        data=data, port=port, host=host, database=database, role=role, runner=not no_runner
    )
    try:
        serve(options, PARTS)
    except TowpathError as error:
        raise click.ClickException(str(error)) from error


@main.command(
    epilog="""\b
Examples:
  towpath worker --database postgresql://towpath@db.example/towpath --data /srv/towpath
  towpath serve --role web --port 8080 --database postgresql://... --data /srv/towpath
"""
)
@click.option(
    "--database",
    metavar="URL",
    envvar="TOWPATH_DATABASE",
    help="postgresql://..., the one that servers use. TOWPATH_DATABASE hides it from `ps`.",
)
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="The directory servers use."
)
@click.option("--json", "as_json", is_flag=True, help="Log for machines even on a terminal.")
def worker(data: Path, database: str | None, *, as_json: bool) -> None:
    """Do the work of an installation whose servers are `serve --role web`.

    Any number may run, on any host that reaches the database and the data directory; `ready
    worker` says that this one works. SIGTERM lets running work finish and gives back the rest.
    """
    from towpath.app.parts import PARTS
    from towpath.app.worker import Options, work
    from towpath.kernel.errors import TowpathError

    try:
        work(Options(data=data, database=database, json=as_json), PARTS)
    except TowpathError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def version(*, as_json: bool) -> None:
    """Say which release this is."""
    import towpath

    if not as_json:
        click.echo(f"towpath {towpath.__version__}")
        return
    import json
    import platform
    import sqlite3

    click.echo(
        json.dumps(
            {
                "towpath": towpath.__version__,
                "python": platform.python_version(),
                "sqlite": sqlite3.sqlite_version,
            }
        )
    )

"""`towpath recover`: a link that lets an administrator in once, whatever the provider does."""

import json
from pathlib import Path

import click


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The data directory of the server.",
)
@click.option("--login", default="admin", show_default=True, help="Which administrator.")
@click.option("--url", help="Where the server answers; as in bootstrap.json otherwise.")
def recover(data: Path, login: str, url: str | None) -> None:
    """Print a link that lets an administrator in once, within ten minutes.

    The server may run, and must when the link is opened. Its use is in the audit log.
    """
    from towpath.kernel.access.recovery import MINUTES, offer
    from towpath.kernel.clock import SystemClock

    known = data / "bootstrap.json"
    if not url and not known.exists():
        raise click.ClickException(f"{known} does not say the address. Add --url.")
    address = url or json.loads(known.read_text())["url"]
    try:
        key = offer(data, login, SystemClock().now())
    except OSError as error:
        raise click.ClickException(
            f"{data} cannot be written: {error.strerror}. Run it as the user who serves."
        ) from error
    click.echo(f"{address.rstrip('/')}/login/recover?key={key}")
    click.echo(f"It opens once, within {MINUTES} minutes, as {login}.", err=True)

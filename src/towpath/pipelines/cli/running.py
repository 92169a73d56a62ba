"""`towpath run`: workflow files without a server. `towpath runner`: jobs for a server."""

import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from towpath.kernel.errors import InvalidInput, TowpathError
from towpath.pipelines.cli.events import event_of

if TYPE_CHECKING:
    from towpath.pipelines.model.run import Job
    from towpath.pipelines.model.workflow import Workflow
    from towpath.pipelines.remote.here import Here

_FAILED, _UNUSABLE, _INTERRUPTED = 1, 2, 130
_FOLDER = click.Path(file_okay=False)
_PRESENT = click.Path(path_type=Path, exists=True, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_LOOK_SECONDS = 0.5


@click.command(
    epilog="""\b
Examples:
  towpath run                      the only workflow, or a list of those there are
  towpath run ci                   .towpath/workflows/ci.yml, or the one named ci
  towpath run ci --job test        one job, and what it needs
  towpath run --job test --from-step 3 --watch    while you work on that step
  towpath run --event request.json --explain      why something is skipped
  towpath run --json > result.json machines read standard output, people standard error
"""
)
@click.argument("workflow", required=False)
@click.option("--job", help="Run this job alone, with those it needs.")
@click.option(
    "--directory",
    "-C",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The working tree, if not this one.",
)
@click.option(
    "--event",
    default="push",
    show_default=True,
    metavar="NAME|FILE",
    help="What happened: an event's name, or a JSON file that github.event is to hold.",
)
@click.option(
    "--from-step", metavar="STEP", help="Skip what stands before: an id, name or number."
)
@click.option("--secrets", type=_FILE, help="A file of NAME=VALUE lines for the context secrets.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="A variable of all steps.")
@click.option("--explain", is_flag=True, help="Say how each condition and ${{ }} came out.")
@click.option("--debug", is_flag=True, help="Show what steps say by ::debug::.")
@click.option("--watch", is_flag=True, help="Run again whenever a file of the tree changes.")
@click.option(
    "--slots",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="How many jobs run at once.",
)
@click.option("--network", is_flag=True, help="Let jobs reach the network.")
@click.option(
    "--matrix", multiple=True, metavar="KEY=VALUE", help="Of a matrix, only those with this value."
)
@click.option(
    "--allow",
    multiple=True,
    metavar="ACTION",
    help="Let steps use OWNER/NAME pinned by its commit, or OWNER/NAME@REF; * is any.",
)
@click.option("--actions", type=_PRESENT, help="Where repositories of actions lie, as OWNER/NAME.")
@click.option(
    "--actions-url",
    metavar="URL",
    help="Where others are fetched (https://github.com/{repository}).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def run(
    workflow: str | None,
    job: str | None,
    directory: Path,
    *,
    watch: bool,
    **wishes: Any,
) -> None:
    """Run a workflow file on the working tree, without a server.

    Files are read from .towpath/workflows, or else from .github/workflows. Jobs see the tree as
    it is now, changes not yet committed included and ignored files left out.

    Exit code: 0 all passed, 1 something failed, 2 a file cannot be used, 130 interrupted.
    """
    from towpath.pipelines.remote import worktree

    tree = worktree.top_of(directory)
    if not watch:
        sys.exit(_once(tree, workflow, job, **wishes))
    ended = 0
    while ended != _INTERRUPTED:
        seen = worktree.fingerprint(tree)
        ended = _once(tree, workflow, job, **wishes)
        if ended != _INTERRUPTED:
            ended = _INTERRUPTED if not _changed(tree, seen) else 0
    sys.exit(_INTERRUPTED)


def _changed(tree: Path, seen: int) -> bool:
    """Wait until the tree is another than it was; False when interrupted."""
    from towpath.pipelines.remote import worktree

    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    click.secho("Waiting for a change; Ctrl-C ends it.", dim=True, err=True)
    try:
        while worktree.fingerprint(tree) == seen:
            if interrupted.wait(_LOOK_SECONDS):
                return False
        return True
    finally:
        signal.signal(signal.SIGINT, before)


def _once(tree: Path, workflow: str | None, job: str | None, **wishes: Any) -> int:
    """Run once; the exit code."""
    from towpath.pipelines.cli.telling import Telling
    from towpath.pipelines.model import machine
    from towpath.pipelines.remote import here, worktree

    quiet, step = wishes["as_json"], wishes["from_step"]
    try:
        whole = machine.settled(_chosen(tree, workflow))
        chosen = worktree.choose(whole, job)
        chosen = worktree.begin_at(chosen, job, step) if step else chosen
        happened = event_of(wishes["event"])
        library = worktree.library(
            tree, wishes["allow"], folder=wishes["actions"], url=wishes["actions_url"]
        )
        if chosen.refusals and (alone := machine.runnable(chosen)):
            click.secho(f"These jobs can run, named by --job: {', '.join(alone)}", err=True)
        library.permit(chosen)
        with tempfile.TemporaryDirectory(prefix="towpath-run-") as folder:
            options = here.Options(
                tree=tree, folder=Path(folder), slots=wishes["slots"], network=wishes["network"],
                event=happened.name, payload=happened.payload, explain=wishes["explain"],
                secrets=worktree.secrets_in(wishes["secrets"]), debug=wishes["debug"],
                library=library, matrix=_pairs(wishes["matrix"]), env=_pairs(wishes["env"]),
            )  # fmt: skip
            told = Telling(chosen, quiet=quiet)
            runs = here.Here(options, told.watch())
            conclusion, jobs = _interruptible(runs, chosen)
    except TowpathError as error:
        click.echo(str(error), err=True)
        return _UNUSABLE
    told.summary(conclusion, jobs, as_json=quiet)
    return {"success": 0, "cancelled": _INTERRUPTED}.get(conclusion, _FAILED)


def _pairs(words: Sequence[str]) -> dict[str, str]:
    found = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign:
            raise InvalidInput(
                f"`{word}` is no KEY=VALUE.", next_step="Write one, such as os=linux."
            )
        found[key] = value
    return found


def _chosen(tree: Path, wanted: str | None) -> "Workflow":
    """Find the file that is meant; tells which there are when that is not clear."""
    from towpath.pipelines.remote import worktree

    if wanted is not None and Path(wanted).is_file():
        return worktree.load(tree, Path(wanted).resolve())
    files = worktree.workflows_of(tree)
    if wanted is None and len(files) == 1:
        return worktree.load(tree, files[0])
    matching = [file for file in files if wanted in {file.name, file.stem}]
    if not matching and wanted is not None:
        matching = [file for file in files if worktree.load(tree, file).name == wanted]
    if len(matching) == 1:
        return worktree.load(tree, matching[0])
    raise worktree.ambiguous(wanted, [file.stem for file in files])


def _interruptible(runs: "Here", chosen: "Workflow") -> tuple[str, Sequence["Job"]]:
    if runs.isolation.level == "none":
        click.secho(runs.isolation.why, fg="yellow", err=True)
    before = signal.signal(
        signal.SIGINT, lambda *_: threading.Thread(target=runs.cancel, daemon=True).start()
    )
    try:
        return runs.run(chosen)
    finally:
        signal.signal(signal.SIGINT, before)


@click.command(
    epilog="""\b
Examples:
  towpath runner --url https://towpath.example --token-file runner.token
  towpath runner --url ... --token-file ... --labels linux,gpu --slots 2 --work /var/tmp
  towpath runner --check           how well jobs would be walled off on this machine
"""
)
@click.option("--url", help="The server, such as https://towpath.example.")
@click.option("--token-file", help="A file that holds a token with the scope runner.")
@click.option("--name", help="What people see; by default the host's name and our number.")
@click.option("--labels", help="What runs-on may ask for, comma-separated.")
@click.option("--slots", type=click.IntRange(1, 256), help="How many jobs at once.")
@click.option("--work", type=_FOLDER, help="Where workspaces are kept (the temporary directory).")
@click.option(
    "--isolation",
    type=click.Choice(["auto", "namespaces", "none"]),
    help="auto takes the best there is; namespaces insists; none is for trusted code.",
)
@click.option("--network", type=click.Choice(["none", "host"]), help="What jobs may reach.")
@click.option("--tool-path", type=_FOLDER, multiple=True, help="A directory jobs may read.")
@click.option("--hide", type=_FOLDER, multiple=True, help="What no job may ever see.")
@click.option("--patience", type=float, help="Seconds without a server until it ends (120).")
@click.option("--json", is_flag=True, help="Log for machines even on a terminal.")
@click.option("--check", is_flag=True, help="Only say how well jobs are walled off here.")
def runner(**chosen: Any) -> None:
    """Claim jobs from a server and run each in a sandbox of its own.

    It speaks HTTP to the server alone, so it may run on any machine. SIGTERM gives running jobs
    back, which another runner takes. Exit code: 0 stopped, 1 the server refuses it, or jobs
    cannot be walled off as asked, 2 an option is missing.
    """
    from towpath.pipelines.remote.__main__ import main

    sys.exit(main(list(_words(chosen))))


def _words(chosen: dict[str, Any]) -> Iterator[str]:
    """Say options as the program understands them; what was not said keeps its default there."""
    for name, value in chosen.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            yield option
        elif isinstance(value, tuple):
            yield from (word for each in value for word in (option, each))
        elif value is not None and value is not False:
            yield from (option, str(value))

"""`towpath run`: workflow files without a server. `towpath runner`: jobs for a server."""

import json
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

import click

from towpath.kernel.errors import TowpathError

if TYPE_CHECKING:
    from towpath.pipelines.model.execution import StepReport
    from towpath.pipelines.model.run import Job
    from towpath.pipelines.model.workflow import Workflow
    from towpath.pipelines.remote.here import Here

_FAILED, _UNUSABLE, _INTERRUPTED = 1, 2, 130
_FOLDER = click.Path(file_okay=False)
_COLOURS = ("cyan", "magenta", "blue", "yellow", "green")
_MARKS = {
    "success": ("✓", "green"),
    "failure": ("✗", "red"),
    "cancelled": ("◼", "yellow"),
    "skipped": ("○", "bright_black"),
}


@click.command(
    epilog="""\b
Examples:
  towpath run                      the only workflow, or a list of those there are
  towpath run ci                   .towpath/workflows/ci.yml, or the one named ci
  towpath run ci --job test        one job, and what it needs
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
@click.option("--event", default="push", show_default=True, help="What github.event_name says.")
@click.option(
    "--slots",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="How many jobs run at once.",
)
@click.option("--network", is_flag=True, help="Let jobs reach the network.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def run(
    workflow: str | None,
    job: str | None,
    directory: Path,
    event: str,
    slots: int,
    network: bool,  # noqa: FBT001 - click passes it by name
    as_json: bool,  # noqa: FBT001
) -> None:
    """Run a workflow file on the working tree, without a server.

    Files are read from .towpath/workflows, or else from .github/workflows. Jobs see the tree as
    it is now, changes not yet committed included and ignored files left out.

    Exit code: 0 all passed, 1 something failed, 2 a file cannot be used, 130 interrupted.
    """
    from towpath.pipelines.remote import here

    try:
        tree = here.top_of(directory)
        chosen = here.choose(_chosen(tree, workflow), job)
        with tempfile.TemporaryDirectory(prefix="towpath-run-") as folder:
            options = here.Options(
                tree=tree, folder=Path(folder), slots=slots, event=event, network=network
            )
            told = _Telling(chosen, quiet=as_json)
            runs = here.Here(options, told.watch())
            conclusion, jobs = _interruptible(runs, chosen)
    except TowpathError as error:
        click.echo(str(error), err=True)
        sys.exit(_UNUSABLE)
    told.summary(conclusion, jobs, as_json=as_json)
    sys.exit({"success": 0, "cancelled": _INTERRUPTED}.get(conclusion, _FAILED))


def _chosen(tree: Path, wanted: str | None) -> "Workflow":
    """Find the file that is meant; tells which there are when that is not clear."""
    from towpath.pipelines.remote import here

    if wanted is not None and Path(wanted).is_file():
        return here.load(tree, Path(wanted).resolve())
    files = here.workflows_of(tree)
    if wanted is None and len(files) == 1:
        return here.load(tree, files[0])
    matching = [file for file in files if wanted in {file.name, file.stem}]
    if not matching and wanted is not None:
        matching = [file for file in files if here.load(tree, file).name == wanted]
    if len(matching) == 1:
        return here.load(tree, matching[0])
    raise here.ambiguous(wanted, [file.stem for file in files])


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


class _Telling:
    """Writes what happens, line by line; lines of jobs that run together bear their names."""

    def __init__(self, chosen: "Workflow", *, quiet: bool) -> None:
        self._err = quiet
        self._chosen = chosen
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._partial: dict[str, bytes] = {}
        self._seconds: dict[str, float] = {}
        self._steps: dict[str, list[StepReport]] = {}
        self._alone = len(chosen.jobs) == 1 and chosen.jobs[0].strategy is None
        self._labels: dict[str, str] = {}
        self._width = max(len(job.id) for job in chosen.jobs)

    def watch(self) -> Any:
        from towpath.pipelines.remote.here import Watch

        return Watch(lambda _: None, self._step, self._output, self._ended)

    def _output(self, job: "Job", data: bytes) -> None:
        with self._lock:
            *lines, rest = (self._partial.get(job.id, b"") + data).split(b"\n")
            self._partial[job.id] = rest
            for line in lines:
                self._say(job, line.decode("utf-8", "replace"))

    def _step(self, job: "Job", report: "StepReport") -> None:
        if report.state != "finished":
            return
        self._steps.setdefault(job.id, []).append(report)
        if report.conclusion != "skipped":
            forgiven = (
                " (it failed, and may)" if report.conclusion == "success" and report.why else ""
            )
            title = _title(job, report) + forgiven
            self._verdict(job, str(report.conclusion), f"{title}  {_span(report.seconds)}")

    def _ended(self, job: "Job", seconds: float) -> None:
        self._seconds[job.id] = seconds
        if rest := self._partial.pop(job.id, b""):
            self._say(job, rest.decode("utf-8", "replace"))
        why = f": {job.why}" if job.why else ""
        self._verdict(
            job,
            str(job.conclusion),
            f"job {label_of(job)} {_word(job.conclusion)}{why}  {_span(seconds)}",
        )

    def _verdict(self, job: "Job", conclusion: str, words: str) -> None:
        mark, colour = _MARKS[conclusion]
        self._say(job, click.style(f"{mark} {words}", fg=colour))

    def _say(self, job: "Job", line: str) -> None:
        click.echo(f"{'' if self._alone else self._prefix(job)}{line}", err=self._err)

    def _prefix(self, job: "Job") -> str:
        """Name a job in front of its lines; all names seen so far are made as wide."""
        label = label_of(job)
        self._labels.setdefault(job.id, _COLOURS[len(self._labels) % len(_COLOURS)])
        self._width = max(self._width, len(label))
        return click.style(f"{label:<{self._width}} │ ", fg=self._labels[job.id])

    def summary(self, conclusion: str, jobs: Sequence["Job"], *, as_json: bool) -> None:
        seconds = time.monotonic() - self._began
        if as_json:
            click.echo(json.dumps(self._result(conclusion, jobs, seconds)))
            return
        click.echo()
        for job in jobs:
            mark, colour = _MARKS[str(job.conclusion)]
            words = f"{label_of(job)}  {_word(job.conclusion)}  {_span(self._seconds.get(job.id))}"
            click.secho(f"{mark} {words}", fg=colour)
            self._said(job)
        mark, colour = _MARKS[conclusion]
        name = f"{self._chosen.name} ({self._chosen.path})"
        click.secho(f"{mark} {name} {_word(conclusion)} in {_span(seconds)}", fg=colour, bold=True)

    def _said(self, job: "Job") -> None:
        """Repeat what steps said to people, where it will be read."""
        for report in self._steps.get(job.id, ()):
            for said in report.annotations:
                colour = {"error": "red", "warning": "yellow"}.get(said.level, "cyan")
                click.secho(f"    {said.level}: {said}", fg=colour)
            if report.summary:
                click.echo(indent(report.summary.rstrip(), "    │ "))

    def _result(self, conclusion: str, jobs: Sequence["Job"], seconds: float) -> dict[str, Any]:
        return {
            "workflow": self._chosen.name,
            "path": self._chosen.path,
            "conclusion": conclusion,
            "seconds": round(seconds, 3),
            "jobs": [
                {
                    "id": job.key,
                    "matrix": dict(job.spec.variant.matrix) if job.spec.variant else {},
                    "name": job.name,
                    "conclusion": job.conclusion,
                    "why": job.why,
                    "seconds": round(self._seconds.get(job.id, 0.0), 3),
                    "outputs": dict(job.outputs),
                    "steps": [
                        {
                            "number": report.number,
                            "name": _title(job, report),
                            "conclusion": report.conclusion,
                            "why": report.why,
                            "seconds": round(report.seconds or 0.0, 3),
                            "annotations": [asdict(said) for said in report.annotations],
                            "summary": report.summary,
                        }
                        for report in self._steps.get(job.id, ())
                    ],
                }
                for job in jobs
            ],
        }


def label_of(job: "Job") -> str:
    """Call a job as the file does, and a variant of a matrix by its own name."""
    variant = job.spec.variant
    return job.name if variant and variant.matrix else job.key


def _title(job: "Job", report: "StepReport") -> str:
    return report.name or job.spec.steps[report.number - 1].title


def _word(conclusion: str | None) -> str:
    return {"success": "passed", "failure": "failed"}.get(str(conclusion), str(conclusion))


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


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

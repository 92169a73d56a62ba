"""`towpath pipelines`: look at workflow files and expressions without running anything."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from towpath.kernel.errors import TowpathError

if TYPE_CHECKING:
    from towpath.pipelines.model.rehearsal import Part
    from towpath.pipelines.model.workflow import Problem

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_WRONG = 1


@click.group()
def pipelines() -> None:
    """Look at workflow files and expressions without running them."""


@pipelines.command(
    epilog="""\b
Examples:
  towpath pipelines lint .github/workflows/*.yml
  towpath pipelines lint ci.yml --json | jq '.[] | select(.level == "error")'
"""
)
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE…")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of problems.")
def lint(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Tell all that is wrong with workflow files, with file, line, column and key.

    Errors are what the grammar does not allow, what is understood but not run yet, and scripts
    into which a stranger could write. Warnings are what is surely not meant.

    Exit code: 0 no errors, 1 errors.
    """
    found = [each for file in files for each in _problems(file)]
    if as_json:
        told = [{"level": level, **asdict(problem)} for level, problem in found]
        click.echo(json.dumps(told, indent=2))
    else:
        _tell(found)
    sys.exit(_WRONG if any(level == "error" for level, _ in found) else 0)


def _problems(file: Path) -> "Iterator[tuple[str, Problem]]":
    from towpath.pipelines.model.workflow import InvalidWorkflow
    from towpath.pipelines.remote import worktree

    try:
        workflow = worktree.load(Path(), file)
    except InvalidWorkflow as error:
        yield from (("error", problem) for problem in error.problems)
        return
    calls = worktree.called(worktree.top_of(file.parent), workflow).problems
    wrong = [("error", problem) for problem in (*workflow.refusals, *workflow.dangers, *calls)]
    unmeant = [("warning", problem) for problem in workflow.warnings]
    yield from sorted([*wrong, *unmeant], key=lambda each: (each[1].line, each[1].column))


def _tell(found: "Iterable[tuple[str, Problem]]") -> None:
    colours = {"error": "red", "warning": "yellow"}
    for level, problem in found:
        place, _, words = str(problem).partition(": ")
        click.echo(f"{place}: {click.style(level, fg=colours[level])}: {words}")


@pipelines.command(
    name="eval",
    epilog="""\b
Examples:
  towpath pipelines eval "contains('Hello', 'ell')"
  towpath pipelines eval '${{ github.ref }}' --contexts contexts.json
""",
)
@click.argument("expression")
@click.option("--contexts", type=_FILE, help="A JSON object: by name of a context, what it holds.")
def evaluate(expression: str, contexts: Path | None) -> None:
    """Print what an expression comes to, as JSON; ${{ }} around it may be left out.

    Exit code: 0 it has a value, 1 it is wrong or fails.
    """
    from towpath.pipelines.model.expressions import functions, syntax, templates
    from towpath.pipelines.model.expressions.evaluation import Status, Surroundings
    from towpath.pipelines.model.expressions.values import ExpressionError

    given = _contexts(contexts)
    scope = syntax.Scope(frozenset(given), functions.WITH_STATUS)
    source = expression if templates.OPEN in expression else f"${{{{ {expression} }}}}"
    try:
        around = Surroundings(given, Status.of_word(_status(given)))
        value = templates.value(templates.parse(source, scope), around)
        click.echo(functions.to_json(value))
    except ExpressionError as error:
        _end(str(error))


def _contexts(file: Path | None) -> dict[str, Any]:
    """Read contexts under lower-case names, in which the language looks for them."""
    try:
        read = json.loads(file.read_bytes()) if file else {}
    except (ValueError, RecursionError) as error:
        _end(f"{file} is not JSON: {error}")
    if not isinstance(read, dict):
        _end(f"{file} must hold a JSON object: by name of a context, what it holds.")
    return {name.lower(): value for name, value in read.items()}


def _status(contexts: Mapping[str, Any]) -> str:
    job = contexts.get("job")
    return str(job.get("status", "success")) if isinstance(job, dict) else "success"


def _end(why: str) -> NoReturn:
    click.echo(why, err=True)
    sys.exit(_WRONG)


@pipelines.command(
    epilog="""\b
Examples:
  towpath pipelines plan ci.yml
  towpath pipelines plan ci.yml --event request.json --json
"""
)
@click.argument("file", type=_FILE)
@click.option("--event", default="push", show_default=True, metavar="NAME|FILE", help="See run.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(file: Path, event: str, *, as_json: bool) -> None:
    """Tell which jobs an event would start, after matrix and conditions, without running any.

    Jobs that would run are taken to succeed; what depends on their outputs is said to be open.

    Exit code: 0 it can be planned, 1 the file or a job cannot be run.
    """
    try:
        told = _planned(file, event)
    except TowpathError as error:
        _end(str(error))
    if as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        _draw(told)
    sys.exit(_WRONG if any(job["fate"] == "failure" for job in told["jobs"]) else 0)


def _planned(file: Path, event: str) -> dict[str, Any]:
    from towpath.pipelines.cli.events import branch_of, event_of
    from towpath.pipelines.model import rehearsal, triggers
    from towpath.pipelines.remote import here, worktree

    workflow = worktree.load(Path(), file)
    happened = event_of(event)
    ref = str(happened.payload.get("ref") or "refs/heads/main")
    about = triggers.Event(happened.name, branch_of(happened, ref))
    triggered = bool(triggers.matching([workflow], about))
    whole = worktree.called(worktree.top_of(file.parent), workflow)
    run, jobs, world = here.planned(whole, happened.name, happened.payload, sha="0" * 40, ref=ref)
    parts = rehearsal.rehearse(jobs, world) if triggered else []
    return {
        "workflow": workflow.name,
        "path": workflow.path,
        "title": run.title,
        "event": happened.name,
        "triggered": triggered,
        "jobs": [_part(each) for each in parts],
    }


def _part(part: "Part") -> dict[str, Any]:
    spec = part.job.spec
    return {
        "id": spec.id,
        "name": part.job.name,
        "needs": list(spec.needs),
        "runs-on": list(spec.runs_on),
        "matrix": dict(spec.variant.matrix) if spec.variant else {},
        "fate": part.fate,
        "why": part.why,
    }


def _draw(told: Mapping[str, Any]) -> None:
    if not told["triggered"]:
        click.echo(f"{told['path']} is not started by {told['event']}.")
    for job in told["jobs"]:
        why = f": {job['why']}" if job["why"] else ""
        needs = f"  (after {', '.join(job['needs'])})" if job["needs"] else ""
        click.echo(f"{job['fate']:<8} {job['name']}{needs}{why}")

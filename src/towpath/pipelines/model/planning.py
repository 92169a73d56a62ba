"""From an event and the workflow files of a commit to runs and jobs."""

from collections.abc import Sequence
from dataclasses import dataclass

from towpath.kernel import ids
from towpath.kernel.clock import Micros
from towpath.pipelines.model import contexts, matrix
from towpath.pipelines.model import workflow as workflows
from towpath.pipelines.model.expressions import functions, syntax, templates
from towpath.pipelines.model.expressions.evaluation import Surroundings
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.run import Job, Run, Suite
from towpath.pipelines.model.workflow import Problem, Workflow

LONGEST_TITLE = 200
_NOW = frozenset({"github"})
_SCOPE = syntax.Scope(_NOW, functions.PLAIN)
_LATER = syntax.Scope(_NOW | {"needs", "strategy", "matrix", "vars", "inputs"}, functions.PLAIN)


@dataclass(frozen=True)
class Planned:
    """What a suite comes to: runs with their jobs, or the problems of its files."""

    runs: tuple[tuple[Run, tuple[Job, ...]], ...] = ()
    problems: tuple[Problem, ...] = ()


def plan(
    suite: Suite, workflows: Sequence[Workflow], origin: contexts.Origin, now: Micros
) -> Planned:
    """Make a run of each workflow; what cannot be run or evaluated is a problem."""
    runs: list[tuple[Run, tuple[Job, ...]]] = []
    problems = [problem for workflow in workflows for problem in workflow.refusals]
    for workflow in workflows:
        try:
            runs.append(_run(suite, workflow, origin, now))
        except ExpressionError as error:
            problems.append(Problem(workflow.path, 1, 1, "name", str(error)))
    return Planned((), tuple(problems)) if problems else Planned(tuple(runs))


def _run(
    suite: Suite, workflow: Workflow, origin: contexts.Origin, now: Micros
) -> tuple[Run, tuple[Job, ...]]:
    run_id = ids.new("run")
    github = contexts.github(origin, workflow=workflow.name, run=run_id)
    run = Run(
        id=run_id,
        suite=suite.id,
        repository=suite.repository,
        sha=suite.sha,
        ref=suite.ref,
        event=suite.event,
        path=workflow.path,
        workflow=workflow.name,
        title=_rendered(workflow.run_name, github) or workflow.name,
        env=workflow.env,
        github=github,
        created=now,
    )
    jobs = tuple(
        Job(
            id=ids.new("job"),
            run=run_id,
            position=number * matrix.MOST,
            name=_named(spec, github),
            spec=spec,
        )
        for number, spec in enumerate(workflow.jobs)
    )
    return run, jobs


def _named(spec: workflows.Job, github: contexts.Context) -> str:
    """Name a job; what depends on its matrix, or on what it needs, stays as the file has it."""
    trees = templates.parse(spec.name, _LATER).trees
    if any(syntax.names(tree) - _NOW for tree in trees):
        return spec.name
    return _rendered(spec.name, github) or spec.id


def _rendered(text: str, github: contexts.Context) -> str:
    shown = templates.render(templates.parse(text, _SCOPE), Surroundings({"github": github}))
    return " ".join(shown.split())[:LONGEST_TITLE]

"""From an event and the workflow files of a commit to runs and jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from towpath.kernel import ids
from towpath.kernel.clock import Micros
from towpath.pipelines.model import contexts, handing, matrix, permissions, variants
from towpath.pipelines.model import workflow as workflows
from towpath.pipelines.model.expressions import functions, syntax, templates
from towpath.pipelines.model.expressions.evaluation import Surroundings
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.run import Job, Run, Suite
from towpath.pipelines.model.workflow import Problem, Workflow

LONGEST_TITLE = 200
_NOW = frozenset({"github", "inputs"})
_SCOPE = syntax.Scope(_NOW, functions.PLAIN)
_LATER = syntax.Scope(_NOW | {"needs", "strategy", "matrix", "vars"}, functions.PLAIN)


@dataclass(frozen=True)
class Called:
    """A workflow to run, and by address all that it calls; `problems` says why that cannot be."""

    root: Workflow
    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Planned:
    """What a suite comes to: runs with their jobs and what these call, or problems of files."""

    runs: tuple[tuple[Run, tuple[Job, ...], Mapping[str, Workflow]], ...] = ()
    problems: tuple[Problem, ...] = ()


def plan(suite: Suite, chosen: Sequence[Called], origin: contexts.Origin, now: Micros) -> Planned:
    """Make a run of each workflow; what cannot be run or evaluated is a problem."""
    runs: list[tuple[Run, tuple[Job, ...], Mapping[str, Workflow]]] = []
    problems = [problem for each in chosen for problem in (*each.root.refusals, *each.problems)]
    for each in chosen:
        try:
            runs.append((*_run(suite, each, origin, now), each.workflows))
        except (ExpressionError, handing.HandingError, variants.VariantError) as error:
            problems.append(Problem(each.root.path, 1, 1, "name", str(error)))
    return Planned((), tuple(problems)) if problems else Planned(tuple(runs))


def _run(
    suite: Suite, called: Called, origin: contexts.Origin, now: Micros
) -> tuple[Run, tuple[Job, ...]]:
    workflow = called.root
    run_id = ids.new("run")
    github = contexts.github(origin, workflow=workflow.name, run=run_id)
    known = {"github": github, "inputs": _inputs(workflow, suite)}
    alone = workflow.concurrency
    wanted = variants.concurrency(alone, known) if alone else None
    run = Run(
        id=run_id,
        suite=suite.id,
        repository=suite.repository,
        sha=suite.sha,
        ref=suite.ref,
        event=suite.event,
        path=workflow.path,
        workflow=workflow.name,
        title=_rendered(workflow.run_name, known) or workflow.name,
        env=workflow.env,
        github=github,
        inputs=known["inputs"],
        concurrency=wanted,
        state="pending" if wanted else "running",
        created=now,
    )
    allowed = workflow.permissions or permissions.LIMITED
    specs = [replace(each, permissions=each.permissions or allowed) for each in workflow.jobs]
    return run, jobs(run_id, specs, known)


def _inputs(workflow: Workflow, suite: Suite) -> contexts.Context:
    """Read what whoever started a workflow by hand handed in."""
    trigger = workflow.trigger("workflow_dispatch")
    if trigger is None or suite.event != "workflow_dispatch":
        return {}
    return handing.started(trigger.inputs, suite.payload.get("inputs"))


def jobs(
    run: str, specs: Sequence[workflows.Job], known: contexts.Context, caller: Job | None = None
) -> tuple[Job, ...]:
    """Make the jobs of one file, those of a called one under the name of their caller."""
    prefix = f"{caller.name} / " if caller else ""
    behind = caller.position if caller else 0
    return tuple(
        Job(
            id=ids.new("job"),
            run=run,
            position=behind + number * matrix.MOST,
            name=f"{prefix}{_named(spec, known)}",
            spec=spec,
            caller=caller.id if caller else "",
        )
        for number, spec in enumerate(specs)
    )


def _named(spec: workflows.Job, known: contexts.Context) -> str:
    """Name a job; what depends on its matrix, or on what it needs, stays as the file has it."""
    trees = templates.parse(spec.name, _LATER).trees
    if any(syntax.names(tree) - _NOW for tree in trees):
        return spec.name
    return _rendered(spec.name, known) or spec.id


def _rendered(text: str, known: contexts.Context) -> str:
    shown = templates.render(templates.parse(text, _SCOPE), Surroundings(known))
    return " ".join(shown.split())[:LONGEST_TITLE]

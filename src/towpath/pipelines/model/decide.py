"""decide(jobs): what happens next to the jobs of one run. Pure; the service applies it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from towpath.pipelines.model import contexts, handing, permissions, turns, variants, workflow
from towpath.pipelines.model.expressions import functions, syntax, templates
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.levels import Level, World, levels, outputs, surroundings, worst
from towpath.pipelines.model.run import (
    Action,
    Ask,
    Conclude,
    Enter,
    Expand,
    Finish,
    Job,
    Queue,
    Return,
    Stop,
    conclusion,
)
from towpath.pipelines.model.workflow import Workflow

MAX_JOBS = 10_000
"""Jobs of one run, matrices and called workflows counted."""
CONDITION_SCOPE = syntax.Scope(frozenset({"github", "inputs", "needs"}), functions.WITH_STATUS)


def decide(jobs: Sequence[Job], world: World, *, cancelled: bool = False) -> tuple[Action, ...]:
    """Say what to do with the jobs of one run; when that is done, ask again, until it is nothing.

    A job starts when all it needs have ended and its `if` holds; without an `if` all it needs,
    and all those need, must have succeeded. A cancelled run starts nothing more.
    """
    if all(job.state == "finished" for job in jobs):
        return (Finish(conclusion(job for job in jobs if not job.caller)),)
    found = levels(jobs, world)
    chosen: dict[str, Action] = {}
    for action in _wanted(found, world, cancelled=cancelled):
        # What ends a job counts more than what would start it.
        if isinstance(action, Conclude | Stop) or action.job not in chosen:
            chosen[action.job] = action
    return tuple(_within_reason(chosen.values(), len(jobs)))


def _wanted(
    found: Mapping[str, Level], world: World, *, cancelled: bool
) -> Iterator[Expand | Ask | Queue | Enter | Return | Conclude | Stop]:
    for level in found.values():
        for group in level.jobs.values():
            yield from _returned(group, found, world)
            if cancelled:
                for job in group:
                    yield from _stopped(job, found)
            else:
                yield from _of_group(group, level, found, world)


def _within_reason(actions: Iterable[Action], count: int) -> Iterator[Action]:
    """Fail whatever would give a run more jobs than anybody could mean."""
    for action in actions:
        if isinstance(action, Expand | Enter):
            count += len(action.jobs)
            if count > MAX_JOBS:
                yield Conclude(action.job, "failure", f"A run may have at most {MAX_JOBS} jobs.")
                continue
        yield action


def _of_group(
    group: Sequence[Job], level: Level, found: Mapping[str, Level], world: World
) -> Iterator[Expand | Ask | Queue | Enter | Conclude | Stop]:
    """Start a job, or so many of its variants as may run at once; a failure may end the others."""
    variant = group[0].spec.variant
    waiting = [job for job in group if job.state == "waiting"]
    for job in group:
        if job.state == "admitted":
            yield _begun(job, level, world)
        elif job.state == "calling" and job.stop:
            yield from _stopped(job, found, turns.NEWER)
    if variant is None:
        for job in waiting:
            yield from _started(job, level, world)
    elif variant.fail_fast and any(job.result == "failure" for job in group):
        for job in group:
            yield from _stopped(job, found, "Another job of its matrix failed.")
    else:
        busy = sum(job.state not in {"waiting", "finished"} for job in group)
        for job in waiting[: max(0, (variant.max_parallel or variant.total) - busy)]:
            yield _begun(job, level, world)


def _returned(group: Sequence[Job], found: Mapping[str, Level], world: World) -> Iterator[Return]:
    for job in group:
        if job.state == "calling":
            inner = found[job.id]
            members = [each for same in inner.jobs.values() for each in same]
            if all(each.state == "finished" for each in members):
                yield _verdict(job, inner, world)


def _verdict(job: Job, inner: Level, world: World) -> Return:
    """Say how a call ended: by the worst of its jobs, with the outputs its workflow declares."""
    members = [each for same in inner.jobs.values() for each in same]
    ended = worst(members)
    results = contexts.needs((key, worst(same), outputs(same)) for key, same in inner.jobs.items())
    try:
        return Return(job.id, ended, handing.outputs(job.spec, world.called, inner.known, results))
    except ExpressionError as error:
        return Return(job.id, "failure", {}, f"`outputs` cannot be evaluated: {error}")


def _stopped(job: Job, found: Mapping[str, Level], why: str = "") -> Iterator[Conclude | Stop]:
    """End a job; of one that is another workflow, all jobs of that."""
    if job.state == "running" and not job.stop:
        yield Stop(job.id)
    elif job.state in {"waiting", "pending", "admitted", "queued"}:
        yield Conclude(job.id, "cancelled", why)
    elif job.state == "calling":
        for group in found[job.id].jobs.values():
            for inner in group:
                yield from _stopped(inner, found, why)


def _started(
    job: Job, level: Level, world: World
) -> Iterator[Expand | Ask | Queue | Enter | Conclude]:
    if any(other.state != "finished" for need in job.spec.needs for other in level.jobs[need]):
        return
    try:
        around = surroundings(job, level)
        condition = templates.parse_condition(job.spec.condition, CONDITION_SCOPE)
        if not templates.holds(condition, around):
            yield Conclude(job.id, "skipped")
            return
    except ExpressionError as error:
        yield Conclude(job.id, "failure", f"`if` cannot be evaluated: {error}")
        return
    if not variants.is_open(job.spec):
        yield _begun(job, level, world)
        return
    try:
        made = variants.variants(job.spec, around.contexts)
    except variants.VariantError as error:
        yield Conclude(job.id, "failure", str(error))
        return
    # All combinations may have been excluded: then there is nothing to run.
    named = tuple(replace(each, name=f"{level.prefix}{each.name}") for each in made)
    yield Expand(job.id, named) if made else Conclude(job.id, "skipped")


def _begun(job: Job, level: Level, world: World) -> Ask | Queue | Enter | Conclude:
    """Let a job begin, at a runner or as the workflow that it calls; of a group one at a time."""
    if job.spec.concurrency and job.state == "waiting":
        return Ask(job.id, job.spec.concurrency)
    if job.spec.call is None:
        return Queue(job.id)
    try:
        call = handing.called(job.spec, world.called, surroundings(job, level).contexts)
    except handing.HandingError as error:
        return Conclude(job.id, "failure", str(error))
    return Enter(job.id, call, tuple(_inner(job, world.called[call.workflow])))


def _inner(job: Job, called: Workflow) -> Iterator[workflow.Job]:
    """Give the jobs of a called workflow, none of which may do more than their caller."""
    own = job.spec.permissions or permissions.LIMITED
    for each in called.jobs:
        asked = each.permissions or called.permissions or own
        yield replace(each, permissions=permissions.narrowed(asked, own))

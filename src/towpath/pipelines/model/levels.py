"""Who of a run's jobs knows whom: those of its own file, and those of each workflow it calls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from towpath.pipelines.model import contexts, handing, workflow
from towpath.pipelines.model.expressions.evaluation import Status, Surroundings
from towpath.pipelines.model.run import Conclusion, Job

Grouped = Mapping[str, Sequence[Job]]
"""The jobs of one file by what it calls them: one, or the variants of a matrix."""


@dataclass(frozen=True)
class World:
    """What the jobs of a run see beside each other; `called` holds workflows by address."""

    github: contexts.Context = field(default_factory=dict)
    inputs: contexts.Context = field(default_factory=dict)
    called: Mapping[str, workflow.Workflow] = field(default_factory=dict)


@dataclass(frozen=True)
class Level:
    """Jobs that know each other: those of the run's own file, or of one call of another."""

    jobs: Grouped
    known: contexts.Context
    caller: Job | None = None

    @property
    def prefix(self) -> str:
        """What stands before the names of jobs, as on GitHub."""
        return f"{self.caller.name} / " if self.caller else ""

    def holds(self, job: str) -> bool:
        return any(each.id == job for group in self.jobs.values() for each in group)

    def env(self, world: World, outermost: Mapping[str, str]) -> Mapping[str, str]:
        """Give the `env` of the file: that of a caller does not reach what it calls."""
        call = self.caller.spec.call if self.caller else None
        return world.called[call.workflow].env if call else outermost


def levels(jobs: Iterable[Job], world: World) -> dict[str, Level]:
    """Sort jobs by who called the workflow that they belong to."""
    members: dict[str, list[Job]] = {}
    by_id = {}
    for job in jobs:
        members.setdefault(job.caller, []).append(job)
        by_id[job.id] = job
    return {
        caller: _level(grouped(found), by_id.get(caller), world)
        for caller, found in members.items()
    }


def _level(found: Grouped, caller: Job | None, world: World) -> Level:
    call = caller.spec.call if caller else None
    inputs = call.inputs if call else world.inputs
    return Level(found, {"github": world.github, "inputs": inputs}, caller)


def grouped(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.key, []).append(job)
    return found


def leaves(jobs: Sequence[Job]) -> list[Job]:
    """Leave out jobs that stand for others, and put those in their place."""
    inner: dict[str, list[Job]] = {}
    for job in jobs:
        inner.setdefault(job.caller, []).append(job)
    found: list[Job] = []
    waiting = list(reversed(inner.get("", ())))
    while waiting:
        job = waiting.pop()
        if job.id in inner:
            waiting.extend(reversed(inner[job.id]))
        else:
            found.append(job)
    return found


def waits(jobs: Sequence[Job]) -> dict[str, list[str]]:
    """By id of each leaf, the leaves that it waits for, by itself or with whoever called it."""
    by_id = {job.id: job for job in jobs}
    inner: dict[str, list[Job]] = {}
    groups: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        inner.setdefault(job.caller, []).append(job)
        groups.setdefault((job.caller, job.key), []).append(job)

    def below(job: Job) -> list[str]:
        found = inner.get(job.id)
        return [leaf for each in found for leaf in below(each)] if found else [job.id]

    def of(job: Job) -> list[str]:
        needed = [each for need in job.spec.needs for each in groups[job.caller, need]]
        own = [leaf for each in needed for leaf in below(each)]
        return of(by_id[job.caller]) if job.caller and not own else own

    return {job.id: of(job) for job in leaves(jobs)}


def surroundings(job: Job, level: Level) -> Surroundings:
    """Build what the `if` of a job sees once all it needs have ended."""
    ancestors = [other.result for other in _ancestors(job, level.jobs)]
    return Surroundings(
        {**level.known, "needs": needs(job, level.jobs)},
        Status(
            success=all(result == "success" for result in ancestors),
            failure="failure" in ancestors,
        ),
    )


def known_secrets(
    job: str, found: Mapping[str, Level], outermost: Mapping[str, str], token: str
) -> Mapping[str, str]:
    """Give what a job may know: of a called workflow's, what all its callers hand down."""
    level = next(each for each in found.values() if each.holds(job))
    caller = level.caller
    if caller is None:
        return outermost
    theirs = known_secrets(caller.id, found, outermost, token)
    around = surroundings(caller, found[caller.caller]).contexts
    return handing.secrets(caller.spec, around, theirs, token)


def needs(job: Job, jobs: Grouped) -> contexts.Context:
    """Build the `needs` context of a job whose needs have ended."""
    return contexts.needs((key, worst(jobs[key]), outputs(jobs[key])) for key in job.spec.needs)


def worst(jobs: Sequence[Job]) -> Conclusion:
    """Say how jobs ended, all together: by the worst of them."""
    order: tuple[Conclusion, ...] = ("failure", "cancelled", "success", "skipped")
    ends = {job.result for job in jobs}
    return next(each for each in order if each in ends)


def outputs(group: Sequence[Job]) -> dict[str, str]:
    """Merge the outputs of variants: the last to end that says anything decides."""
    merged: dict[str, str] = {}
    for job in sorted(group, key=lambda each: each.finished or 0):
        merged |= {name: value for name, value in job.outputs.items() if value or len(group) == 1}
    return merged


def _ancestors(job: Job, jobs: Grouped) -> list[Job]:
    found: dict[str, Sequence[Job]] = {}
    waiting = list(job.spec.needs)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found[key] = jobs[key]
            waiting.extend(found[key][0].spec.needs)
    return [each for group in found.values() for each in group]

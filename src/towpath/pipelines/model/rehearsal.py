"""What a run would do, found out without running it: which jobs, or why not.

Jobs that would run are taken to succeed. What depends on their outputs cannot be known, and is
said to be open.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from towpath.pipelines.model import contexts, workflow
from towpath.pipelines.model.run import (
    Action,
    Conclude,
    Expand,
    Finish,
    Job,
    Queue,
    decide,
    grouped,
)

_OUTPUTS = re.compile(r"\bneeds\s*(?:\.\s*[\w-]+|\[[^]]*\])\s*(?:\.\s*outputs|\[\s*'outputs')")


@dataclass(frozen=True)
class Part:
    """One job of a plan; an "open" one waits for what others will have put out."""

    job: Job
    fate: Literal["runs", "skipped", "failure", "open"]
    why: str = ""


def rehearse(jobs: Sequence[Job], github: contexts.Context) -> list[Part]:
    """Say of each job, in the order of the file, what would become of it."""
    found: dict[str, Part | None] = {job.id: None for job in jobs}
    now = {job.id: job for job in jobs}
    while True:
        for job in _open(list(now.values())):
            found[job.id] = Part(job, "open", "It depends on what the jobs it needs will put out.")
            now[job.id] = replace(job, state="finished", conclusion="success")
        actions = decide(list(now.values()), github)
        if not actions or any(isinstance(action, Finish) for action in actions):
            return [part for part in found.values() if part]
        for action in actions:
            now, found = _taken(action, now, found)


def _open(jobs: Sequence[Job]) -> list[Job]:
    groups = grouped(jobs)
    return [
        job
        for job in jobs
        if job.state == "waiting"
        and _depends(job.spec)
        and all(other.state == "finished" for need in job.spec.needs for other in groups[need])
    ]


def _depends(spec: workflow.Job) -> bool:
    written = (spec.condition, spec.runs_on, spec.timeout_minutes, spec.continue_on_error)
    return spec.variant is None and bool(_OUTPUTS.search(f"{written} {spec.strategy}"))


def _taken(
    action: Action, now: dict[str, Job], found: dict[str, Part | None]
) -> tuple[dict[str, Job], dict[str, Part | None]]:
    match action:
        case Expand(job, made):
            return _expanded(now[job], made, now, found)
        case Queue(job):
            found[job] = Part(now[job], "runs")
            now[job] = replace(now[job], state="finished", conclusion="success")
        case Conclude(job, "skipped" | "failure" as fate, why):
            found[job] = Part(now[job], fate, why)
            now[job] = replace(now[job], state="finished", conclusion=fate)
    return now, found


def _expanded(
    job: Job,
    made: Sequence[workflow.Job],
    now: dict[str, Job],
    found: dict[str, Part | None],
) -> tuple[dict[str, Job], dict[str, Part | None]]:
    """Put the variants where the job stood."""
    each = [
        replace(job, id=f"{job.id}/{n}", spec=spec, name=spec.name) for n, spec in enumerate(made)
    ]
    jobs: dict[str, Job] = {}
    parts: dict[str, Part | None] = {}
    for key, part in found.items():
        if key == job.id:
            jobs |= {variant.id: variant for variant in each}
            parts |= {variant.id: None for variant in each}
        else:
            jobs[key], parts[key] = now[key], part
    return jobs, parts

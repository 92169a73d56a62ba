"""What a run would do, found out without running it: which jobs, or why not.

Jobs that would run are taken to succeed. What depends on their outputs cannot be known, and is
said to be open.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from towpath.pipelines.model import planning, workflow
from towpath.pipelines.model.decide import decide
from towpath.pipelines.model.levels import World, levels
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
)

_OUTPUTS = re.compile(r"\bneeds\s*(?:\.\s*[\w-]+|\[[^]]*\])\s*(?:\.\s*outputs|\[\s*'outputs')")


@dataclass(frozen=True)
class Part:
    """One job of a plan; an "open" one waits for what others will have put out."""

    job: Job
    fate: Literal["runs", "skipped", "failure", "open"]
    why: str = ""


def rehearse(jobs: Sequence[Job], world: World) -> list[Part]:
    """Say of each job, in the order of the file, what would become of it."""
    found: dict[str, Part | None] = {job.id: None for job in jobs}
    now = {job.id: job for job in jobs}
    while True:
        for job in _open(list(now.values()), world):
            found[job.id] = Part(job, "open", "It depends on what the jobs it needs will put out.")
            now[job.id] = replace(job, state="finished", conclusion="success")
        actions = decide(list(now.values()), world)
        if not actions or any(isinstance(action, Finish) for action in actions):
            return [part for part in found.values() if part]
        for action in actions:
            now, found = _taken(action, now, found, world)


def _open(jobs: Sequence[Job], world: World) -> list[Job]:
    found = levels(jobs, world)
    return [
        job
        for job in jobs
        if job.state == "waiting"
        and _depends(job.spec)
        and all(
            other.state == "finished"
            for need in job.spec.needs
            for other in found[job.caller].jobs[need]
        )
    ]


def _depends(spec: workflow.Job) -> bool:
    written = (spec.condition, spec.runs_on, spec.timeout_minutes, spec.continue_on_error)
    handed = spec.call.inputs if spec.call else {}
    return spec.variant is None and bool(
        _OUTPUTS.search(f"{written} {spec.strategy} {dict(handed)}")
    )


def _taken(
    action: Action, now: dict[str, Job], found: dict[str, Part | None], world: World
) -> tuple[dict[str, Job], dict[str, Part | None]]:
    match action:
        case Expand(job, made):
            return _expanded(now[job], _variants(now[job], made), now, found)
        case Enter(job, call, made):
            known = {"github": world.github, "inputs": call.inputs}
            caller = replace(now[job], state="calling", spec=replace(now[job].spec, call=call))
            inner = planning.jobs(caller.run, made, known, caller)
            now, found = _expanded(caller, inner, now, found)
            return {**now, caller.id: caller}, found
        case Return(job, ended):
            now[job] = replace(now[job], state="finished", conclusion=ended)
        case Ask(job):
            now[job] = replace(now[job], state="admitted")
        case Queue(job):
            found[job] = Part(now[job], "runs")
            now[job] = replace(now[job], state="finished", conclusion="success")
        case Conclude(job, "skipped" | "failure" as fate, why):
            found[job] = Part(now[job], fate, why)
            now[job] = replace(now[job], state="finished", conclusion=fate)
    return now, found


def _variants(job: Job, made: Sequence[workflow.Job]) -> list[Job]:
    return [
        replace(job, id=f"{job.id}/{n}", spec=spec, name=spec.name) for n, spec in enumerate(made)
    ]


def _expanded(
    job: Job, each: Sequence[Job], now: dict[str, Job], found: dict[str, Part | None]
) -> tuple[dict[str, Job], dict[str, Part | None]]:
    """Put its variants, or what it calls, where the job stood."""
    jobs: dict[str, Job] = {}
    parts: dict[str, Part | None] = {}
    for key, part in found.items():
        if key == job.id:
            parts |= {made.id: None for made in each}
        else:
            parts[key] = part
    for key, other in now.items():
        jobs |= {made.id: made for made in each} if key == job.id else {key: other}
    return jobs, parts

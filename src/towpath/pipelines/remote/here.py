"""`towpath run`: the working tree as a commit, its workflows by the same engine, no server.

What lies in the tree is written as a commit into a repository of its own (git's objects of the
tree are shared, nothing of the tree is changed), and every job checks that commit out, as it
would from a server: so what passes here passes there, and jobs cannot disturb each other.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from towpath.kernel import ids
from towpath.kernel.clock import SystemClock
from towpath.kernel.errors import InvalidInput
from towpath.pipelines.clients.library import Library
from towpath.pipelines.model import contexts, explaining, machine, planning, turns, workflow
from towpath.pipelines.model.decide import CONDITION_SCOPE, decide
from towpath.pipelines.model.execution import Assignment, Outcome, Source, StepReport
from towpath.pipelines.model.levels import (
    World,
    known_secrets,
    leaves,
    levels,
    needs,
    surroundings,
)
from towpath.pipelines.model.run import (
    Action,
    Ask,
    Conclude,
    Conclusion,
    Enter,
    Expand,
    Finish,
    Job,
    Queue,
    Return,
    Run,
    Stop,
    Suite,
    conclusion,
)
from towpath.pipelines.model.workflow import Call, Checkout, Concurrency, Workflow
from towpath.pipelines.remote import box as boxes
from towpath.pipelines.remote import checkout, steps
from towpath.pipelines.remote.around import Surround
from towpath.pipelines.remote.directories import remove
from towpath.pipelines.remote.place import python_paths
from towpath.pipelines.remote.worktree import called, snapshot


@dataclass(frozen=True)
class Watch:
    """Who follows a run; called from the threads of the jobs, one at a time each."""

    began: Callable[[Job], None]
    step: Callable[[Job, StepReport], None]
    output: Callable[[Job, bytes], None]
    ended: Callable[[Job, float], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to run; `slots` jobs at once. `payload` is what github.event holds."""

    tree: Path
    folder: Path
    slots: int
    event: str = "push"
    payload: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    explain: bool = False
    debug: bool = False
    network: bool = False
    tool_paths: tuple[Path, ...] = ()
    matrix: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    library: Library = field(default_factory=Library)


def planned(
    chosen: planning.Called,
    event: str,
    payload: Mapping[str, Any],
    *,
    sha: str,
    ref: str,
    name: str = "local/repository",
) -> tuple[Run, Sequence[Job], World]:
    """Make the run of one workflow, as a server would; InvalidInput for what is not run."""
    now = SystemClock().now()
    suite = Suite(
        id="here", repository="here", sha=sha, ref=ref, event=event, key="here", payload=payload,
        actor="", state="running", conclusion=None, summary="", run=None, created=now,
        finished=None,
    )  # fmt: skip
    origin = contexts.Origin(repository=name, sha=sha, ref=ref, event=event, payload=payload)
    found = planning.plan(suite, [chosen], origin, now)
    if found.problems:
        raise InvalidInput("\n".join(map(str, found.problems)))
    run, jobs, called = found.runs[0]
    return run, jobs, World(run.github, run.inputs, called)


class Here:
    """One workflow, run here."""

    def __init__(self, options: Options, watch: Watch) -> None:
        self._options = options
        self._watch = watch
        detecting = threading.Thread(target=boxes.detect)
        detecting.start()  # both wait for other programs, so they may as well wait together
        self._snapshot = snapshot(options.tree, options.folder)
        detecting.join()
        self._isolation = boxes.detect()
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._world = World()
        self._groups: dict[str, list[turns.Ticket]] = {}
        self._running = 0
        self._stops: dict[str, threading.Event] = {}
        self._cancel = threading.Event()

    @property
    def isolation(self) -> boxes.Isolation:
        return self._isolation

    def cancel(self) -> None:
        """End what runs; nothing more begins."""
        with self._changed:
            self._cancel.set()
            for stop in self._stops.values():
                stop.set()
            self._changed.notify_all()

    def run(self, chosen: Workflow) -> tuple[str, Sequence[Job]]:
        """Run all jobs; returns the conclusion and the jobs as they ended."""
        run, jobs, self._world = self._planned(chosen)
        self._jobs = {job.id: job for job in jobs}
        with self._changed:
            while True:
                self._take_turns()
                actions = decide(
                    list(self._jobs.values()), self._world, cancelled=self._cancel.is_set()
                )
                if any(isinstance(action, Finish) for action in actions):
                    break
                self._explain(actions)
                changed = [self._apply(action) for action in actions]
                if not self._begin_queued(run) and not any(changed):
                    self._changed.wait()
        ended = tuple(self._jobs.values())
        return conclusion(job for job in ended if not job.caller), leaves(ended)

    def _planned(self, chosen: Workflow) -> tuple[Run, Sequence[Job], World]:
        taken, options = self._snapshot, self._options
        ref = str(options.payload.get("ref") or taken.ref)
        name = f"local/{options.tree.name}"
        whole = called(options.tree, chosen)
        return planned(whole, options.event, options.payload, sha=taken.sha, ref=ref, name=name)

    def _apply(self, action: Action) -> bool:
        match action:
            case Queue(job):
                self._queue(self._jobs[job])
            case Conclude(job, ended, why):
                self._end(replace(self._jobs[job], conclusion=ended, why=why), 0.0)
            case Ask(job, wanted):
                self._ask(self._jobs[job], wanted)
            case Expand(job, made):
                self._expand(self._jobs[job], made)
            case Enter(job, call):
                self._enter(self._jobs[job], action, call)
            case Return(job, ended, outputs, why):
                changed = replace(self._jobs[job], conclusion=ended, outputs=outputs, why=why)
                self._jobs[job] = replace(changed, state="finished", finished=SystemClock().now())
            case Stop(job):
                self._jobs[job] = replace(self._jobs[job], stop=True)
                self._stops[job].set()
        return True

    def _queue(self, job: Job) -> None:
        """Let a job begin, unless it belongs elsewhere or was not asked for."""
        if why := machine.elsewhere(job.spec) or machine.left_out(job.spec, self._options.matrix):
            self._end(replace(job, conclusion="skipped", why=why), 0.0)
        else:
            self._jobs[job.id] = replace(job, state="queued")

    def _explain(self, actions: Sequence[Action]) -> None:
        """Say how the conditions of jobs came out that are decided on now."""
        found = levels(self._jobs.values(), self._world)
        for action in actions if self._options.explain else ():
            if isinstance(action, Finish | Stop | Return) or self._jobs[action.job].spec.variant:
                continue
            job = self._jobs[action.job]
            around = surroundings(job, found[job.caller])
            for line in explaining.condition(job.spec.condition, CONDITION_SCOPE, around):
                self._watch.output(job, f"\x1b[2m  ? {line}\x1b[0m\n".encode())

    def _expand(self, job: Job, variants: Sequence[workflow.Job]) -> None:
        """Put the variants of a job in its place."""
        found: dict[str, Job] = {}
        for each in self._jobs.values():
            if each is not job:
                found[each.id] = each
                continue
            for spec in variants:
                made = replace(job, id=ids.new("job"), spec=spec, name=spec.name)
                found[made.id] = made
        self._jobs = found

    def _ask(self, job: Job, wanted: Concurrency) -> None:
        """Let a job wait for its turn; there is no other run here, but there may be jobs."""
        self._jobs[job.id] = replace(job, state="pending")
        within, above = set(), job.caller
        while above:
            within.add(above)
            above = self._jobs[above].caller
        ticket = turns.Ticket(
            holder=job.id, queue=wanted.queue, cancels=wanted.cancel_in_progress is True,
            within=frozenset(within),
        )  # fmt: skip
        self._groups.setdefault(wanted.group.lower(), []).append(ticket)

    def _take_turns(self) -> None:
        for group, tickets in self._groups.items():
            left = [each for each in tickets if self._jobs[each.holder].state != "finished"]
            for action in turns.settle(left):
                self._turn(self._jobs[action.holder], action)
            self._groups[group] = [
                replace(each, holding=self._jobs[each.holder].state != "pending") for each in left
            ]

    def _turn(self, job: Job, action: turns.Start | turns.Leave | turns.End) -> None:
        match action:
            case turns.Start():
                self._jobs[job.id] = replace(job, state="admitted")
            case turns.Leave(_, why, failed):
                ended: Conclusion = "failure" if failed else "cancelled"
                self._end(replace(job, conclusion=ended, why=why), 0.0)
            case turns.End() if job.state == "queued":
                self._end(replace(job, conclusion="cancelled", why=turns.NEWER), 0.0)
            case turns.End():
                self._jobs[job.id] = replace(job, stop=True)
                if job.id in self._stops:
                    self._stops[job.id].set()

    def _enter(self, job: Job, action: Enter, call: Call) -> None:
        """Let the jobs of a called workflow stand behind the job that calls it."""
        caller = replace(job, state="calling", spec=replace(job.spec, call=call))
        known = {"github": self._world.github, "inputs": call.inputs}
        found: dict[str, Job] = {}
        for each in self._jobs.values():
            found[each.id] = caller if each is job else each
            if each is job:
                inner = planning.jobs(job.run, action.jobs, known, caller)
                found |= {made.id: made for made in inner}
        self._jobs = found

    def _begin_queued(self, run: Run) -> bool:
        """Start what there is room for; True when something changed."""
        began = False
        for job in list(self._jobs.values()):
            if job.state == "queued" and self._running < self._options.slots:
                self._jobs[job.id] = replace(job, state="running", attempt=1)
                self._stops[job.id] = threading.Event()
                if self._cancel.is_set():
                    self._stops[job.id].set()
                self._running += 1
                began = True
                threading.Thread(target=self._one, args=(run, self._jobs[job.id])).start()
        return began

    def _one(self, run: Run, job: Job) -> None:
        began = time.monotonic()
        self._watch.began(job)
        folder = self._options.folder / job.id
        try:
            outcome = self._outcome(run, job, folder)
        except Exception as error:  # noqa: BLE001 - whatever it was, somebody waits for this job
            outcome = Outcome(conclusion="failure", why=str(error) or type(error).__name__)
        finally:
            remove(folder)
        verdict = "cancelled" if outcome.conclusion == "released" else outcome.conclusion
        ended = replace(job, conclusion=verdict, why=outcome.why, outputs=outcome.outputs)
        with self._changed:
            self._running -= 1
            try:
                self._end(ended, time.monotonic() - began)
            finally:
                self._changed.notify_all()

    def _end(self, job: Job, seconds: float) -> None:
        self._jobs[job.id] = replace(job, state="finished", finished=SystemClock().now())
        self._watch.ended(job, seconds)

    def _outcome(self, run: Run, job: Job, folder: Path) -> Outcome:
        workspace = folder / "space" / self._options.tree.name
        workspace.mkdir(parents=True)
        (folder / "scratch").mkdir()
        place = boxes.Place(
            workspace,
            tool_paths=(*python_paths(), *self._options.tool_paths),
            shown=_shown_to(job.spec),
            network=self._options.network,
            scratch=folder / "scratch",
        )
        log = _Shown(job, self._watch)
        with boxes.open_box(place, self._isolation) as box:
            around = Surround(
                box=box,
                log=log,
                fetch=lambda wanted, cancel, seconds: self._fetch(
                    workspace, wanted, log, cancel, seconds
                ),
                report=lambda report: self._watch.step(job, report),
                cancel=self._stops[job.id],
                environment=checkout.job_environment(),
                explain=self._options.explain,
                bring=self._options.library.bring,
            )
            return steps.Job(self._assignment(run, job), around).run()

    def _assignment(self, run: Run, job: Job) -> Assignment:
        with self._changed:
            found = levels(self._jobs.values(), self._world)
        level = found[job.caller]
        return Assignment(
            job=job.id, run=run.id, attempt=1, lease=ids.secret("lease"), name=job.name,
            spec=job.spec, env={**self._options.env, **level.env(self._world, run.env)},
            github={**run.github, "job": job.key}, needs=needs(job, level.jobs),
            inputs=level.known["inputs"],
            source=Source(path=str(self._snapshot.path)), debug=self._options.debug,
            secrets=known_secrets(job.id, found, self._options.secrets, ""),
        )  # fmt: skip

    def _fetch(
        self,
        workspace: Path,
        wanted: Checkout,
        log: "_Shown",
        cancel: threading.Event,
        seconds: float,
    ) -> None:
        taken = self._snapshot
        source = checkout.Source(
            url=f"file://{taken.path}",
            sha=None if wanted.ref else taken.sha,
            ref=wanted.ref or None,
            depth=wanted.depth,
            path=wanted.path or ".",
        )
        checkout.checkout(
            workspace, source, log.write, timeout=seconds, cancelled=cancel, protocols=("file",)
        )


def _shown_to(spec: workflow.Job) -> tuple[Path, ...]:
    """Look for tools only when the job may use them: to look takes time."""
    if not spec.uses_actions:
        return ()
    from towpath.pipelines.remote import toolchains

    return toolchains.shown()


class _Shown:
    """A log that is shown as it grows."""

    def __init__(self, job: Job, watch: Watch) -> None:
        self._job = job
        self._watch = watch
        self._line_open = False
        self.size = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self._line_open = not data.endswith(b"\n") if data else self._line_open
        self._watch.output(self._job, data)

    def note(self, line: str) -> None:
        self.write(("\n" if self._line_open else "").encode() + line.encode() + b"\n")

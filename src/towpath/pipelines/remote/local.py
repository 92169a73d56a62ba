"""A run on this machine without a server: the same decisions and the same steps.

Jobs run one after the other, so that what they print can be read.
"""

import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from towpath.kernel import ids
from towpath.kernel.clock import Micros
from towpath.kernel.errors import InvalidInput, TowpathError
from towpath.pipelines.formats import workflow as workflow_files
from towpath.pipelines.model import contexts, execution, planning
from towpath.pipelines.model import run as deciding
from towpath.pipelines.model.workflow import Checkout, InvalidWorkflow, Workflow
from towpath.pipelines.remote import box as boxes
from towpath.pipelines.remote import checkout, steps, worktree
from towpath.pipelines.remote.directories import remove
from towpath.pipelines.remote.place import python_paths
from towpath.pipelines.remote.worktree import Tree

FOLDERS = (".towpath/workflows", ".github/workflows")


class Teller(Protocol):
    """Whoever shows the run to people. It is also the log of the job that runs."""

    @property
    def size(self) -> int: ...

    def write(self, data: bytes) -> None: ...

    def note(self, line: str) -> None: ...

    def begins(self, job: deciding.Job) -> None: ...

    def ended(self, job: deciding.Job, outcome: execution.Outcome | None, took: float) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Options:
    """What of this machine jobs may use."""

    isolation: boxes.Isolation
    network: bool = False
    tool_paths: tuple[Path, ...] = ()


def files(tree: Tree) -> list[Path]:
    """List the workflow files of a project, of the first folder that has any."""
    for folder in FOLDERS:
        found = sorted(
            path
            for path in (tree.root / folder).glob("*.y*ml")
            if path.suffix in {".yml", ".yaml"}
        )
        if found:
            return found
    return []


def read(tree: Tree, path: Path) -> Workflow:
    """Read a workflow file; InvalidWorkflow names every problem with its line."""
    resolved = path.resolve()
    inside = resolved.is_relative_to(tree.root)
    name = str(resolved.relative_to(tree.root)) if inside else str(path)
    return workflow_files.parse(resolved.read_bytes(), name)


class LocalRun:
    """One workflow, run once, on a tree; `cancel` from any thread ends it."""

    def __init__(
        self, tree: Tree, workflow: Workflow, only: str | None, options: Options, teller: Teller
    ) -> None:
        """Plan it; with `only`, that job and those it needs. InvalidInput when there is none."""
        self._tree = tree
        self._options = options
        self._teller = teller
        self._cancel = threading.Event()
        self._run, jobs = _planned(tree, workflow)
        self._jobs = {job.key: job for job in _chosen(jobs, only)}

    def cancel(self) -> None:
        self._cancel.set()

    def run(self) -> str:
        """Do what decide() says until the run is over; returns its conclusion."""
        while True:
            actions = deciding.decide(
                list(self._jobs.values()), self._run.github, cancelled=self._cancel.is_set()
            )
            for action in actions:
                match action:
                    case deciding.Finish(conclusion):
                        return conclusion
                    case deciding.Queue(key):
                        self._work(self._jobs[key])
                    case deciding.Conclude(key, conclusion, why):
                        self._conclude(self._jobs[key], conclusion, why)
                    case _:
                        pass
                if self._cancel.is_set():
                    break

    def _conclude(self, job: deciding.Job, conclusion: deciding.Conclusion, why: str) -> None:
        ended = replace(job, state="finished", conclusion=conclusion, why=why)
        self._jobs[job.key] = ended
        self._teller.ended(ended, None, 0.0)

    def _work(self, job: deciding.Job) -> None:
        began = time.monotonic()
        self._teller.begins(job)
        try:
            outcome = self._attempt(job)
        except TowpathError as error:
            self._teller.note(str(error))
            outcome = execution.Outcome(conclusion="failure", why=str(error))
        conclusion = "cancelled" if outcome.conclusion == "released" else outcome.conclusion
        ended = replace(
            job, state="finished", conclusion=conclusion, why=outcome.why, outputs=outcome.outputs
        )
        self._jobs[job.key] = ended
        self._teller.ended(ended, outcome, time.monotonic() - began)

    def _attempt(self, job: deciding.Job) -> execution.Outcome:
        with _workspace(self._tree.root.name) as workspace:
            place = boxes.Place(
                workspace,
                tool_paths=(*python_paths(), *self._options.tool_paths),
                network=self._options.network,
            )
            with boxes.open_box(place, self._options.isolation) as box:
                around = steps.Surround(
                    box=box,
                    log=self._teller,
                    fetch=lambda wanted, *_: self._fetch(wanted, workspace),
                    report=lambda _: None,
                    cancel=self._cancel,
                    environment=checkout.job_environment(),
                )
                return steps.Job(self._assignment(job), around).run()

    def _fetch(self, wanted: Checkout, workspace: Path) -> None:
        if wanted.ref:
            raise InvalidInput(
                f"actions/checkout asks for the ref {wanted.ref}; here is only what lies here.",
                next_step="Leave `ref` out, or run this workflow on a server.",
            )
        worktree.bring(self._tree, workspace, wanted.path)

    def _assignment(self, job: deciding.Job) -> execution.Assignment:
        return execution.Assignment(
            job=job.id, run=self._run.id, attempt=1, lease="", name=job.name, spec=job.spec,
            env=self._run.env, github={**self._run.github, "job": job.key},
            needs=deciding.needs(job, self._jobs), source=execution.Source(path=""),
        )  # fmt: skip


@contextlib.contextmanager
def _workspace(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="towpath-run-"))
    folder.chmod(0o711)
    try:
        workspace = folder / (name or "project")
        workspace.mkdir()
        yield workspace
    finally:
        remove(folder)


def _planned(tree: Tree, workflow: Workflow) -> tuple[deciding.Run, tuple[deciding.Job, ...]]:
    now = Micros(time.time_ns() // 1000)
    event = workflow.triggers[0].event if workflow.triggers else "workflow_dispatch"
    ref = f"refs/heads/{tree.branch or 'main'}"
    repository = f"local/{tree.root.name}"
    suite = deciding.Suite(
        id=ids.new("suite"), repository=repository, sha=tree.sha, ref=ref, event=event,
        key="local", payload={}, actor="", state="running", conclusion=None, summary="", run=None,
        created=now, finished=None,
    )  # fmt: skip
    origin = contexts.Origin(repository=repository, sha=tree.sha, ref=ref, event=event)
    planned = planning.plan(suite, [workflow], origin, now)
    if planned.problems:
        raise InvalidWorkflow(planned.problems)
    return planned.runs[0]


def _chosen(jobs: Sequence[deciding.Job], only: str | None) -> list[deciding.Job]:
    by_key: Mapping[str, deciding.Job] = {job.key: job for job in jobs}
    if only is None:
        return list(jobs)
    if only not in by_key:
        raise InvalidInput(
            f"There is no job {only}.", next_step=f"The jobs are: {', '.join(by_key)}."
        )
    wanted, waiting = set[str](), [only]
    while waiting:
        key = waiting.pop()
        wanted.add(key)
        waiting.extend(need for need in by_key[key].spec.needs if need not in wanted)
    return [job for job in jobs if job.key in wanted]

"""`towpath run`: the working tree as a commit, its workflows by the same engine, no server.

What lies in the tree is written as a commit into a repository of its own (git's objects of the
tree are shared, nothing of the tree is changed), and every job checks that commit out, as it
would from a server: so what passes here passes there, and jobs cannot disturb each other.
"""

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from towpath.kernel import ids
from towpath.kernel.clock import SystemClock
from towpath.kernel.errors import InvalidInput, NotFound, TowpathError
from towpath.pipelines.formats import workflow as workflow_files
from towpath.pipelines.model import contexts, planning, workflow
from towpath.pipelines.model.execution import Assignment, Outcome, Source, StepReport
from towpath.pipelines.model.run import (
    Action,
    Conclude,
    Expand,
    Finish,
    Job,
    Queue,
    Run,
    Stop,
    Suite,
    conclusion,
    decide,
    grouped,
    needs,
)
from towpath.pipelines.model.workflow import Checkout, Workflow
from towpath.pipelines.remote import box as boxes
from towpath.pipelines.remote import checkout, steps
from towpath.pipelines.remote.around import Surround
from towpath.pipelines.remote.directories import remove
from towpath.pipelines.remote.place import python_paths

FOLDERS = (".towpath/workflows", ".github/workflows")
_GIT_SECONDS = 300.0
_PERSON = {
    "GIT_AUTHOR_NAME": "Working tree",
    "GIT_AUTHOR_EMAIL": "nobody@localhost",
    "GIT_COMMITTER_NAME": "Working tree",
    "GIT_COMMITTER_EMAIL": "nobody@localhost",
}
_GIT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}


def workflows_of(tree: Path) -> list[Path]:
    """List the workflow files of a working tree; NotFound when there are none."""
    for folder in FOLDERS:
        found = sorted([*(tree / folder).glob("*.yml"), *(tree / folder).glob("*.yaml")])
        if found:
            return found
    raise NotFound(
        f"No workflow file lies in {' or '.join(FOLDERS)} of {tree}.",
        next_step="Write one, or say with --directory where the working tree is.",
    )


def ambiguous(wanted: str | None, names: Sequence[str]) -> TowpathError:
    """Say which workflows there are to choose from."""
    listed = ", ".join(names)
    if wanted is None:
        return InvalidInput("There are several workflows here.", next_step=f"Name one: {listed}.")
    return NotFound(f"No workflow here is called {wanted}.", next_step=f"There are: {listed}.")


def load(tree: Path, file: Path) -> Workflow:
    """Read one workflow file; InvalidWorkflow names each line that is wrong."""
    shown = file.relative_to(tree) if file.is_relative_to(tree) else file
    return workflow_files.parse(file.read_bytes(), str(shown))


def top_of(directory: Path) -> Path:
    """Find the working tree that a directory lies in; itself when it is in none of git's."""
    done = _git(directory, "rev-parse", "--show-toplevel", check=False)
    return Path(done.stdout.strip()) if done.returncode == 0 else directory.resolve()


def choose(chosen: Workflow, wanted: str | None) -> Workflow:
    """Keep one job and what it needs; NotFound names the jobs there are."""
    if wanted is None:
        return chosen
    by_id = {job.id: job for job in chosen.jobs}
    if wanted not in by_id:
        raise NotFound(
            f"{chosen.path} has no job `{wanted}`.",
            next_step=f"Its jobs are: {', '.join(by_id)}.",
        )
    kept, waiting = set(), [wanted]
    while waiting:
        name = waiting.pop()
        kept.add(name)
        waiting.extend(need for need in by_id[name].needs if need not in kept)
    return replace(chosen, jobs=tuple(job for job in chosen.jobs if job.id in kept))


@dataclass(frozen=True)
class Snapshot:
    """The working tree as a commit of a bare repository at `path`."""

    path: Path
    sha: str
    ref: str


def snapshot(tree: Path, folder: Path) -> Snapshot:
    """Write what lies in the tree, ignored files left out, as a commit on top of HEAD."""
    bare = folder / "tree.git"
    _git(folder, "init", "--quiet", "--bare", str(bare))
    inside = _git(tree, "rev-parse", "--git-common-dir", check=False)
    environment = {"GIT_DIR": str(bare), "GIT_WORK_TREE": str(tree)}
    head, ref = "", "refs/heads/main"
    if inside.returncode == 0:
        common = (tree / inside.stdout.strip()).resolve()
        (bare / "objects/info/alternates").write_text(f"{common / 'objects'}\n")
        if (common / "info/exclude").exists():
            shutil.copyfile(common / "info/exclude", bare / "info/exclude")
        head = _git(tree, "rev-parse", "--verify", "--quiet", "HEAD", check=False).stdout.strip()
        ref = _git(tree, "symbolic-ref", "--quiet", "HEAD", check=False).stdout.strip() or ref
        _reuse_index(tree, bare)
        if (common / "shallow").exists():
            shutil.copyfile(common / "shallow", bare / "shallow")
    _git(tree, "add", "--all", "--", ".", environment=environment)
    written = _git(tree, "write-tree", environment=environment).stdout.strip()
    parents = ("-p", head) if head else ()
    made = _git(
        tree, "commit-tree", written, *parents, "-m", "The working tree", environment=environment
    )
    sha = made.stdout.strip()
    _git(bare, "update-ref", ref, sha)
    return Snapshot(bare, sha, ref)


def _reuse_index(tree: Path, bare: Path) -> None:
    """Start from the tree's own index, so that only changed files are read."""
    index = Path(tree, _git(tree, "rev-parse", "--git-path", "index").stdout.strip())
    if index.exists():
        shutil.copyfile(index, bare / "index")


def _git(
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false",
         "-c", "safe.directory=*", *arguments],
        cwd=folder,
        env={**_GIT, **_PERSON, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=_GIT_SECONDS,
        check=False,
    )  # fmt: skip
    if check and done.returncode:
        raise InvalidInput(f"git {arguments[0]} failed: {done.stderr.strip()[:400]}")
    return done


@dataclass(frozen=True)
class Watch:
    """Who follows a run; called from the threads of the jobs, one at a time each."""

    began: Callable[[Job], None]
    step: Callable[[Job, StepReport], None]
    output: Callable[[Job, bytes], None]
    ended: Callable[[Job, float], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to run; `slots` jobs at once."""

    tree: Path
    folder: Path
    slots: int
    event: str = "push"
    network: bool = False
    tool_paths: tuple[Path, ...] = ()


class Here:
    """One workflow, run here."""

    def __init__(self, options: Options, watch: Watch) -> None:
        self._options = options
        self._watch = watch
        self._snapshot = snapshot(options.tree, options.folder)
        self._isolation = boxes.detect()
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
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
        run, jobs = self._planned(chosen)
        self._jobs = {job.id: job for job in jobs}
        with self._changed:
            while True:
                actions = decide(
                    list(self._jobs.values()), run.github, cancelled=self._cancel.is_set()
                )
                if any(isinstance(action, Finish) for action in actions):
                    break
                changed = [self._apply(action) for action in actions]
                if not self._begin_queued(run) and not any(changed):
                    self._changed.wait()
        return conclusion(self._jobs.values()), tuple(self._jobs.values())

    def _planned(self, chosen: Workflow) -> tuple[Run, Sequence[Job]]:
        now = SystemClock().now()
        taken = self._snapshot
        suite = Suite(
            id="here", repository="here", sha=taken.sha, ref=taken.ref, event=self._options.event,
            key="here", payload={}, actor="", state="running", conclusion=None, summary="",
            run=None, created=now, finished=None,
        )  # fmt: skip
        origin = contexts.Origin(
            repository=f"local/{self._options.tree.name}", sha=taken.sha, ref=taken.ref,
            event=self._options.event,
        )  # fmt: skip
        planned = planning.plan(suite, [chosen], origin, now)
        if planned.problems:
            raise InvalidInput("\n".join(map(str, planned.problems)))
        return planned.runs[0]

    def _apply(self, action: Action) -> bool:
        match action:
            case Queue(job):
                self._jobs[job] = replace(self._jobs[job], state="queued")
            case Conclude(job, ended, why):
                self._end(replace(self._jobs[job], conclusion=ended, why=why), 0.0)
            case Expand(job, made):
                self._expand(self._jobs[job], made)
            case Stop(job):
                self._jobs[job] = replace(self._jobs[job], stop=True)
                self._stops[job].set()
        return True

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
        except TowpathError as error:
            outcome = Outcome(conclusion="failure", why=str(error))
        finally:
            remove(folder)
        verdict = "cancelled" if outcome.conclusion == "released" else outcome.conclusion
        ended = replace(job, conclusion=verdict, why=outcome.why, outputs=outcome.outputs)
        with self._changed:
            self._running -= 1
            self._end(ended, time.monotonic() - began)
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
            )
            return steps.Job(self._assignment(run, job), around).run()

    def _assignment(self, run: Run, job: Job) -> Assignment:
        with self._changed:
            needed = needs(job, grouped(self._jobs.values()))
        return Assignment(
            job=job.id, run=run.id, attempt=1, lease=ids.secret("lease"), name=job.name,
            spec=job.spec, env=run.env, github={**run.github, "job": job.key}, needs=needed,
            source=Source(path=str(self._snapshot.path)),
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

"""A repository with workflow files, and everything that runs them, in one thread."""

import itertools
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from tests.pipelines.docks import Dock, until
from tests.pipelines.trees import run_git
from towpath.app.place import open_door
from towpath.facts.pipelines import SuiteFinished
from towpath.forge import service as forge
from towpath.kernel import outbox
from towpath.kernel.clock import SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.db.opening import open_database
from towpath.kernel.settings import Settings
from towpath.kernel.work.worker import Worker
from towpath.pipelines import service
from towpath.pipelines.model.execution import Assignment, Outcome
from towpath.pipelines.plugin import PLUGIN

WORKFLOW = ".towpath/workflows/ci.yml"
LABELS = ("ubuntu-latest", "linux")


@dataclass
class Canal:
    """One repository, its working copy, and the work that the parts leave behind."""

    kernel: Kernel
    folder: Path
    repository: forge.Repository
    leases: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def commit(self, branch: str = "main", **files: str) -> str:
        """Commit files (by path) to a branch of the hosted repository, as a push would."""
        for name, content in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        run_git(self.folder, "add", "--all")
        run_git(self.folder, "commit", "--quiet", "--allow-empty", "--message", "work")
        hosted = self.kernel.data / "repositories" / f"{self.repository.id}.git"
        run_git(hosted, "fetch", "--quiet", str(self.folder), f"+HEAD:refs/heads/{branch}")
        return run_git(self.folder, "rev-parse", "HEAD")

    def trigger(self, sha: str, event: str = "push", key: str = "k", **payload: object) -> str:
        return self.kernel.db.write(
            lambda tx: service.trigger(
                tx, self.repository.id, sha, "refs/heads/main", event, key=key, payload=payload
            )
        )

    def work(self) -> None:
        reactions = PLUGIN.reactions(self.kernel)
        handlers = [*PLUGIN.handlers(self.kernel), *outbox.handlers(reactions)]
        Worker(self.kernel.db, handlers, 1).run_until_idle()

    def suite(self, suite_id: str) -> service.Suite:
        return self.kernel.db.read(lambda tx: service.suite(tx, suite_id))

    def jobs(self, suite_id: str) -> dict[str, service.Job]:
        runs = self.kernel.db.read(lambda tx: service.runs_of(tx, [suite_id]))
        ids = [run.id for run in runs]
        return {job.key: job for job in self.kernel.db.read(lambda tx: service.jobs_of(tx, ids))}

    def runs(self, suite_id: str) -> list[service.Run]:
        return self.kernel.db.read(lambda tx: service.runs_of(tx, [suite_id]))

    def claim(self, runner: str = "one", labels: tuple[str, ...] = LABELS) -> Assignment | None:
        lease = f"lease-{next(self.numbers)}"
        taken = self.kernel.db.write(lambda tx: service.claim(tx, runner, labels, lease))
        if taken:
            self.leases[taken.job] = lease
        return taken

    def finish(self, taken: Assignment, conclusion: str = "success", **rest: object) -> None:
        outcome = Outcome(conclusion=conclusion, **rest)
        self.kernel.db.write(lambda tx: service.finish(tx, taken.job, taken.lease, outcome))

    def finished(self) -> list[SuiteFinished]:
        rows = self.kernel.db.read(
            lambda tx: tx.rows(
                text("SELECT body FROM outbox_fact WHERE name = 'pipelines.suite_finished'")
            )
        )
        return [msgspec.json.decode(row["body"], type=SuiteFinished) for row in rows]


@pytest.fixture
def canal_of(tmp_path: Path) -> Callable[[Kernel], Canal]:
    def make(kernel: Kernel) -> Canal:
        folder = tmp_path / "copy"
        folder.mkdir()
        run_git(folder, "init", "--quiet", "--initial-branch=main")
        return Canal(kernel, folder, forge.create_repository(kernel, "alice", "boat"))

    return make


@pytest.fixture
def canal(kernel: Kernel, canal_of: Callable[[Kernel], Canal]) -> Canal:
    return canal_of(kernel)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def dock(stores, tmp_path: Path) -> Iterator[Dock]:
    """A whole server on SQLite with the real clock; a runner is started by the test."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    clock = SystemClock()
    db = open_database(stores.url("sqlite", data), clock)
    url = f"http://127.0.0.1:{_free_port()}"
    with open_door() as (hooks, door):
        kernel = Kernel(db=db, clock=clock, settings=Settings(), data=data, url=url, door=door)
        forge.install_hook(kernel)
        made = Dock(kernel, tmp_path, hooks)
        yield made
        made.end()
    db.close()


@pytest.fixture
def port_of_call(dock: Dock, canal_of: Callable[[Kernel], Canal]) -> Canal:
    """The repository on that server."""
    return canal_of(dock.kernel)


@pytest.fixture
def start(dock: Dock, port_of_call: Canal) -> Callable[..., str]:
    """Commit a workflow, trigger it, and give the id of its run once it is planned."""

    def begin(jobs: str, key: str = "k", **files: str) -> str:
        text = "on: push\njobs:\n" + jobs
        sha = port_of_call.commit(**{WORKFLOW: text, **files})
        suite = port_of_call.trigger(sha, key=key)
        until(lambda: port_of_call.suite(suite).state != "planning")
        return port_of_call.runs(suite)[0].id

    return begin

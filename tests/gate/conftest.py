"""A repository with real git, people with roles, real pipelines, and a runner made of a function.

Alice writes, Bob and Carol review, Vera may only look. `work()` does everything that is due, in
this thread; `build()` lets the runner finish what it was given: a commit passes unless its tree
says otherwise (see `verdict`).
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from towpath.forge import service as forge
from towpath.forge.plugin import PLUGIN as FORGE
from towpath.gate import service
from towpath.gate.plugin import PLUGIN as GATE
from towpath.kernel import outbox
from towpath.kernel.access import service as access
from towpath.kernel.access.service import Role
from towpath.kernel.context import Kernel
from towpath.kernel.work.worker import Worker
from towpath.pipelines import service as pipelines
from towpath.pipelines.model.execution import Outcome
from towpath.pipelines.plugin import PLUGIN as PIPELINES

WORKFLOW = """
on: merge_group
jobs:
  test:
    runs-on: ubuntu-latest
    steps: [{run: sh test.sh}]
"""
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.test",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.test",
    "LC_ALL": "C.UTF-8",
}
PEOPLE = {
    "alice": Role.member, "bob": Role.member, "carol": Role.maintainer, "vera": Role.viewer,
}  # fmt: skip


@dataclass
class Lock:
    """One repository, whose main opens only for what was tested."""

    kernel: Kernel
    folder: Path
    id: str

    @property
    def bare(self) -> Path:
        return self.bare_of(self.id)

    def bare_of(self, repository: str) -> Path:
        return self.kernel.data / "repositories" / f"{repository}.git"

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def in_bare(self, *arguments: str) -> str:
        return self.git("--git-dir", str(self.bare), *arguments)

    @property
    def main(self) -> str:
        return self.in_bare("rev-parse", "refs/heads/main")

    def commit(self, branch: str, files: dict[str, str], onto: str | None = None) -> str:
        """Commit files to a branch on top of `onto` (itself, if it is there), as a push would."""
        self.git("fetch", "--quiet", str(self.bare), "+refs/heads/*:refs/remotes/o/*")
        known = self.git("branch", "--remotes", "--list", f"o/{branch}")
        start = onto or (f"o/{branch}" if known else None)
        if start:
            self.git("checkout", "--quiet", "--detach", start)
        for name, content in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"work on {branch}")
        self.git("push", "--quiet", "--force", str(self.bare), f"HEAD:refs/heads/{branch}")
        forge.sync_refs(self.kernel, self.id)
        return self.git("rev-parse", "HEAD")

    def request(self, branch: str, files: dict[str, str], onto: str = "o/main", **rest) -> int:
        """Open a merge request by alice."""
        self.commit(branch, files, onto)
        wanted = {"title": f"Add {branch}", "body": "", "author": "alice", "target": "main"}
        made = forge.open_merge_request(self.kernel, self.id, source=branch, **{**wanted, **rest})
        return made.number

    def approve(self, number: int, by: str = "bob") -> None:
        self.kernel.db.write(lambda tx: forge.review(tx, self.id, number, by, "approve"))

    def object_to(self, number: int, by: str = "carol") -> None:
        self.kernel.db.write(
            lambda tx: forge.review(tx, self.id, number, by, "request_changes", body="No.")
        )

    def say(self, number: int, body: str, by: str = "alice") -> list[str]:
        """Comment, let the gate hear it, and return what it answered."""
        before = len(self.words(number))
        self.kernel.db.write(lambda tx: forge.comment(tx, self.id, number, by, body))
        self.work()
        return self.words(number)[before:]

    def words(self, number: int) -> list[str]:
        """What the gate said in a request."""
        comments = self.kernel.db.read(lambda tx: forge.comments(tx, self.id, number))
        return [comment.body for comment in comments if comment.author == service.VOICE]

    def line(self, number: int) -> service.Line:
        return self.kernel.db.read(lambda tx: service.explain(tx, self.id, number))

    def states(self) -> dict[int, str]:
        (queue, *_) = self.kernel.db.read(lambda tx: service.queues(tx, self.id))
        lines = sorted((*queue.line, *queue.watched, *queue.recent), key=lambda each: each.number)
        return {line.number: line.state for line in lines}

    def status(self, number: int) -> tuple[str, str]:
        """The commit status of the gate at the head of a request."""
        head = self.kernel.db.read(lambda tx: forge.merge_request(tx, self.id, number)).head
        said = self.kernel.db.read(lambda tx: forge.statuses(tx, self.id, head))
        (mine,) = (each for each in said if each.context == "towpath/gate")
        return mine.state, mine.description

    def work(self) -> None:
        parts = (FORGE, PIPELINES, GATE)
        reactions = [each for part in parts for each in part.reactions(self.kernel)]
        handlers = [each for part in parts for each in part.handlers(self.kernel)]
        Worker(self.kernel.db, [*handlers, *outbox.handlers(reactions)], 1).run_until_idle()

    def build(self, verdict: Callable[[frozenset[str]], bool] | None = None) -> int:
        """Let the runner end every job that waits, then do what follows; how many there were."""
        self.work()
        ended = 0
        while (taken := self._claim(f"lease-{ended}")) is not None:
            run = self.kernel.db.read(lambda tx, job=taken: pipelines.run(tx, job.run))
            passed = (verdict or passes)(self.files(run.sha, run.repository))
            outcome = Outcome(conclusion="success" if passed else "failure")
            self.kernel.db.write(
                lambda tx, job=taken, end=outcome: pipelines.finish(tx, job.job, job.lease, end)
            )
            ended += 1
        self.work()
        return ended

    def _claim(self, lease: str):
        return self.kernel.db.write(
            lambda tx: pipelines.claim(tx, "one", ("ubuntu-latest",), lease)
        )

    def until_quiet(self, verdict: Callable[[frozenset[str]], bool] | None = None) -> None:
        while self.build(verdict):
            pass

    def files(self, sha: str, repository: str | None = None) -> frozenset[str]:
        bare = self.bare_of(repository or self.id)
        return frozenset(
            self.git("--git-dir", str(bare), "ls-tree", "-r", "--name-only", sha).split()
        )

    def history(self) -> list[str]:
        """Main along first parents, oldest first."""
        return self.in_bare("rev-list", "--first-parent", "--reverse", "main").split()


def passes(files: frozenset[str]) -> bool:
    """The tests of the tests: a file called bad breaks them, and so do sun and moon together."""
    return "bad" not in files and not {"sun", "moon"} <= files


@pytest.fixture
def lock_of(tmp_path: Path) -> Callable[..., Lock]:
    def make(kernel: Kernel, name: str = "boat", workflow: str | None = WORKFLOW) -> Lock:
        folder = tmp_path / f"copy-{name}"
        folder.mkdir()
        made = Lock(kernel, folder, forge.create_repository(kernel, "alice", name).id)
        made.git("init", "--quiet", "--initial-branch=main")
        files = {"test.sh": "true\n", "shared": "one\ntwo\n"}
        made.commit("main", files | ({".github/workflows/ci.yml": workflow} if workflow else {}))
        return made

    return make


@pytest.fixture
def lock(kernel: Kernel, lock_of: Callable[..., Lock]) -> Lock:
    people(kernel)
    return lock_of(kernel)


def people(kernel: Kernel) -> None:
    """Who everybody is, and who listens to which fact."""
    parts = (FORGE, PIPELINES, GATE)
    reactions = [each for part in parts for each in part.reactions(kernel)]

    def prepare(tx):
        for login, role in PEOPLE.items():
            access.create_user(tx, login, None, role)
        access.ensure_system_user(tx, service.VOICE, "The gate")
        outbox.subscribe(tx, reactions)

    kernel.db.write(prepare)

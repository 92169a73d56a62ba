"""The workflows that a workflow calls, and those that these call, wherever they lie.

They are all read before anything runs: what a run will do is settled when it begins.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from towpath.kernel.errors import InvalidInput, TowpathError
from towpath.pipelines.formats import workflow as workflow_files
from towpath.pipelines.model import calling
from towpath.pipelines.model.planning import Called
from towpath.pipelines.model.workflow import InvalidWorkflow, Job, Problem, Workflow

_THERE = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)/(?P<path>[^@]+)@(?P<commit>.+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HERE = ("./", "$/")


@dataclass(frozen=True)
class Address:
    """Where a called workflow lies; no `repository` is the run's own, at its own commit."""

    path: str
    repository: str = ""
    commit: str = ""

    def __str__(self) -> str:
        if not self.repository:
            return f"./{self.path}"
        return f"{self.repository}/{self.path}@{self.commit}"


Read = Callable[[Address], bytes]
"""Gives what lies at an address, or says by a TowpathError why it cannot."""


def gather(root: Workflow, read: Read) -> Called:
    """Read all that a workflow calls, and judge each of the calls."""
    return _Gathering(read).all_of(root)


def address(uses: str, of: Address) -> Address:
    """Find what a file that lies at `of` means; by `./` a file beside it, of the same commit."""
    if uses.startswith(_HERE):
        return replace(of, path=uses[len(_HERE[0]) :])
    found = _THERE.fullmatch(uses)
    return Address(found["path"], found["repository"], found["commit"]) if found else Address(uses)


class _Gathering:
    def __init__(self, read: Read) -> None:
        self._read = read
        self._found: dict[str, Workflow] = {}
        self._problems: list[Problem] = []
        self._unread: set[str] = set()

    def all_of(self, root: Workflow) -> Called:
        settled = _settled(root, Address(root.path))
        waiting = [settled]
        while waiting:
            caller = waiting.pop()
            calls = [(job, job.call.workflow) for job in caller.jobs if job.call]
            waiting += [found for job, at in calls if (found := self._one(caller, job, at))]
        if not self._problems:
            self._problems += calling.problems(settled, calling.Rules(self._found.get))
        return Called(settled, self._found, tuple(self._problems))

    def _one(self, caller: Workflow, job: Job, at: str) -> Workflow | None:
        """Read what a job calls, unless that was read before; a problem is told once."""
        if at in self._found or at in self._unread:
            return None
        problems: tuple[Problem, ...]
        try:
            self._found[at] = self._opened(at)
            problems = self._found[at].refusals
        except InvalidWorkflow as error:
            problems = error.problems
        except TowpathError as error:
            problems = (Problem(caller.path, job.line, job.column, "uses", str(error)),)
        chain = f" Called by {caller.path}, line {job.line}, column {job.column}."
        self._problems += [
            each if each.file == caller.path else replace(each, message=each.message + chain)
            for each in problems
        ]
        if problems:
            self._unread.add(at)
            self._found.pop(at, None)
        return self._found.get(at)

    def _opened(self, at: str) -> Workflow:
        if len(self._found) >= calling.MAX_CALLED:
            raise Uncallable(f"More than {calling.MAX_CALLED} different workflows are called.")
        where = address(at, Address(""))
        if where.repository and not _COMMIT.fullmatch(where.commit):
            raise Uncallable(
                f"`{at}` is not pinned: a branch or a tag may become another workflow any time.",
                next_step="Name the full commit behind the @, of 40 hexadecimal digits.",
            )
        shown = str(where) if where.repository else where.path
        return _settled(workflow_files.parse(self._read(where), shown), where)


class Uncallable(InvalidInput):
    """A workflow may not be called in this way."""


def _settled(workflow: Workflow, of: Address) -> Workflow:
    """Write every address out in full, so that it means the same whoever reads it."""
    return replace(
        workflow,
        jobs=tuple(
            replace(job, call=replace(job.call, workflow=str(address(job.call.workflow, of))))
            if job.call
            else job
            for job in workflow.jobs
        ),
    )

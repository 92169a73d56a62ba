"""The working tree as `towpath run` sees it: its workflow files, and itself as a commit."""

import contextlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from towpath.kernel.errors import InvalidInput, NotFound, TowpathError
from towpath.pipelines.clients.library import URL, Library
from towpath.pipelines.formats import exchanged
from towpath.pipelines.formats import workflow as workflow_files
from towpath.pipelines.formats.called import Address, gather
from towpath.pipelines.model import addresses
from towpath.pipelines.model.planning import Called
from towpath.pipelines.model.workflow import FOLDERS, Workflow

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


def called(tree: Path, chosen: Workflow) -> Called:
    """Read all that a workflow calls; what lies in another repository cannot be had here."""
    return gather(chosen, partial(_read_called, tree))


def _read_called(tree: Path, where: Address) -> bytes:
    if where.repository:
        raise InvalidInput(
            f"`{where}` lies in another repository, which is not at hand here.",
            next_step="Let a server run it.",
        )
    file = (tree / where.path).resolve()
    if not file.is_relative_to(tree.resolve()) or not file.is_file():
        raise NotFound(f"There is no workflow `{where}`.")
    return file.read_bytes()


def library(
    tree: Path, allowed: Sequence[str], *, folder: Path | None = None, url: str | None = None
) -> Library:
    """Say which actions of others may be used: those the tree lists, and these."""
    listed = tree / addresses.FILE
    text = listed.read_text("utf-8", "replace") if listed.is_file() else ""
    return Library(
        allowed=(*addresses.allowed_by(text), *addresses.allowed_by("\n".join(allowed))),
        folder=folder,
        url=url or URL,
        cache=Path.home() / ".cache/towpath/actions",
    )


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


def begin_at(chosen: Workflow, wanted: str | None, step: str) -> Workflow:
    """Skip what stands before a step, named by id, name or number; what is checked out stays."""
    if wanted is None and len(chosen.jobs) > 1:
        raise InvalidInput("A step of which job?", next_step="Name it with --job.")
    job = next(job for job in chosen.jobs if job.id == (wanted or chosen.jobs[0].id))
    found = [each for each in job.steps if step in {each.id, each.name, str(each.number)} - {""}]
    if not found:
        names = ", ".join(each.id or each.title for each in job.steps)
        raise NotFound(f"Job `{job.id}` has no step `{step}`.", next_step=f"It has: {names}.")
    first = found[0].number
    steps = tuple(
        each if each.number >= first or each.checkout else replace(each, condition="false")
        for each in job.steps
    )
    jobs = (replace(job, steps=steps) if each is job else each for each in chosen.jobs)
    return replace(chosen, jobs=tuple(jobs))


def secrets_in(file: Path | None) -> dict[str, str]:
    """Read NAME=VALUE lines; InvalidInput when they are none."""
    try:
        return exchanged.assignments(file.read_text()) if file else {}
    except (exchanged.Unreadable, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file}: {error}", next_step="Write one NAME=VALUE a line.") from error


def fingerprint(tree: Path) -> int:
    """Tell states of a tree apart: by names, sizes and times of all that jobs would see."""
    listed = _git(
        tree, "ls-files", "-z", "--cached", "--others", "--exclude-standard", check=False
    )
    names = listed.stdout.split("\0") if listed.returncode == 0 else map(str, tree.rglob("*"))
    states = []
    for name in names:
        with contextlib.suppress(OSError):
            found = (tree / name).lstat()
            states.append((name, found.st_mtime_ns, found.st_size, found.st_mode))
    return hash(tuple(states))


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

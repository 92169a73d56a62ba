"""The working tree as a checkout: what a commit of everything here would hold.

Files that git ignores stay behind, as they would on a server; what is not committed comes along.
Nothing is written to the tree itself.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from towpath.kernel.errors import InvalidInput

_ENVIRONMENT = {
    "PATH": os.defpath,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_CONFIG_KEY_1": "core.fsmonitor",
    "GIT_CONFIG_VALUE_1": "false",
}


@dataclass(frozen=True)
class Tree:
    """Where a project lies; `sha` and `branch` are "" where git knows of none."""

    root: Path
    sha: str
    branch: str


def find(start: Path) -> Tree:
    """Find the project that holds `start`: the working tree of git, or else the folder itself."""
    top = _asked(start, "rev-parse", "--show-toplevel")
    if not top:
        return Tree(start.resolve(), "", "")
    root = Path(top)
    sha = _asked(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    return Tree(root, sha, _asked(root, "symbolic-ref", "--quiet", "--short", "HEAD"))


def bring(tree: Tree, workspace: Path, path: str = "") -> None:
    """Copy the tree to `path` within a workspace, with its history where it has one."""
    target = (workspace / path).resolve()
    if not target.is_relative_to(workspace.resolve()):
        raise InvalidInput(f"The path {path!r} leads out of the workspace.")
    target.mkdir(parents=True, exist_ok=True)
    if tree.sha:
        _git(tree.root, "clone", "--quiet", "--no-checkout", "--", str(tree.root), str(target))
    for name in _names(tree):
        _copy(tree.root / name, target / name)
    if tree.sha:
        _git(target, "reset", "--quiet")
    _hand_over(target, workspace)


def _names(tree: Tree) -> Iterator[str]:
    listed = _git(tree.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed.returncode == 0:
        yield from (os.fsdecode(name) for name in listed.stdout.split(b"\0") if name)
        return
    for folder, _, files in os.walk(tree.root):
        for file in files:
            yield os.path.relpath(os.path.join(folder, file), tree.root)  # noqa: PTH118


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a link; what git lists and is gone, or is a submodule, is left out."""
    if not source.is_symlink() and not source.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def _hand_over(target: Path, workspace: Path) -> None:
    """Steps may run as a user of their own, to whom the workspace belongs."""
    owner = workspace.stat()
    if owner.st_uid == os.getuid():
        return
    for folder, folders, files in os.walk(target):
        for name in (".", *folders, *files):
            os.lchown(os.path.join(folder, name), owner.st_uid, owner.st_gid)  # noqa: PTH118


def _asked(folder: Path, *arguments: str) -> str:
    return _git(folder, *arguments).stdout.decode("utf-8", "replace").strip()


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=_ENVIRONMENT, capture_output=True, check=False)

"""Which project the demo pushes: this one when its source is at hand, else a small one.

A copy is made; the source checkout is only read.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from towpath.app.demo.canal import FOLDER, WORKFLOW, Change, Plan

_LINT = """\
# The module is an example of its own: the project's stricter rules stay outside.
line-length = 110

[lint]
select = ["B", "E", "F", "I", "UP"]
"""
_README = f"""\
# A canal

Made by `towpath demo`. `{FOLDER}/canal` computes what a canal needs: water, time, tolls.
People propose changes to it; the gate lets in what passes on top of everything before it.
"""


class GitFailed(Exception):
    """A git command ended with an error; the text is what git said."""


@dataclass(frozen=True)
class Git:
    """A repository on this machine, and git in it without anybody's own configuration.

    `token`, when given, is sent to the server as a Bearer token, through the environment: an
    argument could be read by every process of the machine.
    """

    folder: Path
    author: str = "towpath"
    token: str | None = None

    def __call__(self, *args: str, worktree: Path | None = None) -> str:
        """Run git, return what it printed; an error of git raises GitFailed."""
        at = ["--git-dir", str(self.folder / ".git"), "--work-tree", str(worktree or self.folder)]
        done = subprocess.run(
            [_program("git"), *at, *args],
            cwd=worktree or self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise GitFailed(f"git {args[0]}: {done.stderr.strip()}")
        return (done.stdout or done.stderr).strip()

    def _environment(self) -> dict[str, str]:
        who = {"NAME": self.author.capitalize(), "EMAIL": f"{self.author}@localhost"}
        env = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in who.items()
        }
        env |= {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        if self.token:
            env |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "http.extraHeader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Bearer {self.token}",
            }
        return env


@dataclass(frozen=True)
class Project:
    """A copy ready to be pushed: `main` is the base of every change; `about` says what it is."""

    git: Git
    name: str
    about: str
    main: str


def prepare(folder: Path, plan: Plan, checkout: Path | None, python: str) -> Project:
    """Make a repository in `folder`: the project's history, then one commit with the module."""
    folder.mkdir(parents=True)
    git = Git(folder)
    git("init", "--quiet", "--initial-branch", "main")
    about = _take(git, checkout) if checkout else "a small generated project (no source checkout)"
    files = {f"{FOLDER}/ruff.toml": _LINT, **plan.files}
    files[WORKFLOW] = _workflow(folder, python, own=checkout is not None)
    if not checkout:
        files["README.md"] = _README
    main = commit(git, files, "Add the demo's module and its workflow")
    return Project(git, "towpath" if checkout else "canal", about, main)


def propose(git: Git, onto: str, change: Change) -> str:
    """Commit a change on a branch of its own that starts at `onto`; returns the commit."""
    git("checkout", "--quiet", "-B", change.branch, onto)
    return commit(git, change.files, f"{change.title}\n\n{change.body}")


def commit(git: Git, files: Mapping[str, str], message: str) -> str:
    for path, text in files.items():
        target = git.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    # The project may ignore a path of ours; the demo needs it in the commit all the same.
    git("add", "--force", "--", *files)
    git("commit", "--quiet", "-m", message)
    return git("rev-parse", "HEAD")


def find_checkout(places: Sequence[Path]) -> Path | None:
    """The first folder at or above one of `places` that holds this project's source."""
    folders = (folder for place in places for folder in (place, *place.parents))
    return next((folder for folder in folders if _is_ours(folder)), None)


def _is_ours(folder: Path) -> bool:
    file = folder / "pyproject.toml"
    return (
        file.is_file()
        and 'name = "towpath"' in file.read_text(errors="replace")
        and (folder / "src/towpath").is_dir()
    )


def _take(git: Git, checkout: Path) -> str:
    """Copy the checkout's history, or its tree where there is no whole history to copy."""
    try:
        return _take_history(git, checkout)
    except GitFailed:
        git("add", "--all", worktree=checkout)
        git("commit", "--quiet", "-m", "Import the tree", worktree=checkout)
        git("reset", "--quiet", "--hard")
        return "the project's own tree as one commit (its history is not here)"


def _take_history(git: Git, checkout: Path) -> str:
    source = (checkout / ".git").resolve()
    if (source / "shallow").exists() or not source.exists():
        raise GitFailed("git fetch: the history is missing or shallow")
    git("fetch", "--quiet", "--no-tags", str(checkout), "HEAD")
    git("reset", "--quiet", "--hard", "FETCH_HEAD")
    count = git("rev-list", "--count", "HEAD")
    return f"the project's own repository, {count} commits"


def _workflow(folder: Path, python: str, *, own: bool) -> str:
    """The workflow on disk: what it can check depends on what is installed beside us."""
    steps = [
        ("lint", _lint(own=own)),
        ("test the canal", f'"$PYTHON" -m unittest discover -s {FOLDER} -t {FOLDER}'),
    ]
    models = " ".join(_model_tests(folder))
    if own and models and find_spec("pytest"):
        # Loading every installed plugin would take longer than the tests.
        run = f'PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 "$PYTHON" -m pytest -q {models}'
        steps.append(("test the models", run))
    lines = "".join(f"      - name: {name}\n        run: env {run}\n" for name, run in steps)
    return f"""\
name: demo
on: [pull_request, merge_group]
env:
  PYTHON: {python}
  PYTHONDONTWRITEBYTECODE: "1"
jobs:
  check:
    runs-on: self-hosted
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@v4
{lines}"""


def _lint(*, own: bool) -> str:
    if not find_spec("ruff"):
        return f'"$PYTHON" -m compileall -q {FOLDER}'
    folders = f"src {FOLDER}" if own else FOLDER
    return f'"$PYTHON" -m ruff check --no-cache {folders}'


def _model_tests(folder: Path) -> list[str]:
    """The tests of pure decisions, but for property tests: a build is to take seconds."""
    found = {*folder.glob("tests/**/test_model.py"), *folder.glob("tests/**/model/test_*.py")}
    quick = (path for path in found if "hypothesis" not in path.read_text())
    return sorted(str(path.relative_to(folder)) for path in quick)


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise GitFailed(f"{name} is not installed: apt-get install {name}")
    return found

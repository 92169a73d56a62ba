"""Check what `towpath demo` claims, without believing a word of it.

    python tests/e2e/verify.py RECORD_DIR [--python PY] [--jobs N]

RECORD_DIR holds record.jsonl and a bare repository. This program imports nothing of Towpath: the
standard library and git only. It builds each landed and each refused commit itself, in a fresh
worktree, with the `run:` lines of the workflow file as it stands in that commit, and derives
every outcome again:

- main, along first parents, is exactly the landed commits in the order they are told in;
- a landed commit has main and the request's head as parents, its tree is what git merges them
  to, nothing more, and its build is green;
- a conflict is a conflict for `git merge-tree` on a commit that was main;
- a red one is red when merged here onto the commit that was main, and nothing of it is on main;
- two that fail together pass alone.

Exits 0 when all holds, 1 with one line per lie, 2 when there is nothing to check.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

MODULE = re.compile(r"\"\$PYTHON\" -m (?P<name>\w+)")
HOME_PYTHON = Path(__file__).resolve().parents[2] / ".venv/bin/python"
RUN = re.compile(r"^\s*(?:- )?run: (?P<command>\S.*)$", re.MULTILINE)
BUILD_SECONDS = 300
MIN_REQUESTS = 5
WHO = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "verify"), ("EMAIL", "verify@localhost"),
                           ("DATE", "1700000000 +0000"))}  # fmt: skip


class UnreadableError(Exception):
    """There is nothing to check, or nothing to check it with."""


class Repository:
    """A bare repository, read through git; what is merged here goes into `scratch`."""

    def __init__(self, bare, scratch):
        self.bare = bare
        objects = Path(scratch) / "objects"
        objects.mkdir()
        self.env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str((bare / "objects").absolute()),
            "LC_ALL": "C",
            **WHO,
        }

    def git(self, *args, check=True, env=None):
        # The bare repository's own hooks and settings come from the accused: switch hooks off.
        command = ["git", "-c", "core.hooksPath=/dev/null", "--git-dir", str(self.bare), *args]
        done = subprocess.run(
            command, env=self.env | (env or {}), capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise UnreadableError(f"git {' '.join(args)}: {done.stderr.strip()}")
        return done

    def line(self, *args):
        return self.git(*args).stdout.strip()

    def exists(self, commit):
        name = f"{commit}^{{commit}}"
        return bool(commit) and self.git("cat-file", "-e", name, check=False).returncode == 0

    def parents(self, commit):
        return self.line("rev-list", "--parents", "-1", commit).split()[1:]

    def tree(self, commit):
        return self.line("rev-parse", f"{commit}^{{tree}}")

    def is_ancestor(self, commit, of):
        return self.git("merge-base", "--is-ancestor", commit, of, check=False).returncode == 0

    def merge(self, onto, head):
        """The tree both merge to, or None when they conflict."""
        done = self.git("merge-tree", "--write-tree", onto, head, check=False)
        if done.returncode not in {0, 1}:
            raise UnreadableError(f"git merge-tree {onto} {head}: {done.stderr.strip()}")
        return done.stdout.split("\n", 1)[0] if done.returncode == 0 else None

    def merged(self, onto, head):
        tree = self.merge(onto, head)
        return tree and self.line("commit-tree", "-p", onto, "-p", head, "-m", "verify", tree)


class Builder:
    """Builds commits, each tree once, in folders of its own."""

    def __init__(self, repository, workflow, python, scratch):
        self.repository, self.workflow, self.scratch = repository, workflow, scratch
        self.env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "PYTHON": python,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.known, self.lock = {}, threading.Lock()

    def start(self, commits, jobs):
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(self.failure, commits))

    def failure(self, commit):
        """None when the build of this commit is green, else what failed."""
        tree = self.repository.tree(commit)
        with self.lock:
            first = tree not in self.known
            known = self.known.setdefault(tree, Future())
        if first:
            try:
                known.set_result(self._build(commit))
            except Exception as error:  # noqa: BLE001 - whoever asks for this tree gets it
                known.set_exception(error)
        return known.result()

    def _build(self, commit):
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        index = {"GIT_INDEX_FILE": f"{folder}.index"}
        self.repository.git("read-tree", commit, env=index)
        self.repository.git("--work-tree", str(folder), "checkout-index", "--all", env=index)
        failed = self._failing_command(folder)
        shutil.rmtree(folder)
        return failed

    def _failing_command(self, folder):
        file = folder / self.workflow
        commands = [m["command"] for m in RUN.finditer(file.read_text())] if file.is_file() else []
        if not commands:
            return f"there is no run: line in {self.workflow}"
        for command in commands:
            done = subprocess.run(
                ["bash", "-e", "-o", "pipefail", "-c", command],
                cwd=folder,
                env=self.env | {"HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=BUILD_SECONDS,
                check=False,
            )
            if done.returncode:
                last = (done.stdout + done.stderr).strip().splitlines()[-1:]
                return f"exit {done.returncode} of `{command}`: {' '.join(last)}"
        return None


class Verdict:
    """Goes through a record and collects what does not hold."""

    def __init__(self, folder, python, jobs, scratch, say):
        self.say, self.jobs, self.lies = say, jobs, []
        self.start, self.requests, self.outcomes, self.end = read(folder)
        self.repository = Repository(folder / self.start["bare"], scratch)
        python = python or find_python(self.repository, self.start)
        self.builder = Builder(self.repository, self.start["workflow"], python, scratch)
        self.landed = [o for o in self.outcomes if o["outcome"] == "landed"]
        self.refused = [o for o in self.outcomes if o["outcome"] == "refused"]
        self.was_main = [self.start["base"], *(o["commit"] for o in self.landed)]

    def wrong(self, message):
        self.lies.append(message)
        self.say(f"WRONG  {message}")

    def expect(self, holds, message):
        if not holds:
            self.wrong(message)
        return holds

    def check(self):
        self.check_numbers()
        self.check_main()
        todo = [o for o in self.outcomes if self.names_exist(o)]
        self.build_all(todo)
        failed = self.builder.failure(self.start["base"])
        self.expect(failed is None, f"the commit all started from is red: {failed}")
        for outcome in todo:
            self.check_outcome(outcome)
        return self.lies

    def check_outcome(self, outcome):
        told, before = what(outcome), len(self.lies)
        rules = {
            "landed": self.check_landed,
            "refused: conflict": self.check_conflict,
            "refused: red": self.check_red,
        }
        if told not in rules:
            self.wrong(f"request {outcome['number']}: no rule for the outcome {told!r}")
            return
        rules[told](outcome)
        if len(self.lies) == before:
            self.say(f"ok     request {outcome['number']}: {told}")

    def check_numbers(self):
        numbers = [o["number"] for o in self.outcomes]
        for number in sorted(set(numbers)):
            self.expect(
                numbers.count(number) == 1,
                f"request {number} has {numbers.count(number)} outcomes",
            )
            self.expect(number in self.requests, f"request {number} was never opened")
        for number in self.requests:
            self.expect(number in numbers, f"request {number} has no outcome")
        self.expect(len(self.requests) >= MIN_REQUESTS, f"only {len(self.requests)} requests")

    def check_main(self):
        main = self.repository.line("rev-parse", f"refs/heads/{self.start['branch']}")
        self.expect(
            main == self.end["main"],
            f"main is {main[:10]}, the record ends at {self.end['main'][:10]}",
        )
        base = self.start["base"]
        if not self.expect(
            self.repository.exists(base) and self.repository.is_ancestor(base, main),
            f"main does not contain {base[:10]}, where all started",
        ):
            return
        history = self.repository.line(
            "rev-list", "--first-parent", "--reverse", f"{base}..{main}"
        ).split()
        told = self.was_main[1:]
        for commit in history:
            self.expect(commit in told, f"main holds {commit[:10]}, which no request landed as")
        for commit in told:
            self.expect(
                commit in history, f"{commit[:10]} is told to have landed but is not on main"
            )
        if sorted(history) == sorted(told):
            self.expect(history == told, "the order of main is not the order of the record")
        merged = [p for commit in history for p in self.repository.parents(commit)[1:]]
        for number, request in self.requests.items():
            times = merged.count(request["head"])
            self.expect(times <= 1, f"request {number} landed {times} times")

    def names_exist(self, outcome):
        request = self.requests.get(outcome["number"])
        names = [request and request["head"], outcome["base"]]
        names += [outcome["commit"]] if outcome["outcome"] == "landed" else []
        missing = [str(name)[:10] for name in names if not self.repository.exists(name)]
        return self.expect(
            not missing, f"request {outcome['number']}: no such commit: {', '.join(missing)}"
        )

    def build_all(self, outcomes):
        commits = [self.start["base"]]
        for outcome in outcomes:
            head = self.requests[outcome["number"]]["head"]
            if outcome["outcome"] == "landed":
                commits.append(outcome["commit"])
            elif outcome["why"] == "red":
                commits.append(self.repository.merged(outcome["base"], head))
            if self.requests[outcome["number"]].get("together"):
                commits.append(head)
        self.builder.start([c for c in dict.fromkeys(commits) if c], self.jobs)

    def check_landed(self, outcome):
        number, commit = outcome["number"], outcome["commit"]
        head, parents = self.requests[number]["head"], self.repository.parents(commit)
        before = self.was_main[self.was_main.index(commit) - 1]
        self.expect(
            parents == [before, head],
            f"request {number}: {commit[:10]} is not main before it and the request's head merged",
        )
        if len(parents) == 2:
            self.expect(
                self.repository.merge(*parents) == self.repository.tree(commit),
                f"request {number}: {commit[:10]} is more than the merge of its parents",
            )
        failed = self.builder.failure(commit)
        self.expect(
            failed is None,
            f"request {number}: landed as {commit[:10]}, but its build is red: {failed}",
        )

    def check_base(self, outcome):
        number, head = outcome["number"], self.requests[outcome["number"]]["head"]
        self.expect(
            outcome["base"] in self.was_main,
            f"request {number}: {outcome['base'][:10]} was never main",
        )
        self.expect(
            not self.repository.is_ancestor(head, self.end["main"]),
            f"request {number}: refused, but main contains it",
        )

    def check_conflict(self, outcome):
        number, head = outcome["number"], self.requests[outcome["number"]]["head"]
        self.check_base(outcome)
        self.expect(
            self.repository.merge(outcome["base"], head) is None,
            f"request {number}: told to conflict, but git merges it onto {outcome['base'][:10]}",
        )

    def check_red(self, outcome):
        number, request = outcome["number"], self.requests[outcome["number"]]
        self.check_base(outcome)
        commit = self.repository.merged(outcome["base"], request["head"])
        if not self.expect(
            commit,
            f"request {number}: refused as red, but it conflicts with {outcome['base'][:10]}",
        ):
            return
        failed = self.builder.failure(commit)
        self.expect(
            failed,
            f"request {number}: refused as red, but its build on {outcome['base'][:10]} is green",
        )
        if request.get("together"):
            self.check_together(number, request)

    def check_together(self, number, request):
        other = self.requests.get(request["together"], {"head": ""})
        for who, head in ((number, request["head"]), (request["together"], other["head"])):
            failed = (
                self.builder.failure(head) if self.repository.exists(head) else "no such commit"
            )
            self.expect(
                failed is None, f"request {who}: told to pass alone, but it is red alone: {failed}"
            )
        both = self.repository.merged(other["head"], request["head"]) if other["head"] else None
        self.expect(
            both and self.builder.failure(both),
            f"requests {request['together']} and {number}: told to fail together, but do not",
        )


def what(outcome):
    """The outcome in words: `landed`, or `refused: conflict`, or `refused: red`."""
    return ": ".join(filter(None, [outcome["outcome"], outcome.get("why")]))


def read(folder):
    """The record in parts: how it started, requests by number, outcomes in order, how it ended."""
    try:
        lines = [json.loads(line) for line in (folder / "record.jsonl").read_text().splitlines()]
        (start,) = (line for line in lines if line["what"] == "start")
        (end,) = (line for line in lines if line["what"] == "end")
        outcomes = [line for line in lines if line["what"] == "outcome"]
        requests = {line["number"]: line for line in lines if line["what"] == "request"}
        if not outcomes:
            raise UnreadableError("the record tells no outcome")
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableError(f"{folder / 'record.jsonl'} is not a record: {error}") from error
    return start, requests, outcomes, end


def find_python(repository, start):
    """The first Python of ours that has what the builds use; nothing the record names is run."""
    workflow = repository.line("show", f"{start['base']}:{start['workflow']}")
    modules = sorted({m["name"] for m in MODULE.finditer(workflow)})
    for python in (sys.executable, str(HOME_PYTHON)):
        probe = [python, "-c", "".join(f"import {name};" for name in modules)]
        if (
            Path(python).exists()
            and subprocess.run(probe, capture_output=True, check=False).returncode == 0
        ):
            return python
    raise UnreadableError(f"--python must name one that has {', '.join(modules)}")


def verify(folder, python=None, jobs=2, say=print):
    """Check one record; returns the list of what is wrong with it, empty when all holds."""
    with tempfile.TemporaryDirectory(prefix="verify-") as scratch:
        return Verdict(Path(folder), python, jobs, scratch, say).check()


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("record", type=Path)
    parser.add_argument("--python", help="what $PYTHON is in the builds")
    parser.add_argument("--jobs", type=int, default=2, help="builds at a time")
    options = parser.parse_args(argv)
    try:
        lies = verify(options.record, options.python, options.jobs)
    except (UnreadableError, KeyError) as error:
        print(
            f"cannot check: {error!r}" if isinstance(error, KeyError) else f"cannot check: {error}"
        )
        return 2
    print(f"{len(lies)} wrong" if lies else "every outcome holds")
    return bool(lies)


if __name__ == "__main__":
    sys.exit(main())

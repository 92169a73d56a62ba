"""A server that can be killed at any moment, and how to speak to it by HTTP and git.

Nothing here is imported from the product: the server is a process.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
PROGRAM = ("-c", "from towpath.app.cli import main; main()")
OWNER, NAME = "alice", "boats"
GIT_ENV = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    **{
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Alice"), ("EMAIL", "alice@localhost"))
    },
}


class Unanswered(Exception):
    """The server died, or was not there: nothing was acknowledged, anything may have happened."""


class Process:
    """One process of an installation, across any number of deaths; its words go to one log."""

    def __init__(self, log: Path, words=(), *, program=PROGRAM, under=()):
        self.log, self.words = log, words
        self.program, self.under = program, under
        self.env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        self.process = None
        self.at = 0
        self.seen: dict[int, str] = {}
        self.starts: list[float] = []

    def command(self):
        return [*self.under, sys.executable, *self.program, *self.words]

    def start(self, timeout=START_SECONDS):
        began, at = time.monotonic(), self.launch()
        while not self.is_ready(at):
            if self.process.poll() is not None or time.monotonic() - began > timeout:
                raise AssertionError(f"the process did not start:\n{self.tail()}")
            time.sleep(0.01)
        self.starts.append(time.monotonic() - began)
        return self

    def launch(self):
        """Start the process without waiting for it; where in the log it begins to speak."""
        self.at = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.at

    def is_ready(self, at=None):
        with self.log.open("rb") as log:
            log.seek(self.at if at is None else at)
            return any(line.startswith(b"ready ") for line in log)

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def said(self):
        """What it has said since it was launched."""
        with self.log.open("rb") as log:
            log.seek(self.at)
            return log.read().decode(errors="replace")

    def tail(self, lines=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def family(self):
        """The process and every process that it started, children first."""
        found = descendants(self.process.pid)
        self.seen |= {pid: birth(pid) for pid in found}
        return found

    def kill(self, *, whole):
        """SIGKILL it, or also all that it started; returns when it is dead."""
        for pid in freeze(self.family) if whole else [self.process.pid]:
            signal_to(pid, signal.SIGKILL)
        self.process.wait()

    def main_pid(self):
        return self.process.pid

    def stop(self):
        """Ask it to end, then make sure that nothing it ever started is left."""
        if self.is_alive():
            self.family()
            signal_to(self.main_pid(), signal.SIGCONT)
            signal_to(self.main_pid(), signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        for pid, born in self.seen.items():
            if birth(pid) == born:
                for child in descendants(pid):
                    signal_to(child, signal.SIGKILL)
        if self.process:
            self.process.wait()


class Server(Process):
    """`towpath serve` on one data directory and one port."""

    def __init__(
        self, folder: Path, *, database=None, program=PROGRAM, under=(), options=(), data=None,
        host="127.0.0.1", name="serve",
    ):  # fmt: skip
        super().__init__(folder / f"{name}.log", program=program, under=under)
        self.data, self.database, self.options = data or folder / "data", database, options
        self.host, self.port = host, free_port()
        self.url = f"http://{host}:{self.port}"

    def command(self):
        self.words = ["serve", *self.options, "--data", str(self.data)]
        self.words += ["--port", str(self.port), "--host", self.host]
        self.words += ["--database", self.database] if self.database else []
        return super().command()

    @property
    def bootstrap(self):
        return json.loads((self.data / "bootstrap.json").read_text())

    def main_pid(self):
        """strace, where the server runs under it, keeps a SIGTERM to itself."""
        lock = self.data / "lock"
        said = lock.read_text() if self.under and lock.exists() else ""
        return int(said) if said else self.process.pid


def freeze(family):
    """Stop all of a family first: one that forks while the others die would get away."""
    known = []
    while known != (found := family()):
        known = found
        for pid in found:
            signal_to(pid, signal.SIGSTOP)
    return known


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def signal_to(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def birth(pid):
    """When a process began, in clock ticks: tells it from a later one with its number."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def descendants(pid):
    """This process and all below it, the deepest first."""
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                children[int(fields[1])].append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += sorted(children[found[-1]])
    return found[::-1]


class Api:
    """Speaks HTTP as one person."""

    def __init__(self, url, token):
        self.url, self.token = url, token

    def call(self, method, path, body=None, *, key=None, timeout=30):
        """Status and JSON; a server that dies in between raises Unanswered."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, decoded(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, decoded(error.read())
        except (OSError, ValueError) as error:
            raise Unanswered(str(error)) from error
        except Exception as error:  # http.client's own, for an answer cut short
            raise Unanswered(repr(error)) from error

    def get(self, path):
        status, value = self.call("GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {value}")
        return value

    def text(self, path):
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def every(self, path):
        """All pages of a list."""
        found, page = [], 1
        while True:
            items = self.get(f"{path}{'&' if '?' in path else '?'}per_page=100&page={page}")
            found += items
            if len(items) < 100:
                return found
            page += 1


def decoded(raw):
    try:
        return json.loads(raw) if raw else None
    except ValueError as error:
        raise Unanswered(f"half an answer: {raw[:80]!r}") from error


def answer(api, method, path, body):
    status, value = api.call(method, path, body)
    if status not in {200, 201}:
        raise AssertionError(f"{method} {path}: {status} {value}")
    return value


class Git:
    """A clone of one author."""

    def __init__(self, folder, url="", token=""):
        self.folder = folder
        self.remote = url
        self.env = {
            **GIT_ENV,
            "HOME": str(folder),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Bearer {token}",
        }

    def __call__(self, *args, **options):
        done = self.run(*args, **options)
        if done.returncode:
            raise AssertionError(f"git {' '.join(args)}: {done.stderr}")
        return done.stdout.strip()

    def run(self, *args, env=None, **options):
        return subprocess.run(
            ["git", "-C", str(self.folder), *args],
            env=env or self.env,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )

    def commit(self, onto, files, message):
        """A commit on top of another, without touching a work tree: threads share the clone."""
        index = {**self.env, "GIT_INDEX_FILE": str(self.folder / f".git/{threading.get_ident()}")}
        self("read-tree", onto or "--empty", env=index)
        for path, text in files.items():
            blob = self("hash-object", "-w", "--stdin", input=text)
            self("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
        tree = self("write-tree", env=index)
        return self("commit-tree", *(["-p", onto] if onto else []), "-m", message, tree)

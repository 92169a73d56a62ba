"""A server that can be killed at any moment, and people who keep working on it all the same.

Nothing here is imported from the product: the server is a process, the people speak HTTP and
git. What the server acknowledged to them stands in the Ledger; checks.py looks for it later.
"""

import contextlib
import json
import os
import random
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
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
PROGRAM = ("-c", "from towpath.app.cli import main; main()")
OWNER, NAME = "alice", "boats"
MAIN, BY_HAND = "refs/heads/main", "refs/heads/by-hand"
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


class Server:
    """`towpath serve` on one data directory and one port, across any number of deaths."""

    def __init__(self, folder: Path, *, database=None, program=PROGRAM, under=(), options=()):
        self.data, self.database = folder / "data", database
        self.program, self.under, self.options = program, under, options
        self.env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        self.log = folder / "serve.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.seen: dict[int, str] = {}
        self.starts: list[float] = []

    def start(self, timeout=START_SECONDS):
        began = time.monotonic()
        command = [*self.under, sys.executable, *self.program, "serve", *self.options]
        command += ["--data", str(self.data), "--port", str(self.port)]
        command += ["--database", self.database] if self.database else []
        at = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not self.is_ready(at):
            if self.process.poll() is not None or time.monotonic() - began > timeout:
                raise AssertionError(f"the server did not start:\n{self.tail()}")
            time.sleep(0.01)
        self.starts.append(time.monotonic() - began)
        return self

    def is_ready(self, at):
        with self.log.open("rb") as log:
            log.seek(at)
            return any(line.startswith(b"ready ") for line in log)

    def tail(self, lines=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    @property
    def bootstrap(self):
        return json.loads((self.data / "bootstrap.json").read_text())

    def family(self):
        """The server and every process that it started, children first."""
        found = descendants(self.process.pid)
        self.seen |= {pid: birth(pid) for pid in found}
        return found

    def kill(self, *, whole):
        """SIGKILL the server, or also its runner and all that runs there; returns when dead."""
        pids = self.family() if whole else [self.process.pid, *self.family()][:1]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ask it to end, then make sure that nothing it ever started is left."""
        if self.process and self.process.poll() is None:
            self.family()
            # strace, where the server runs under it, keeps a SIGTERM to itself.
            os.kill(int((self.data / "lock").read_text()), signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        for pid, born in self.seen.items():
            if birth(pid) == born:
                for child in descendants(pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
        if self.process:
            self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
        todo += children[found[-1]]
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


@dataclass
class Ledger:
    """What people asked for and what the server acknowledged, in their own words.

    A comment or an approval is known by the text only its author used; `attempted` counts for
    "at most once", `acknowledged` for "at least once".
    """

    heads: dict[str, str] = field(default_factory=dict)
    pushed: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)
    attempted: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    approved: set[str] = field(default_factory=set)
    mains: list[str] = field(default_factory=list)
    by_hand: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)


CHECK = """\
set -e
test ! -e bad
for left in left-*; do
  test ! -e "$left" || test ! -e "right-${left#left-}"
done
"""
WORKFLOW = """\
name: check
on: [merge_group]
jobs:
  check:
    runs-on: self-hosted
    steps:
      - uses: actions/checkout@v4
      - run: sh check.sh
"""
FILES = {".towpath/workflows/check.yml": WORKFLOW, "check.sh": CHECK, "shared": "0\n"}


def files_for(chance, number):
    """What one request changes: most are good, some are red, conflict, or fail in pairs."""
    kinds = ["good"] * 5 + ["bad"] + ["shared"] * 2 + ["left", "right"]
    kind = chance.choice(kinds)
    if kind == "bad":
        return {"bad": "x\n"}
    if kind == "shared":
        return {"shared": f"{number}\n"}
    if kind in {"left", "right"}:
        return {f"{kind}-{number // 4}": "x\n"}
    return {f"part-{number}": f"{number}\n"}


class World:
    """One repository, its people, and their memory of what they were told."""

    def __init__(self, server, folder, files=None):
        self.server, self.ledger = server, Ledger()
        admin = Api(server.url, server.bootstrap["token"])
        self.alice = Api(server.url, make_user(admin, "alice", "maintainer"))
        self.bob = Api(server.url, make_user(admin, "bob", "maintainer"))
        self.admin = admin
        answer(self.alice, "POST", "/api/v3/user/repos", {"name": NAME})
        remote = f"{server.url}/{OWNER}/{NAME}.git"
        folder.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", str(folder)], env=GIT_ENV, check=True)
        self.git = Git(folder, remote, self.alice.token)
        self.base = self.git.commit(None, files or FILES, "Begin")
        self.git("push", "--quiet", remote, f"{self.base}:refs/heads/main")

    @property
    def path(self):
        return f"/api/v3/repos/{OWNER}/{NAME}"

    def open(self, branch, files, title, body=""):
        """Push a branch with one commit and the option that opens a request; its number."""
        head = self.git.commit(self.base, files, title)
        options = ["merge_request.create", f"merge_request.title={title}"]
        options += [f"merge_request.description={body}"] if body else []
        flags = [word for option in options for word in ("-o", option)]
        self.git("push", "--quiet", *flags, self.git.remote, f"{head}:refs/heads/{branch}")
        return self.request_by(branch)[0]["number"]

    def approve(self, number):
        answer(self.bob, "POST", f"{self.path}/pulls/{number}/reviews", {"event": "APPROVE"})

    def remember(self, branch, number):
        """Enter an opened and, from now on, approved request into the ledger."""
        ledger = self.ledger
        ledger.heads[branch] = self.git("ls-remote", self.git.remote, branch).split()[0]
        ledger.numbers[branch] = number
        ledger.pushed.add(branch)
        ledger.opened.add(branch)

    def push_by_hand(self, files):
        """An operator moves main on the server itself, past every rule."""
        bare = next((self.server.data / "repositories").glob("*.git"))
        self.git("fetch", "--quiet", self.git.remote, "main")
        commit = self.git.commit(self.git("rev-parse", "FETCH_HEAD"), files, "By hand")
        self.git("update-ref", BY_HAND, commit)
        at = ["git", "--git-dir", str(bare)]
        for words in (
            ["fetch", "-q", str(self.git.folder), BY_HAND],
            ["update-ref", MAIN, commit],
        ):
            subprocess.run([*at, *words], env=GIT_ENV, check=True)
        self.ledger.mains.append(commit)
        self.ledger.by_hand.add(commit)
        return commit

    def request_by(self, branch):
        query = urllib.parse.urlencode({"state": "all", "head": f"{OWNER}:{branch}"})
        return self.alice.get(f"{self.path}/pulls?{query}")


def password(login):
    return f"{login} walks the towpath"


def make_user(admin, login, role):
    user = {"login": login, "password": password(login), "role": role}
    answer(admin, "POST", "/api/towpath/v1/users", user)
    token = {"login": login, "name": "kill suite"}
    return answer(admin, "POST", "/api/towpath/v1/tokens", token)["token"]


def answer(api, method, path, body):
    status, value = api.call(method, path, body)
    if status not in {200, 201}:
        raise AssertionError(f"{method} {path}: {status} {value}")
    return value


class Author(threading.Thread):
    """Opens requests, comments, has them approved; takes no silence for an answer."""

    def __init__(self, world, name, requests, chance):
        super().__init__(name=name, daemon=True)
        self.world, self.ledger = world, world.ledger
        self.requests, self.chance = requests, chance
        self.enough = threading.Event()
        self.error = None

    def run(self):
        try:
            for number in range(self.requests):
                if self.enough.is_set():
                    return
                self.one(f"{self.name}-{number}", number)
                self.enough.wait(self.chance.uniform(0, 0.4))
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.error = error

    def one(self, branch, number):
        files = files_for(self.chance, number)
        head = self.world.git.commit(self.world.base, files, f"Change {branch}")
        self.ledger.heads[branch] = head
        self.open(branch, head)
        found = self.insist(lambda: self.world.request_by(branch))
        self.ledger.numbers[branch] = found[0]["number"]
        path = f"{self.world.path}/issues/{found[0]['number']}/comments"
        self.post(self.world.alice, path, {"body": f"About {branch}: ready.\n\n/help"}, branch)
        path = f"{self.world.path}/pulls/{found[0]['number']}/reviews"
        words = {"event": "APPROVE", "body": f"Approved {branch}."}
        self.post(self.world.bob, path, words, branch)
        self.ledger.approved.add(branch)

    def open(self, branch, head):
        """Push with the option that opens a request, until the push succeeds."""
        options = ["merge_request.create", f"merge_request.title=Change {branch}"]
        flags = [word for option in options for word in ("-o", option)]
        tries = 0
        while True:
            tries += 1
            done = self.world.git.run(
                "push", "--quiet", *flags, self.world.git.remote, f"{head}:refs/heads/{branch}"
            )
            if done.returncode == 0:
                break
            self.pause()
        self.ledger.pushed.add(branch)
        found = self.insist(lambda: self.world.request_by(branch))
        if found:
            self.ledger.opened.add(branch)
        elif tries == 1:
            self.ledger.broken.append(f"lost: the request of {branch}, though its push succeeded")
        if not found:
            body = {"title": f"Change {branch}", "head": branch, "base": "main"}
            self.post(self.world.alice, f"{self.world.path}/pulls", body, branch, {409, 422})
            self.ledger.opened.add(branch)

    def post(self, api, path, body, branch, also=frozenset()):
        """Send until an answer comes, always with the same idempotency key."""
        key = f"{branch}/{path.rpartition('/')[2]}"
        text = body.get("body", "")
        self.ledger.attempted[text] = path
        status, value = self.insist(lambda: served(api.call("POST", path, body, key=key)))
        if status in {200, 201}:
            self.ledger.acknowledged.add(text)
        elif status not in also:
            raise AssertionError(f"POST {path}: {status} {value}")

    def insist(self, ask):
        while True:
            try:
                return ask()
            except Unanswered:
                self.pause()

    def pause(self):
        if self.enough.wait(self.chance.uniform(0.02, 0.2)):
            raise Unanswered("the scenario is over")


def served(reply):
    """5xx is an answer too, but it acknowledges nothing: ask again."""
    if reply[0] >= 500:
        raise Unanswered(str(reply))
    return reply


def authors(world, count, requests, seed):
    return [
        Author(world, f"{word}{seed}", requests, random.Random(f"{seed}/{word}"))
        for word in ("barge", "lighter", "punt", "skiff")[:count]
    ]

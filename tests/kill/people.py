"""People who keep working while the server dies, and their memory of what they were told.

What the server acknowledged to them stands in the Ledger; checks.py looks for it later.
"""

import random
import subprocess
import threading
import urllib.parse
from dataclasses import dataclass, field

from tests.kill.harness import GIT_ENV, NAME, OWNER, Api, Git, Unanswered, answer

MAIN, BY_HAND = "refs/heads/main", "refs/heads/by-hand"


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

    def remember(self, branch, number, *, approved):
        """Enter a request that is open, and perhaps about to be approved, into the ledger."""
        ledger = self.ledger
        ledger.heads[branch] = self.git("ls-remote", self.git.remote, branch).split()[0]
        ledger.numbers[branch] = number
        ledger.pushed.add(branch)
        ledger.opened.add(branch)
        if approved:
            ledger.approved.add(branch)

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


class Author(threading.Thread):
    """Opens requests, comments, has them approved; takes no silence for an answer."""

    def __init__(self, world, name, requests, chance):
        super().__init__(name=name, daemon=True)
        self.world, self.ledger = world, world.ledger
        self.requests, self.chance = requests, chance
        self.rest = 0.4  # the longest pause between two requests, in seconds
        self.enough = threading.Event()
        self.error = None

    def run(self):
        try:
            for number in range(self.requests):
                if self.enough.is_set():
                    return
                self.one(f"{self.name}-{number}", number)
                self.enough.wait(self.chance.uniform(0, self.rest))
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

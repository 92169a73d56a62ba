"""The first boat: `towpath serve` as a process, people with HTTP and git, and git as the judge.

Alice pushes branches that ask to be merged, Bob approves them, the gate decides; what is on main
afterwards is looked up in the bare repository with plain git and built again here.
"""

import re
import subprocess
import tempfile
import time

import pytest

from tests.kill.harness import GIT_ENV, NAME, OWNER, Server
from tests.kill.people import World

WORKFLOW = """\
name: test
on: merge_group
jobs:
  test:
    runs-on: self-hosted
    steps:
      - uses: actions/checkout@v4
      - run: sh test.sh
"""
TEST = """\
set -e
echo "looking for leaks"
test ! -e leak
test ! -e sun || test ! -e moon
"""
FILES = {".github/workflows/test.yml": WORKFLOW, "test.sh": TEST, "depth": "1.4 m\n"}
PATIENCE_SECONDS = 90


class Journey:
    """One server, one repository, and what became of its requests."""

    def __init__(self, world):
        self.world = world
        (self.bare,) = (world.server.data / "repositories").glob("*.git")

    def open(self, branch, **files):
        return self.world.open(branch, {n: f"{t}\n" for n, t in files.items()}, f"Add {branch}")

    def approve(self, *numbers):
        for number in numbers:
            self.world.approve(number)

    def queue(self):
        answer = self.world.alice.get(f"/api/towpath/v1/repos/{OWNER}/{NAME}/queue")
        return {request["number"]: request for request in answer["requests"]}

    def ended(self, *numbers):
        """Wait until all of them landed or were refused; what the queue says of them."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            queue = self.queue()
            if all(queue[number]["state"] in {"landed", "refused"} for number in numbers):
                return [queue[number] for number in numbers]
            assert time.monotonic() < until, self.world.server.tail()
            time.sleep(0.05)

    def said(self, number):
        comments = self.world.alice.get(f"{self.world.path}/issues/{number}/comments")
        return [c["body"] for c in comments if c["user"]["login"] == "towpath-gate"]

    def pull(self, number):
        return self.world.alice.get(f"{self.world.path}/pulls/{number}")

    def git(self, *words, code=0):
        command = ["git", "--git-dir", str(self.bare), *words]
        done = subprocess.run(command, env=GIT_ENV, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout.strip()

    def main(self):
        return self.git("rev-list", "--first-parent", "--reverse", "main").split()

    def passes(self, commit):
        """Build a commit here, from git alone."""
        with tempfile.TemporaryDirectory() as folder:
            tar = subprocess.run(
                ["git", "--git-dir", str(self.bare), "archive", commit],
                env=GIT_ENV, capture_output=True, check=True,
            )  # fmt: skip
            subprocess.run(["tar", "-x", "-C", folder], input=tar.stdout, check=True)
            return subprocess.run(["sh", "test.sh"], cwd=folder, check=False).returncode == 0


@pytest.fixture
def journey(store, stores, tmp_path):
    database = None if store == "sqlite" else stores.url(store, tmp_path)
    server = Server(tmp_path, database=database).start()
    try:
        yield Journey(World(server, tmp_path / "clone", FILES))
    finally:
        server.stop()
        if database:
            stores.drop(database)


def test_boats_travel_from_push_to_main_and_git_agrees(journey):
    good = journey.open("oar", oar="wood")
    conflict = journey.open("shallow", depth="1.2 m")
    red = journey.open("leak", leak="drip")
    sun, moon = journey.open("sun", sun="x"), journey.open("moon", moon="x")
    deep = journey.open("deep", depth="1.6 m")
    base = journey.main()[-1]

    journey.approve(deep)
    journey.ended(deep)
    journey.approve(good, conflict, red, sun, moon)
    lines = journey.ended(good, conflict, red, sun, moon)

    assert [line["state"] for line in lines] == [
        "landed", "refused", "refused", "landed", "refused",
    ]  # fmt: skip
    assert [(line["refused"] or {}).get("why") for line in lines] == [
        None, "conflict", "red", None, "red",
    ]  # fmt: skip
    check_main(journey, base, [deep, good, sun])
    check_refusals(journey, lines[1], lines[2], lines[4])
    check_words(journey, conflict, red, moon)


def check_main(journey, base, landed):
    """Main is the landed requests in order, each a merge of its head, each green."""
    first, *rest = journey.main()
    assert first == base
    assert len(rest) == len(landed)
    for before, commit, number in zip(journey.main(), rest, landed, strict=False):
        parents = journey.git("rev-list", "--parents", "-1", commit).split()[1:]
        assert parents == [before, journey.pull(number)["head"]["sha"]]
        tree = journey.git("merge-tree", "--write-tree", *parents)
        assert tree == journey.git("rev-parse", f"{commit}^{{tree}}")
        assert journey.passes(commit)
        assert journey.pull(number)["merged"]


def check_refusals(journey, conflict, red, moon):
    """Each refused one would have made main red, or cannot be merged."""
    journey.git(
        "merge-tree", "--write-tree", conflict["refused"]["onto"], conflict["head"], code=1
    )
    assert conflict["candidate"] is None
    for line in (red, moon):
        tested = journey.git("rev-parse", f"refs/towpath/gate/{line['number']}")
        assert tested == line["candidate"]
        assert journey.git("rev-parse", f"{tested}^1") == line["refused"]["onto"]
        assert not journey.passes(tested)


def check_words(journey, conflict, red, moon):
    (words,) = journey.said(conflict)
    assert "    depth" in words
    assert "    git merge origin/main" in words
    (words,) = journey.said(red)
    (run,) = re.findall(r"/runs/(\w+)", words)
    assert journey.world.alice.get(f"/api/towpath/v1/runs/{run}")["conclusion"] == "failure"
    assert "perhaps they do not work together" in journey.said(moon)[0]


def test_a_killed_server_forgets_nobody_in_the_queue(journey):
    numbers = [journey.open(name, **{name: "x"}) for name in ("oar", "sail", "rope")]
    journey.approve(*numbers)
    journey.world.server.kill(whole=False)
    journey.world.server.start()
    assert [line["state"] for line in journey.ended(*numbers)] == ["landed"] * 3
    assert len(journey.main()) == 4
    assert all(journey.passes(commit) for commit in journey.main())

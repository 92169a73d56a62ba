"""What must hold after any number of kills, looked up in git and through the API.

lost      something acknowledged is not there, or an approved request has no end
doubled   something happened twice: a landing, a comment, an approval, a word of the gate
untested  main holds a commit that is no tested merge of main and one request
"""

import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.kill.harness import GIT_ENV, NAME, OWNER, Unanswered

GATE = "towpath-gate"


@dataclass
class Findings:
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)

    def __bool__(self):
        return bool(self.lost or self.doubled or self.untested)

    def lines(self):
        return [
            f"{kind}: {line}"
            for kind in ("lost", "doubled", "untested")
            for line in getattr(self, kind)
        ]


class Bare:
    """The server's repository on disk, read with plain git."""

    def __init__(self, data: Path):
        (self.folder,) = (data / "repositories").glob("*.git")

    def __call__(self, *args):
        return self.run(*args).stdout.strip()

    def run(self, *args):
        command = ["git", "--git-dir", str(self.folder), *args]
        return subprocess.run(command, env=GIT_ENV, capture_output=True, text=True, check=False)

    def ref(self, name):
        return self("rev-parse", "--verify", "--quiet", f"refs/heads/{name}")

    def history(self, base, main):
        return self("rev-list", "--first-parent", "--reverse", f"{base}..{main}").split()

    def parents(self, commit):
        return self("rev-list", "--parents", "-1", commit).split()[1:]

    def contains(self, tip, commit):
        return self.run("merge-base", "--is-ancestor", commit, tip).returncode == 0


def until(holds, timeout):
    """Look again and again; whether it came to hold in time."""
    end = time.monotonic() + timeout
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def settle(world, timeout):
    """Wait until every approved request has landed or was refused; returns what is left."""
    until(lambda: is_decided(world), timeout)
    return undecided(world)


def is_decided(world):
    """Whether nothing is left to wait for; the server may still come back from its last death."""
    try:
        return not undecided(world)
    except Unanswered:
        return False


def undecided(world):
    requests = every_request(world)
    mine = {world.ledger.numbers[branch] for branch in world.ledger.approved}
    open_ones = [r["number"] for r in requests if r["state"] == "open" and r["number"] in mine]
    return [number for number in open_ones if not refused(world, number)]


def refused(world, number):
    """Whether the gate has said a last word about an open request."""
    path = f"/api/towpath/v1/repos/{OWNER}/{NAME}/queue/{number}"
    return world.alice.get(path)["request"]["state"] == "refused"


def every_request(world):
    return world.alice.every(f"{world.path}/pulls?state=all")


def check(world, undecided_numbers=()):
    """Compare the ledger with the world; the server is up and has settled."""
    bare, found = Bare(world.server.data), Findings()
    found.lost += world.ledger.broken
    found.lost += [f"request {number} has no end" for number in undecided_numbers]
    main = bare.ref("main")
    check_refs(world, bare, main, found)
    check_requests(world, bare, main, found)
    check_words(world, found)
    check_main(world, bare, main, found)
    return found


def check_refs(world, bare, main, found):
    for branch in world.ledger.pushed:
        if bare.ref(branch) != world.ledger.heads[branch]:
            found.lost.append(f"branch {branch} is not where its push left it")
    for tip in dict.fromkeys([world.base, *world.ledger.mains]):
        if not bare.contains(main, tip):
            found.lost.append(f"main no longer contains {tip[:10]}, which it once was")
    if bare.run("fsck", "--connectivity-only", "--no-dangling").returncode:
        found.lost.append("git fsck finds the repository broken")


def check_requests(world, bare, main, found):
    by_branch = Counter(r["head"]["ref"] for r in every_request(world))
    for branch in world.ledger.opened:
        if not by_branch[branch]:
            found.lost.append(f"the request of {branch}")
    for branch, times in by_branch.items():
        if times > 1:
            found.doubled.append(f"{times} requests of {branch}")
    merged = {r["head"]["sha"] for r in every_request(world) if r["merged_at"]}
    on_main = {parent for c in bare.history(world.base, main) for parent in bare.parents(c)[1:]}
    for head in merged ^ on_main:
        found.lost.append(f"git and the pages disagree whether {head[:10]} is merged")


def check_words(world, found):
    """An acknowledged text is there, no text is there twice, the gate repeats nothing."""
    said = Counter()
    for number in world.ledger.numbers.values():
        comments = world.alice.every(f"{world.path}/issues/{number}/comments")
        reviews = world.alice.every(f"{world.path}/pulls/{number}/reviews")
        said.update(c["body"] for c in (*comments, *reviews) if c["user"]["login"] != GATE)
        gate = Counter(c["body"] for c in comments if c["user"]["login"] == GATE)
        found.doubled += [
            f"the gate says {times} times in request {number}: {body[:60]!r}"
            for body, times in gate.items()
            if times > 1
        ]
    found.lost += [f"{text!r}" for text in world.ledger.acknowledged if text and not said[text]]
    found.doubled += [
        f"{text!r} {times} times" for text, times in said.items() if text and times > 1
    ]


def check_main(world, bare, main, found):
    before = world.base
    heads = {head: branch for branch, head in world.ledger.heads.items()}
    landed = Counter()
    for commit in bare.history(world.base, main):
        parents = bare.parents(commit)
        if commit in world.ledger.by_hand:
            before = commit
            continue
        if len(parents) != 2 or parents[0] != before or parents[1] not in heads:
            found.untested.append(f"{commit[:10]} is no merge of main and one request")
        elif not is_plain_merge(bare, commit, parents):
            found.untested.append(f"{commit[:10]} is more than the merge of its parents")
        if not was_green(world, commit):
            found.untested.append(f"{commit[:10]} has no green run on exactly that commit")
        if not passes(bare, commit):
            found.untested.append(f"{commit[:10]} is red when checked here")
        landed.update(parents[1:])
        before = commit
    found.doubled += [f"{heads.get(h, h)} landed {n} times" for h, n in landed.items() if n > 1]


def is_plain_merge(bare, commit, parents):
    done = bare.run("merge-tree", "--write-tree", *parents)
    return done.stdout.split("\n", 1)[0] == bare("rev-parse", f"{commit}^{{tree}}")


def was_green(world, commit):
    runs = world.alice.get(f"/api/towpath/v1/runs?repository={OWNER}/{NAME}&sha={commit}")
    return any(run["sha"] == commit and run["conclusion"] == "success" for run in runs)


def passes(bare, commit):
    with tempfile.TemporaryDirectory() as folder:
        index = ["env", f"GIT_INDEX_FILE={folder}.index"]
        git = [*index, "git", "--git-dir", str(bare.folder)]
        subprocess.run([*git, "read-tree", commit], env=GIT_ENV, check=True)
        command = [*git, "--work-tree", folder, "checkout-index", "--all"]
        subprocess.run(command, env=GIT_ENV, check=True)
        Path(f"{folder}.index").unlink()
        check = subprocess.run(
            ["sh", "check.sh"], cwd=folder, env=GIT_ENV, capture_output=True, check=False
        )
        return check.returncode == 0

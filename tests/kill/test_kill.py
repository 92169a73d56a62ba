"""kill -9 at random moments: nothing acknowledged is lost, nothing lands twice or untested.

`make test-all KILLS=n SEED=s` kills n times and adds a row for each store to
docs/reference/kills.md; `make test` kills a few times on each store.
"""

import os
import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.kill import checks
from tests.kill.people import World, authors

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "docs/reference/kills.md"
KILLS = int(os.environ.get("KILLS", "50"))
SEED = os.environ.get("SEED", "1")
KILLS_PER_WORLD = 50
LONGEST_PAUSE = 0.8
LONGEST_WAIT = 3.0
SETTLE_SECONDS = 240


@dataclass
class Result:
    kills: Counter = field(default_factory=Counter)
    requests: int = 0
    landed: int = 0
    slowest_start: float = 0.0
    seconds: float = 0.0
    findings: list[checks.Findings] = field(default_factory=list)

    def count(self, kind):
        return sum(len(getattr(found, kind)) for found in self.findings)

    def lines(self):
        return [line for found in self.findings for line in found.lines()]


def kill_a_world(town, kills, seed, result):
    """One installation and its people through so many deaths, then a look at what is left."""
    chance, until = random.Random(seed), result.kills.total() + kills
    kill_the_first_start(town, chance, result)
    world = World(town.begin().server, town.folder / "clone")
    team = authors(world, 2, 2 + kills // 6, seed)
    for author in team:
        author.start()
    while result.kills.total() < until:
        time.sleep(chance.uniform(0.02, LONGEST_PAUSE))
        world.ledger.mains.append(checks.Bare(town.server.data).ref("main"))
        kind = victim(town, chance)
        result.kills[kind] += town.kill(kind, chance)
    judge(world, team, result, town)
    result.slowest_start = max(result.slowest_start, town.slowest_start())


def kill_the_first_start(town, chance, result):
    """The very first start, which makes tables and the first administrator, may be cut, too."""
    town.server.launch()
    time.sleep(chance.uniform(0.5, 2.5))
    town.server.kill(whole=True)
    result.kills["server"] += 1


def victim(town, chance):
    """Any kind, if it is up soon; now and then one that has only begun to start."""
    kind = chance.choice([*town.members])
    if chance.random() < 0.1:
        return kind
    if not checks.until(lambda: town.is_up(kind), LONGEST_WAIT):
        kind = "runner"
    return kind


def judge(world, team, result, town):
    for author in team:
        author.join(SETTLE_SECONDS)
        if author.is_alive() or author.error:
            raise AssertionError(f"{author.name} got stuck: {author.error!r}") from author.error
    left = checks.settle(world, SETTLE_SECONDS)
    found = checks.check(world, left)
    result.findings.append(found)
    result.requests += len(world.ledger.heads)
    bare = checks.Bare(world.server.data)
    result.landed += len(bare.history(world.base, bare.ref("main")))
    if found:
        print("\n".join(found.lines()), town.tail(), sep="\n\n")


def run(new_town, kills, seed):
    result, began = Result(), time.monotonic()
    for number, first in enumerate(range(0, kills, KILLS_PER_WORLD)):
        town = new_town()
        kill_a_world(town, min(KILLS_PER_WORLD, kills - first), f"{seed}/{number}", result)
        town.stop()
    result.seconds = time.monotonic() - began
    return result


def test_a_few_kills_lose_double_and_smuggle_nothing(new_town):
    result = run(new_town, 3, SEED)
    assert result.lines() == []
    assert result.landed


@pytest.mark.slow
def test_many_kills_lose_double_and_smuggle_nothing(new_town, store):
    result = run(new_town, KILLS // 2, SEED)
    note(result, store)
    print(f"\n{result.kills} kills on {store}: {result}")
    assert result.lines() == []


def version():
    """What git calls the code that was killed; the record itself may have changed since."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run(
        [*git, "describe", "--always", "--abbrev=10"], capture_output=True, text=True, check=False
    ).stdout.strip()
    record = f":!{RECORD.relative_to(ROOT)}"
    clean = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", ".", record], check=False)
    return f"{commit or 'unknown'}{'-dirty' if clean.returncode else ''}"


def note(result, store):
    """Add a row to the record."""
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    cells = [
        day,
        version(),
        store,
        SEED,
        result.kills.total(),
        ", ".join(f"{kind} {count}" for kind, count in sorted(result.kills.items())),
        result.requests,
        result.landed,
        *(result.count(kind) for kind in ("lost", "doubled", "untested")),
        f"{result.slowest_start:.1f}",
        f"{result.seconds:.0f}",
    ]
    with RECORD.open("a") as record:
        record.write(f"| {' | '.join(str(cell) for cell in cells)} |\n")

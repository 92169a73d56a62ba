"""Several hosts for real: cables are pulled, processes stopped and killed, PostgreSQL restarted.

While two people work through two web processes, one disturbance follows another. After each, both
web processes must answer and a fresh request must land, behind those already in line; how long
that takes is printed beside what it takes in peace.
"""

import contextlib
import signal
import time

import pytest

from tests.hosts.fleet import Fleet, Journey, twice_reported
from tests.hosts.network import why_not
from tests.kill import checks
from tests.kill.harness import Unanswered
from tests.kill.people import authors

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
RECOVERY_SECONDS = 90
SETTLE_SECONDS = 180


@pytest.fixture
def fleet():
    if reason := why_not():
        pytest.skip(f"NO HOSTS CAN BE MADE HERE: {reason}")
    made = Fleet()
    yield made
    made.remove()


def cut(fleet, name, seconds):
    fleet.network.cut(name)
    time.sleep(seconds)
    fleet.network.join(name)


def hold(fleet, name, seconds):
    fleet.freeze(name)
    time.sleep(seconds)
    fleet.thaw(name)


def kill(fleet, name, seconds):
    fleet.kill(name)
    time.sleep(seconds)
    fleet.start(name)


def restart(fleet, mode, seconds):
    fleet.database.stop(mode)
    time.sleep(seconds)
    fleet.database.start()


DISTURBANCES = [
    ("link of a web process cut", cut, "web2", 10),
    ("link of a worker cut", cut, "worker1", 20),
    ("link of a runner cut", cut, "runner1", 20),
    ("link of PostgreSQL cut", cut, "database", 8),
    ("link of PostgreSQL cut for longer than calls wait", cut, "database", 25),
    ("web process stopped", hold, "web1", 8),
    ("worker stopped for longer than its leases", hold, "worker2", 40),
    ("runner stopped for longer than its leases", hold, "runner2", 20),
    ("web process killed", kill, "web2", 1),
    ("worker killed", kill, "worker1", 1),
    ("runner killed", kill, "runner1", 1),
    ("PostgreSQL restarted fast", restart, signal.SIGINT, 1),
    ("PostgreSQL restarted immediately", restart, signal.SIGQUIT, 1),
]


def answers(api):
    """Whether a web process serves: what it reads comes from the database."""
    with contextlib.suppress(Unanswered, AssertionError):
        return api.call("GET", "/api/v3/user", timeout=2)[0] == 200
    return False


def recover(fleet, branch):
    """Seconds until both web processes answer, and until a fresh request has landed."""
    began = time.monotonic()
    for world in (fleet.world, fleet.world_by("web2")):
        assert checks.until(lambda world=world: answers(world.alice), RECOVERY_SECONDS)
    answered = time.monotonic() - began
    landed = Journey(fleet.world, branch, RECOVERY_SECONDS).seconds()
    assert landed is not None, f"no request landed in {RECOVERY_SECONDS} s"
    return answered, answered + landed


def tell(what, times):
    print(f"{what:52}{times[0]:7.1f} s until answers{times[1]:7.1f} s until landed", flush=True)


def test_nothing_is_lost_or_done_twice_whatever_happens_to_hosts(fleet):
    fleet.begin()
    world, other = fleet.world, fleet.world_by("web2")
    team = [*authors(world, 1, 40, "one"), *authors(other, 1, 40, "two")]
    print()
    for author in team:
        author.rest = 12
        author.start()
    tell("in peace", recover(fleet, "peace"))
    for number, (what, disturb, *about) in enumerate(DISTURBANCES):
        world.ledger.mains.append(checks.Bare(fleet.data).ref("main"))
        disturb(fleet, *about)
        tell(what, recover(fleet, f"fresh-{number}"))
    for author in team:
        author.enough.set()
        author.join(60)
    left = checks.settle(world, SETTLE_SECONDS)
    found = checks.check(world, left)
    assert found.lines() == []
    assert twice_reported(world) == []
    bare = checks.Bare(fleet.data)
    landed = bare.history(world.base, bare.ref("main"))
    print(f"{len(world.ledger.heads)} requests, {len(landed)} landed, nothing lost or doubled")

"""The kill suite's own checks catch each planted bug, and find nothing where there is none."""

from pathlib import Path

import pytest

from tests.kill import checks
from tests.kill.harness import PROGRAM, answer
from tests.kill.people import World

PLANTS = str(Path(__file__).with_name("plants.py"))
SETTLE_SECONDS = 60


class Moment:
    """A place in the planted code where the server waits for the test."""

    def __init__(self, server, name):
        self.armed, self.here = (server.data / f"{name}.{end}" for end in ("armed", "here"))

    def arm(self):
        self.here.unlink(missing_ok=True)
        self.armed.touch()

    def reached(self):
        assert checks.until(self.here.exists, SETTLE_SECONDS)

    def go_on(self):
        self.armed.unlink()


@pytest.fixture
def planted(new_server):
    """planted("push-without-lease") gives a world on a server with that bug."""

    def start(plant):
        server = new_server((PLANTS, plant))
        return World(server.start(), server.data.parent / "clone")

    return start


def restart_without_bug(world):
    world.server.kill(whole=True)
    world.server.program = PROGRAM
    for armed in world.server.data.glob("*.armed"):
        armed.unlink()
    world.server.start()


def findings(world):
    return checks.check(world, checks.settle(world, SETTLE_SECONDS))


def good_request(world, *, approved=False):
    number = world.open("good", {"part": "x\n"}, "A good one")
    world.remember("good", number, approved=approved)
    return number


def test_acknowledging_before_the_commit_is_caught(planted):
    world = planted("acknowledge-before-commit")
    number = good_request(world)
    moment = Moment(world.server, "commit")
    moment.arm()
    said = {"body": "Acknowledged, but is it kept?"}
    answer(world.alice, "POST", f"{world.path}/issues/{number}/comments", said)
    world.ledger.acknowledged.add(said["body"])
    restart_without_bug(world)
    assert findings(world).lost == [repr(said["body"])]


@pytest.mark.parametrize("plant", ["pause-before-landing", "push-without-lease"])
def test_pushing_without_a_lease_is_caught(planted, plant):
    world = planted(plant)
    moment = Moment(world.server, "landing")
    moment.arm()
    world.approve(good_request(world, approved=True))
    moment.reached()
    rival = world.push_by_hand({"by-hand": "x\n"})
    moment.go_on()
    found = findings(world)
    told = [f"main no longer contains {rival[:10]}, which it once was"]
    assert found.lost == (told if plant == "push-without-lease" else [])
    assert not found.doubled
    assert not found.untested


def test_sending_before_the_row_is_caught(planted):
    world = planted("send-before-row")
    number = good_request(world)
    moment = Moment(world.server, "sent")
    moment.arm()
    answer(world.alice, "POST", f"{world.path}/issues/{number}/comments", {"body": "/help"})
    moment.reached()
    restart_without_bug(world)
    assert checks.until(lambda: findings(world).doubled, SETTLE_SECONDS)
    (told,) = findings(world).doubled
    assert told.startswith(f"the gate says 2 times in request {number}")

"""A disk that is full, or that writes no more: told in words, and nothing acknowledged is lost."""

import pytest

from tests.faults.conftest import must
from tests.kill import checks
from tests.kill.harness import Api, Git, answer
from tests.kill.people import World

pytestmark = pytest.mark.slow
SETTLE_SECONDS = 90


def world_on(disk, serve, folder, program=None):
    return World(serve(program, data=disk.path / "data"), folder / "clone")


def say_until_refused(world, number):
    """Comments until one is not taken; each that is acknowledged goes into the ledger."""
    path = f"{world.path}/issues/{number}/comments"
    for count in range(500):
        text = f"Comment {count}: {'long ' * 500}"
        status, said = world.alice.call("POST", path, {"body": text}, key=f"said-{count}")
        if status != 201:
            return status, said, text
        world.ledger.acknowledged.add(text)
    return None, {}, ""


def opened(world):
    number = world.open("early", {"part": "x\n"}, "Opened while all was well")
    world.remember("early", number, approved=False)
    return number


def push(world, branch):
    head = world.git.commit(world.base, {branch: "x\n" * 50_000}, branch)
    return world.git.run("push", "--quiet", world.git.remote, f"{head}:refs/heads/{branch}")


def test_a_nearly_full_disk_refuses_pushes_before_it_is_full(disk, serve, folder):
    """The product asks for 256 MB, which this disk never had."""
    server = serve(data=disk.path / "data")
    api = Api(server.url, server.bootstrap["token"])
    answer(api, "POST", "/api/v3/user/repos", {"name": "boats"})
    must("git", "init", "-q", folder / "clone")
    git = Git(folder / "clone", f"{server.url}/admin/boats.git", api.token)
    refused = git.run("push", git.remote, f"{git.commit(None, {'a': 'x'}, 'x')}:refs/heads/main")
    assert refused.returncode
    assert "The server's disk is almost full" in refused.stderr


def test_a_full_disk_is_told_and_once_there_is_room_work_goes_on(disk, serve, folder):
    world = world_on(disk, serve, folder, "no-reserve")
    number = opened(world)
    ballast = disk.fill()
    status, said, text = say_until_refused(world, number)
    assert status == 503, said
    assert "The database could not write" in said["detail"]
    assert "Free or repair the disk" in said["next_step"]
    refused = push(world, "late")
    assert refused.returncode
    assert "Traceback" not in refused.stderr
    world.alice.get(f"{world.path}/pulls/{number}")
    ballast.unlink()
    path = f"{world.path}/issues/{number}/comments"
    answer(world.alice, "POST", path, {"body": text})
    world.ledger.acknowledged.add(text)
    assert push(world, "late").returncode == 0
    world.ledger.approved.add("early")
    world.approve(number)
    found = checks.check(world, checks.settle(world, SETTLE_SECONDS))
    assert found.lines() == []
    assert world.alice.get(f"{world.path}/pulls/{number}")["merged_at"]


def test_a_swallowed_full_disk_is_caught(disk, serve, folder):
    world = world_on(disk, serve, folder, "swallowed-full-disk")
    number = opened(world)
    ballast = disk.fill()
    say_until_refused(world, number)
    ballast.unlink()
    assert checks.check(world).lost


def test_a_disk_that_writes_no_more_is_told_and_after_its_repair_all_is_there(disk, serve, folder):
    world = world_on(disk, serve, folder, "no-reserve")
    number = opened(world)
    disk.break_down()
    status, said, _ = say_until_refused(world, number)
    assert status == 503, said
    assert "Free or repair the disk" in said["next_step"]
    assert push(world, "late").returncode
    world.alice.get(f"{world.path}/pulls/{number}")
    world.server.kill(whole=True)
    with pytest.raises(AssertionError, match="did not start"):
        world.server.start()
    assert "Traceback" not in world.server.said()
    assert "cannot be written" in world.server.said()
    disk.repair()
    world.server.start()
    world.ledger.approved.add("early")
    world.approve(number)
    assert checks.check(world, checks.settle(world, SETTLE_SECONDS)).lines() == []

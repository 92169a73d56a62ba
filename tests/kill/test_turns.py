"""kill -9 while runs take turns: never two at once, and all of them have theirs."""

from itertools import pairwise

import pytest

from tests.kill.checks import until
from tests.kill.people import World

PUSHES = 4
WORKFLOW = """\
on: push
concurrency: {group: dock, queue: max}
jobs:
  a:
    runs-on: self-hosted
    steps: [{run: "echo in; sleep 1; echo out"}]
"""


@pytest.mark.slow
@pytest.mark.parametrize("whole", [True, False])
def test_runs_that_take_turns_never_meet_and_none_is_forgotten(new_server, whole):
    server = new_server()
    world = World(
        server.start(), server.data.parent / "clone", {".towpath/workflows/m.yml": WORKFLOW}
    )
    for number in range(PUSHES - 1):
        world.git("push", "--quiet", world.git.remote, f"{world.base}:refs/heads/topic-{number}")

    def runs():
        found = world.admin.get("/api/towpath/v1/runs")
        return [world.admin.get(f"/api/towpath/v1/runs/{each['id']}") for each in found]

    def ended():
        return sum(each["state"] == "finished" for each in runs())

    for reached in (1, 2):
        assert until(lambda: ended() >= reached, 120)  # noqa: B023 - called at once
        server.kill(whole=whole)
        server.start()
    assert until(lambda: len(runs()) >= PUSHES and ended() == len(runs()), 240)
    spans = sorted((each["jobs"][0]["started"], each["jobs"][0]["finished"]) for each in runs())
    assert {each["conclusion"] for each in runs()} == {"success"}
    for before, after in pairwise(spans):
        assert before[1] <= after[0]

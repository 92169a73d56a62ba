"""kill -9 in the middle of a matrix: every combination has one job with one result."""

import pytest

from tests.kill.checks import until
from tests.kill.people import World

SIZE = 6
WORKFLOW = f"""\
on: push
jobs:
  list:
    runs-on: self-hosted
    outputs: {{numbers: "${{{{ steps.count.outputs.numbers }}}}"}}
    steps: [{{id: count, run: 'echo "numbers=[$(seq -s, {SIZE})]" >> $GITHUB_OUTPUT'}}]
  each:
    needs: list
    runs-on: self-hosted
    strategy:
      max-parallel: 2
      matrix: {{number: "${{{{ fromJSON(needs.list.outputs.numbers) }}}}"}}
    steps: [{{run: "sleep 1; echo number ${{{{ matrix.number }}}}"}}]
  last:
    needs: each
    runs-on: self-hosted
    steps: [{{run: "echo ${{{{ needs.each.result }}}}"}}]
"""


@pytest.mark.slow
@pytest.mark.parametrize("whole", [True, False])
def test_nothing_of_a_matrix_is_lost_or_doubled(new_server, whole):
    server = new_server()
    world = World(
        server.start(), server.data.parent / "clone", {".towpath/workflows/m.yml": WORKFLOW}
    )

    def jobs():
        runs = world.admin.get("/api/towpath/v1/runs")
        return world.admin.get(f"/api/towpath/v1/runs/{runs[0]['id']}")["jobs"] if runs else []

    def ended():
        return sum(job["key"] == "each" and job["state"] == "finished" for job in jobs())

    for reached in (1, 3):
        assert until(lambda: ended() >= reached, 120)  # noqa: B023 - called at once
        server.kill(whole=whole)
        server.start()
    assert until(lambda: jobs() and all(job["state"] == "finished" for job in jobs()), 240)
    found = jobs()
    assert [job["name"] for job in found] == [
        "list", *(f"each ({number})" for number in range(1, SIZE + 1)), "last",
    ]  # fmt: skip
    assert {job["conclusion"] for job in found} == {"success"}
    for number, job in enumerate(found[1:-1], 1):
        log = world.admin.text(job["log_url"].removeprefix(server.url))
        assert log.count(f"\nnumber {number}\n") == 1

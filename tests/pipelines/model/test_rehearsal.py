"""What a run would do, without running it."""

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.levels import World
from towpath.pipelines.model.rehearsal import rehearse
from towpath.pipelines.model.run import Job

FILE = b"""
on: push
jobs:
  list: {runs-on: x, steps: [{run: x}]}
  known: {runs-on: x, strategy: {matrix: {v: [1, 2]}}, steps: [{run: x}]}
  later:
    needs: [list, known]
    runs-on: x
    strategy: {matrix: {v: "${{ fromJSON(needs.list.outputs.v) }}"}}
    steps: [{run: x}]
  never: {needs: list, if: failure(), runs-on: x, steps: [{run: x}]}
  wrong: {runs-on: "${{ github.none }}", steps: [{run: x}]}
  after: {needs: later, runs-on: x, steps: [{run: x}]}
  asks: {needs: list, if: "needs['list'].outputs.v == 'x'", runs-on: x, steps: [{run: x}]}
  sees: {needs: list, if: "needs.list.result == 'success'", runs-on: x, steps: [{run: x}]}
"""


def test_each_job_has_its_fate_and_what_cannot_be_known_is_open():
    specs = parse(FILE, "ci.yml").jobs
    jobs = [
        Job(id=spec.id, run="r", position=n, name=spec.id, spec=spec)
        for n, spec in enumerate(specs)
    ]
    parts = rehearse(jobs, World({"ref": "main"}))
    assert [(part.job.name, part.fate) for part in parts] == [
        ("list", "runs"), ("known (1)", "runs"), ("known (2)", "runs"), ("later", "open"),
        ("never", "skipped"), ("wrong", "failure"), ("after", "runs"), ("asks", "open"),
        ("sees", "runs"),
    ]  # fmt: skip
    assert (
        next(part.why for part in parts if part.fate == "failure") == "`runs-on` gives no label."
    )

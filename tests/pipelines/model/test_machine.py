"""What a machine without a server makes of a workflow."""

import pytest

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model import machine
from towpath.pipelines.model.workflow import Job, Variant

TEXT = """
on: push
concurrency: one
jobs:
  test: {runs-on: x, permissions: {contents: write}, steps: [{run: "true"}]}
  deploy: {runs-on: x, needs: test, container: alpine, steps: [{run: "true"}]}
  tell: {runs-on: x, needs: deploy, steps: [{run: "true"}]}
"""


def test_what_means_nothing_without_a_server_is_no_reason_to_refuse():
    read = machine.settled(parse(TEXT.encode(), "ci.yml"))
    assert [problem.key for problem in read.refusals] == ["container"]


def test_jobs_that_can_run_alone_are_named():
    assert machine.runnable(machine.settled(parse(TEXT.encode(), "ci.yml"))) == ["test"]


@pytest.mark.parametrize(
    ("labels", "here"),
    [(("ubuntu-latest",), True), (("macOS-14",), False), (("self-hosted", "Windows"), False)],
)
def test_a_job_for_another_system_is_not_run_here(labels, here):
    assert (machine.elsewhere(Job(id="a", line=1, runs_on=labels)) == "") is here


@pytest.mark.parametrize(
    ("wanted", "left_out"),
    [({"v": "3.12"}, False), ({"v": "3.11"}, True), ({"n": "3"}, False), ({"other": "x"}, False)],
)
def test_one_of_a_matrix_is_asked_for_by_its_values(wanted, left_out):
    job = Job(id="a", line=1, variant=Variant({"v": "3.12", "n": 3.0}, 0, 1))
    assert bool(machine.left_out(job, wanted)) is left_out

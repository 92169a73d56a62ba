"""What `towpath run` says."""

from dataclasses import replace

import pytest

from towpath.pipelines.cli.telling import Telling, label_of
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.execution import StepReport
from towpath.pipelines.model.run import Job
from towpath.pipelines.model.workflow import Variant

FILE = b"""
on: push
jobs:
  a: {runs-on: x, steps: [{run: x}]}
  bb: {runs-on: x, steps: [{run: x}]}
"""


@pytest.fixture
def workflow():
    return parse(FILE, "ci.yml")


def job(spec, **rest):
    return Job(id=spec.id, run="r", position=0, name=f"{spec.id} (1)", spec=spec, **rest)


def test_lines_of_jobs_bear_their_names_and_wait_until_they_are_whole(workflow, capsys):
    watch = Telling(workflow, quiet=False).watch()
    first, second = map(job, workflow.jobs)
    watch.output(first, b"one\ntw")
    watch.output(second, b"other\n")
    watch.output(first, b"o\n")
    assert capsys.readouterr().out == "a  │ one\nbb │ other\na  │ two\n"


def test_the_last_line_is_said_even_without_an_end(workflow, capsys):
    watch = Telling(workflow, quiet=False).watch()
    ended = job(workflow.jobs[0], conclusion="failure", why="It broke.")
    watch.output(ended, b"rest")
    watch.step(ended, StepReport(number=1, state="finished", conclusion="failure", log_from=0))
    watch.ended(ended, 61.0)
    said = capsys.readouterr().out
    assert "a  │ rest\n" in said
    assert "✗ job a failed: It broke.  1 min 1 s" in said


def test_a_variant_is_called_by_its_name_and_a_job_by_its_key(workflow):
    plain = workflow.jobs[0]
    assert label_of(job(plain)) == "a"
    assert label_of(job(replace(plain, variant=Variant({"v": 1}, 0, 2)))) == "a (1)"

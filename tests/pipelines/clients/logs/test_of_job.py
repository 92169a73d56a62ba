"""The log of a job's current attempt."""

from dataclasses import replace

import pytest

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.clients.logs import of_job
from towpath.pipelines.model import workflow
from towpath.pipelines.model.run import Job

JOB = Job(
    id="job_" + "0" * 26, run="run_" + "0" * 26, position=0, name="a", attempt=1,
    spec=workflow.Job(id="a", line=1),
)  # fmt: skip


def test_a_new_attempt_begins_a_new_log(kernel):
    of_job.append_log(kernel, JOB, 0, b"first\n")
    again = replace(JOB, attempt=2)
    assert of_job.log_size(kernel, again) == 0
    of_job.append_log(kernel, again, 0, b"second\n")
    assert of_job.read_log(kernel, JOB, 0, 99) == b"first\n"
    assert of_job.read_log(kernel, again, 0, 99) == b"second\n"


def test_lines_are_found_by_number_and_from_the_end(kernel):
    of_job.append_log(kernel, JOB, 0, b"one\ntwo\nthree\n")
    assert of_job.line_start(kernel, JOB, 3) == 8
    assert of_job.line_number(kernel, JOB, 8) == 3
    last = of_job.log_lines(kernel, JOB, 0, 14, most=1, last=True)
    assert [(line.number, line.text) for line in last.lines] == [(3, b"three")]


def test_an_offset_below_zero_is_refused(kernel):
    with pytest.raises(InvalidInput):
        of_job.append_log(kernel, JOB, -1, b"x")

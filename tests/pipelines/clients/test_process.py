"""The local runner as a process: started, started again, stopped, never left behind."""

import os
import signal
from pathlib import Path

import pytest

from tests.pipelines.docks import until
from towpath.kernel.access import service as access
from towpath.pipelines.clients import process
from towpath.pipelines.model.execution import RUNNER_USER

JOB = "  a:\n    runs-on: linux\n    steps:\n"


@pytest.fixture
def local(dock):
    made = process.local_runner(dock.kernel, dock.kernel.url)
    made.start()
    yield made
    made.stop(10)


def pid_of(local):
    return until(lambda: local._process and local._process.poll() is None and local._process.pid)


def test_it_runs_jobs_and_starts_again_when_it_dies(dock, start, local):
    run = start(JOB + "      - run: echo hello\n")
    assert dock.finished(run)["conclusion"] == "success"
    first = pid_of(local)
    os.kill(first, signal.SIGKILL)
    until(lambda: local._process.pid != first and pid_of(local))
    run = start(JOB + "      - run: echo again\n", key="again")
    assert dock.finished(run)["conclusion"] == "success"


def test_stopped_it_gives_its_job_back_and_takes_its_token_back(dock, start, local):
    run = start(JOB + "      - run: echo begun; sleep 600\n")
    until(lambda: "begun" in dock.log(run, "a"))
    pid = pid_of(local)
    local.stop(30)
    assert dock.job(run, "a")["state"] == "queued"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    held = dock.kernel.db.read(lambda tx: access.tokens(tx, RUNNER_USER))
    assert [token.name for token in held if token.name == "local runner"] == []


def test_its_command_line_and_environment_hold_no_token(dock, local):
    pid = pid_of(local)
    line = Path(f"/proc/{pid}/cmdline").read_bytes()
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"tow_" not in line + environment
    words = line.decode().split("\0")
    until(lambda: not Path(words[words.index("--token-file") + 1]).exists())


def test_how_well_jobs_are_walled_off_is_tried_for_real():
    found = process.walls()
    assert found.level in {"namespaces", "none"}
    assert found.why


def test_tokens_of_long_ago_are_forgotten(kernel, clock):
    process._make_token(kernel)
    process.forget_old_tokens(kernel)
    assert len(kernel.db.read(lambda tx: access.tokens(tx, RUNNER_USER))) == 1
    clock.advance(2 * 86_400)
    process.forget_old_tokens(kernel)
    assert kernel.db.read(lambda tx: access.tokens(tx, RUNNER_USER)) == []

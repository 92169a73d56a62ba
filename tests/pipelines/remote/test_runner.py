"""The runner against a server of a few lines: what it takes, gives back, and when it ends."""

import queue
import threading

import pytest

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.execution import Assignment, Source
from towpath.pipelines.remote import runner as running
from towpath.pipelines.remote.box import Isolation
from towpath.pipelines.remote.wire import Answer, Away, LeaseLost, Rejected

WAIT = 20


class Server:
    """Hands out what a test puts in, and keeps what comes back."""

    url = "http://127.0.0.1:9"

    def __init__(self):
        self.jobs = queue.Queue()
        self.outcomes = queue.Queue()
        self.logs = {}
        self.cancel = set()
        self.lost = set()
        self.trouble = None
        self.claims = 0

    def claim(self, _runner, _labels, _lease):
        self.claims += 1
        if self.trouble:
            raise self.trouble
        try:
            return self.jobs.get(timeout=0.05)
        except queue.Empty:
            return None

    def follow(self, _job, _trace):
        """Traces have tests of their own."""

    def log(self, job, _lease, offset, chunk):
        self._check(job)
        self.logs[job] = self.logs.get(job, b"")[:offset] + chunk
        return Answer(job in self.cancel, len(self.logs[job]))

    def steps(self, job, _lease, _reports):
        self._check(job)
        return Answer(job in self.cancel)

    def heartbeat(self, job, _lease):
        self._check(job)
        threading.Event().wait(0.02)
        return Answer(job in self.cancel)

    def finish(self, job, _lease, outcome):
        self._check(job)
        self.outcomes.put((job, outcome))

    def close(self):
        pass

    def _check(self, job):
        if job in self.lost:
            raise LeaseLost("taken over")


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def runner(server, tmp_path, monkeypatch):
    """Two slots, no walls: they have tests of their own."""
    monkeypatch.setattr(running.boxes, "detect", lambda: Isolation("none", "for a test"))
    options = running.Options(
        name="r", labels=("x",), slots=2, work=tmp_path, tool_paths=(), patience=0.5
    )
    made = running.Runner(server, options)
    thread = threading.Thread(target=made.run)
    thread.start()
    made.thread = thread
    yield made
    made.stop()
    thread.join(WAIT)
    assert not thread.is_alive()


def given(name, script):
    text = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{{run: '{script}'}}]\n"
    return Assignment(
        job=name, run="r", attempt=1, lease="l" * 40, name="a",
        spec=parse(text.encode(), "ci.yml").jobs[0], env={},
        github={"repository": "alice/boat", "sha": "1" * 40}, needs={},
        source=Source(path="/alice/boat.git"),
    )  # fmt: skip


def test_jobs_run_beside_each_other_and_leave_nothing_behind(server, runner, tmp_path):
    server.jobs.put(given("one", "echo hello; pwd"))
    server.jobs.put(given("two", "exit 1"))
    ended = dict(server.outcomes.get(timeout=WAIT) for _ in range(2))
    assert (ended["one"].conclusion, ended["two"].conclusion) == ("success", "failure")
    assert b"\nhello\n" in server.logs["one"]
    assert b"/boat\n" in server.logs["one"]
    assert ended["one"].log_bytes == len(server.logs["one"])
    runner.drain()
    runner.thread.join(WAIT)
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_job_is_reported_as_cancelled(server, runner):
    server.cancel.add("one")
    server.jobs.put(given("one", "sleep 600"))
    assert server.outcomes.get(timeout=WAIT)[1].conclusion == "cancelled"


def test_a_job_that_was_taken_over_is_ended_and_not_reported(server, runner):
    server.jobs.put(given("one", "echo begun; sleep 600"))
    while b"begun" not in server.logs.get("one", b""):
        threading.Event().wait(0.02)
    server.lost.add("one")
    server.jobs.put(given("two", "true"))
    assert server.outcomes.get(timeout=WAIT)[0] == "two"
    runner.drain()
    runner.thread.join(WAIT)
    assert server.outcomes.empty()


def test_a_stopped_runner_gives_its_jobs_back(server, runner):
    server.jobs.put(given("one", "echo begun; sleep 600"))
    while b"begun" not in server.logs.get("one", b""):
        threading.Event().wait(0.02)
    runner.stop()
    assert server.outcomes.get(timeout=WAIT)[1].conclusion == "released"
    runner.thread.join(WAIT)
    assert not runner.thread.is_alive()


def test_a_drained_runner_finishes_what_runs_and_claims_no_more(server, runner):
    server.jobs.put(given("one", "echo begun; sleep 1; echo done"))
    while b"begun" not in server.logs.get("one", b""):
        threading.Event().wait(0.02)
    runner.drain()
    assert server.outcomes.get(timeout=WAIT)[1].conclusion == "success"
    runner.thread.join(WAIT)
    assert not runner.thread.is_alive()


def test_a_runner_without_a_server_ends_by_itself(server, runner):
    server.trouble = Away("gone")
    runner.thread.join(WAIT)
    assert not runner.thread.is_alive()
    assert runner.rejected == ""


def test_a_runner_that_is_not_wanted_ends_and_says_why(server, runner):
    server.trouble = Rejected("This token is not a runner's.")
    runner.thread.join(WAIT)
    assert runner.rejected == "This token is not a runner's."


def test_a_checkout_that_fails_is_the_jobs_failure(server, runner):
    text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{uses: actions/checkout@v4}]\n"
    spec = parse(text.encode(), "ci.yml").jobs[0]
    job = given("one", "true")
    server.jobs.put(Assignment(**{**vars(job), "spec": spec}))
    assert server.outcomes.get(timeout=WAIT)[1].conclusion == "failure"

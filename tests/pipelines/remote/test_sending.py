"""What the server hears of a job: all of it, in order, whatever happens to the server."""

import threading

import pytest

from towpath.pipelines.model import workflow
from towpath.pipelines.model.execution import Assignment, Outcome, Source, StepReport
from towpath.pipelines.remote.sending import Abandoned, Sender
from towpath.pipelines.remote.spool import Spool
from towpath.pipelines.remote.wire import Answer, Away, LeaseLost

GIVEN = Assignment(
    job="j", run="r", attempt=1, lease="l", name="a", spec=workflow.Job(id="a", line=1), env={},
    github={}, needs={}, source=Source(path="/a.git"),
)  # fmt: skip


class Server:
    """Keeps what it is told, and is away or unwilling when a test says so."""

    def __init__(self):
        self.log_bytes = b""
        self.told = []
        self.away = 0
        self.lost = False
        self.cancel = False
        self.alive = threading.Event()

    def _meet(self):
        if self.lost:
            raise LeaseLost("another has it")
        if self.away:
            self.away -= 1
            raise Away("restarting")

    def log(self, _job, _lease, offset, chunk):
        self._meet()
        assert offset <= len(self.log_bytes)
        self.log_bytes = self.log_bytes[:offset] + chunk
        self.told.append("log")
        return Answer(self.cancel, len(self.log_bytes))

    def steps(self, _job, _lease, reports):
        self._meet()
        assert all(report.log_from <= len(self.log_bytes) for report in reports)
        self.told += [f"step {report.number} {report.state}" for report in reports]
        return Answer(self.cancel)

    def heartbeat(self, _job, _lease):
        self._meet()
        self.alive.set()
        threading.Event().wait(0.01)
        return Answer(self.cancel)

    def finish(self, _job, _lease, outcome):
        self._meet()
        self.told.append(f"finish {outcome.conclusion}")

    def close(self):
        pass


@pytest.fixture
def server():
    return Server()


class Job:
    def __init__(self, server, folder, patience):
        self.spool = Spool(folder / "log")
        self.cancel = threading.Event()
        self.lost = threading.Event()
        self.sender = Sender(
            server, GIVEN, self.spool, cancel=self.cancel, lost=self.lost.set, patience=patience
        )
        self.sender.start()


@pytest.fixture
def job(server, tmp_path):
    made = Job(server, tmp_path, patience=5.0)
    yield made
    made.sender.stop()
    made.spool.close()


def report(number, state, at=0):
    return StepReport(number=number, state=state, log_from=at)


def test_log_comes_before_the_steps_that_name_it_and_the_end_comes_last(job, server):
    job.spool.write(b"hello\n")
    job.sender.report(report(1, "running", 6))
    job.spool.write(b"world\n")
    job.sender.finish(Outcome(conclusion="success"))
    assert server.log_bytes == b"hello\nworld\n"
    assert server.told[0] == "log"
    assert server.told[-1] == "finish success"
    assert "step 1 running" in server.told


def test_a_server_that_is_away_for_a_while_misses_nothing_and_hears_nothing_twice(job, server):
    server.away = 5
    for number in range(200):
        job.spool.write(f"line {number}\n".encode())
    job.sender.report(report(1, "running"))
    job.sender.finish(Outcome(conclusion="failure"))
    assert server.log_bytes.decode().splitlines() == [f"line {n}" for n in range(200)]
    assert server.told.count("finish failure") == 1
    assert server.told.count("step 1 running") == 1


def test_a_server_that_forgot_unacknowledged_bytes_gets_them_again(job, server):
    real = server.log

    def forgetful(job_, lease, offset, chunk):
        server.log = real
        return Answer(length=2)

    server.log_bytes = b"he"
    server.log = forgetful
    job.spool.write(b"hello\n")
    job.sender.finish(Outcome(conclusion="success"))
    assert server.log_bytes == b"hello\n"


def test_a_cancel_is_heard_by_heartbeat_alone(job, server):
    server.cancel = True
    assert job.cancel.wait(5)


def test_a_lost_lease_ends_it(job, server):
    server.lost = True
    assert job.lost.wait(5)
    with pytest.raises(Abandoned):
        job.sender.finish(Outcome(conclusion="success"))
    assert server.told == []


def test_stopping_waits_for_no_server(server, tmp_path):
    server.away = 10**9
    made = Job(server, tmp_path, patience=3600.0)
    made.spool.write(b"x")
    stopping = threading.Thread(target=made.sender.stop, daemon=True)
    stopping.start()
    stopping.join(60)
    assert not stopping.is_alive()
    made.spool.close()


def test_patience_has_an_end(server, tmp_path):
    server.away = 10**9
    made = Job(server, tmp_path, patience=0.3)
    made.spool.write(b"x")
    assert made.lost.wait(5)
    with pytest.raises(Abandoned):
        made.sender.finish(Outcome(conclusion="success"))
    made.spool.close()

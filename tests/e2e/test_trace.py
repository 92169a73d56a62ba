"""Nothing is acknowledged before it is on disk: seen in the system calls of a running server."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.e2e import tracing
from tests.kill.harness import PROGRAM, Api, Server, answer

PLANTS = str(Path(__file__).with_name("plants.py"))
WAL = "towpath.db-wal"


@pytest.fixture
def folder():
    """A short path, since the server keeps a unix socket in it."""
    made = Path(tempfile.mkdtemp(prefix="trace-"))
    yield made
    shutil.rmtree(made)


def traced(folder, work, program=PROGRAM):
    trace = folder / "trace"
    under = (*tracing.STRACE, str(trace))
    server = Server(folder, program=program, under=under, options=["--no-runner"])
    try:
        server.start(timeout=120)
        work(server)
    finally:
        server.stop()
    return tracing.calls(trace)


def make_token(server):
    admin = Api(server.url, server.bootstrap["token"])
    answer(admin, "POST", "/api/towpath/v1/tokens", {"name": "a-token-to-follow"})


def answered_durably(seen):
    """Whether the row's last write to the log was synced before the answer left."""
    row = tracing.written(seen, "a-token-to-follow", file=WAL)[-1]
    last = max(
        (call for call in tracing.written(seen, "", file=WAL) if call.pid == row.pid
         and row.began <= call.began < tracing.sent(seen, "a-token-to-follow").began),
        key=lambda call: call.began,
    )  # fmt: skip
    return tracing.synced_between(seen, WAL, last, tracing.sent(seen, "a-token-to-follow"))


def test_a_row_is_on_disk_before_its_201(folder):
    assert answered_durably(traced(folder, make_token))


def test_a_database_that_does_not_sync_is_caught(folder):
    assert not answered_durably(traced(folder, make_token, (PLANTS, "synchronous-off")))

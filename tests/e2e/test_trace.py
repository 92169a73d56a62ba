"""Nothing is acknowledged before it is on disk: seen in the system calls of a running server."""

import shutil
import tempfile
import time
from pathlib import Path

import pytest

from tests.e2e import tracing
from tests.kill.harness import PROGRAM, Api, Server, answer
from tests.kill.people import FILES, World

PLANTS = str(Path(__file__).with_name("plants.py"))
WAL = "towpath.db-wal"
TOKEN, TITLE = "a-token-to-follow", "a-request-to-follow"
LINE, LANDED = "a-line-to-follow", "moved to"
MAIN_LOCK, LENGTH = "/refs/heads/main.lock", r"{\"length\":"
PATIENCE_SECONDS = 120
# The fact that is written together with the request, as strace prints it.
OPENED = r"what\":\"opened"


@pytest.fixture
def folder():
    """A short path, since the server keeps a unix socket in it."""
    made = Path(tempfile.mkdtemp(prefix="trace-"))
    yield made
    shutil.rmtree(made)


def traced(folder, work, program=PROGRAM, options=("--no-runner",)):
    trace = folder / "trace"
    under = (*tracing.STRACE, str(trace))
    server = Server(folder, program=program, under=under, options=options)
    try:
        server.start(timeout=120)
        work(server)
    finally:
        server.stop()
    return tracing.calls(trace)


def make_token(server):
    admin = Api(server.url, server.bootstrap["token"])
    answer(admin, "POST", "/api/towpath/v1/tokens", {"name": TOKEN})


def push(server):
    world = World(server, server.data.parent / "clone")
    world.open("followed", {"boat": "x\n"}, TITLE)


def land(server):
    """One request with a real runner, until its author is told that it landed."""
    files = FILES | {"check.sh": f"echo {LINE}\n"}
    world = World(server, server.data.parent / "clone", files)
    number = world.open("followed", {"boat": "x\n"}, TITLE)
    world.approve(number)
    until = time.monotonic() + PATIENCE_SECONDS
    while LANDED not in str(world.alice.get(f"{world.path}/issues/{number}/comments")):
        assert time.monotonic() < until, server.tail()
        time.sleep(0.1)


def answered_durably(seen, text, answer):
    """Whether the transaction that first wrote `text` was synced before the answer left."""
    row = tracing.written(seen, text, file=WAL)[0]
    synced = min((s.began for s in tracing.syncs(seen, WAL) if s.began > row.began), default=None)
    end = synced or answer.began
    last = [w for w in tracing.written(seen, "", file=WAL) if row.began <= w.began < end][-1]
    return tracing.synced_between(seen, WAL, last, answer)


def pushed_durably(seen, kind):
    """Whether each file of this kind that git wrote was synced before the push was answered."""
    answer = tracing.sent(seen, "ok refs/heads/followed")
    writes = [w for w in tracing.written(seen, "", file=kind) if w.began < answer.began]
    # A .keep file guards a pack while it moves in, and is gone at the end.
    last = {write.path: write for write in writes if not write.path.endswith(".keep")}
    assert last, f"nothing was written to {kind}"
    return all(tracing.synced_between(seen, path, w, answer) for path, w in last.items())


def named_durably(seen, folder):
    """Whether the directory was synced after git gave the branch its name."""
    answer = tracing.sent(seen, "ok refs/heads/followed")
    named = [c for c in seen if c.name == "rename" and "refs/heads/followed.lock" in c.text][-1]
    return any(
        sync.path.endswith(folder) and named.ended < sync.began and sync.ended < answer.began
        for sync in tracing.syncs(seen, folder)
    )


def test_a_row_is_on_disk_before_its_201(folder):
    seen = traced(folder, make_token)
    assert answered_durably(seen, TOKEN, tracing.sent(seen, TOKEN))


def test_a_database_that_does_not_sync_is_caught(folder):
    seen = traced(folder, make_token, (PLANTS, "synchronous-off"))
    assert not answered_durably(seen, TOKEN, tracing.sent(seen, TOKEN))


def test_objects_refs_and_the_request_are_on_disk_before_a_push_ends(folder):
    seen = traced(folder, push)
    assert pushed_durably(seen, "/objects/")
    assert pushed_durably(seen, "/refs/heads/followed.lock")
    assert named_durably(seen, "/refs/heads")
    assert named_durably(seen, "/objects/pack")
    assert answered_durably(seen, OPENED, tracing.sent(seen, "ok refs/heads/followed"))


def test_a_repository_is_on_disk_with_its_names_before_its_201(folder):
    seen = traced(folder, lambda server: World(server, server.data.parent / "clone"))
    answer = tracing.sent(seen, r"clone_url")
    for name in ("/HEAD", "/config.lock"):
        written = [w for w in tracing.written(seen, "", file=f".git{name}") if w.ended]
        first = next(w for w in written if w.began < answer.began)
        path = first.path.removesuffix(".lock")
        assert tracing.synced_between(seen, path, first, answer), f"{path} is not on disk"
    for tail in (".git", "/repositories", str(folder / "data")):
        synced = [s for s in tracing.syncs(seen, tail) if s.path.endswith(tail)]
        assert any(s.ended < answer.began for s in synced), f"{tail} is not on disk"


def test_a_git_that_does_not_sync_is_caught(folder):
    seen = traced(folder, push, (PLANTS, "fsync-none"))
    assert not pushed_durably(seen, "/objects/")
    assert not pushed_durably(seen, "/refs/heads/followed.lock")


def moved_durably(seen):
    """Whether main's new place and name were synced before any row said that it landed."""
    told = tracing.written(seen, LANDED, file=WAL)[0]
    locked = tracing.written(seen, "", file=MAIN_LOCK)[-1]
    moved = [c for c in seen if c.name == "rename" and MAIN_LOCK in c.text][-1]
    named = any(
        sync.path.endswith("/refs/heads") and moved.ended < sync.began and sync.ended < told.began
        for sync in tracing.syncs(seen, "/refs/heads")
    )
    return tracing.synced_between(seen, MAIN_LOCK, locked, moved) and named


def logged_durably(seen):
    """Whether the server synced a line of the log before it told the runner the log's length."""
    written = tracing.written(seen, LINE, file="/data/logs/")[0]
    after = [call for call in seen if call.began > written.began]
    return tracing.synced_between(seen, written.path, written, tracing.sent(after, LENGTH))


def test_a_landing_and_its_log_are_on_disk_before_anybody_hears_of_them(folder):
    seen = traced(folder, land, options=())
    assert logged_durably(seen)
    assert moved_durably(seen)
    assert answered_durably(seen, LANDED, tracing.sent(seen, LANDED))


def test_a_landing_in_memory_alone_is_caught(folder):
    seen = traced(folder, land, (PLANTS, "landing-in-memory"), options=())
    assert not logged_durably(seen)
    assert not moved_durably(seen)

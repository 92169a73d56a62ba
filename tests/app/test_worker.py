"""Workers as processes of their own, beside servers that do no work."""

import json
import signal
import subprocess
import sys

import pytest

from tests.kill.checks import until
from tests.kill.harness import ROOT, Server
from tests.kill.people import World
from towpath.app.worker import _address
from towpath.kernel.errors import Unavailable
from towpath.kernel.settings import Settings

ENV = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src")}


@pytest.fixture
def start():
    """start(*options) runs `towpath worker` to its `ready`, or gives what it said instead."""
    started = []

    def begin(*options):
        command = [sys.executable, "-c", "from towpath.app.cli import main; main()", "worker"]
        process = subprocess.Popen(
            [*command, *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=ENV,
        )  # fmt: skip
        started.append(process)
        process.said = process.stdout.readline()
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def refusal(process):
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Traceback" not in told
    return told


def test_a_worker_on_sqlite_is_refused(start, tmp_path):
    told = refusal(start("--data", tmp_path))
    assert "A worker shares its database, which SQLite cannot do." in told
    assert "--database postgresql://" in told


def test_a_database_that_does_not_answer_is_named_at_once(start, tmp_path):
    nowhere = f"postgresql://towpath@/towpath?host={tmp_path}"
    told = refusal(start("--data", tmp_path, "--database", nowhere))
    assert "The database cannot be used: " in told
    assert "Start it, or correct --database" in told


def test_a_worker_must_know_where_people_reach_the_servers(tmp_path):
    with pytest.raises(Unavailable, match="TOWPATH_PUBLIC_URL"):
        _address(Settings(), tmp_path)
    said = {"url": "http://a", "user": "admin", "password": "", "token": ""}
    (tmp_path / "bootstrap.json").write_text(json.dumps(said))
    assert _address(Settings(), tmp_path) == "http://a"
    assert _address(Settings(public_url="https://b/"), tmp_path) == "https://b"


@pytest.mark.postgres
def test_a_worker_does_the_work_that_a_web_process_leaves(start, stores, tmp_path):
    url = stores.url("postgresql", tmp_path)
    server = Server(tmp_path, database=url, options=("--role", "web"))
    try:
        server.start()
        world = World(server, tmp_path / "clone")  # its first push is a fact for others

        def waiting():
            return "towpath_outbox_deliveries{" in world.admin.text("/metrics")

        assert until(waiting, 10)
        worker = start("--data", server.data, "--database", url, "--json")
        assert worker.said == "ready worker\n"
        assert until(lambda: not waiting(), 20)
        worker.send_signal(signal.SIGTERM)
        _, err = worker.communicate(timeout=30)
        assert worker.returncode == 0
        assert [json.loads(line)["event"] for line in err.splitlines()][-1] == "stopped"
    finally:
        server.stop()
        stores.drop(url)


@pytest.mark.postgres
def test_pushes_through_one_web_process_go_on_when_another_is_killed(stores, tmp_path):
    url = stores.url("postgresql", tmp_path)
    web = {"database": url, "options": ("--role", "web")}
    one, two = (Server(tmp_path, name=name, **web) for name in ("one", "two"))
    try:
        world = World(one.start(), tmp_path / "clone")
        two.start()
        one.kill(whole=True)
        head = world.git.commit(world.base, {"part": "x"}, "Through the other")
        remote = world.git.remote.replace(one.url, two.url)
        world.git("push", "--quiet", remote, f"{head}:refs/heads/through-the-other")
    finally:
        for server in (one, two):
            server.stop()
        stores.drop(url)

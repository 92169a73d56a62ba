"""The server as a process of its own: how it starts, refuses to start, stops, and starts again."""

import http.client
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import anyio
import pytest

from towpath.app import server as serving
from towpath.app.server import Options, Proxies, _Server, database_url
from towpath.kernel.errors import InvalidInput
from towpath.kernel.http.envelope import TRUSTED
from towpath.kernel.settings import Settings
from towpath.pipelines import service as pipelines

ROOT = Path(__file__).parents[2]
ENV = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}


class Process:
    def __init__(self, data, *options, port=0):
        self.data = data
        self.popen = subprocess.Popen(
            [sys.executable, "-c", "from towpath.app.cli import main; main()", "serve",
             "--data", str(data), "--port", str(port), "--no-runner", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV,
        )  # fmt: skip
        self.said = []
        self.connections = []

    def until_ready(self):
        for line in self.popen.stdout:
            self.said.append(line.strip())
            if line.startswith("ready "):
                self.took = self.cpu_seconds()
                self.host = line.split("//")[1].strip()
                return self
        raise AssertionError(self.popen.stderr.read())

    def cpu_seconds(self):
        """What a start costs; wall time would also measure who else uses the machine."""
        fields = Path(f"/proc/{self.popen.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.host, timeout=10)
        self.connections.append(connection)
        token = json.loads((self.data / "bootstrap.json").read_text())["token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, body and json.dumps(body), headers)
        return connection.getresponse()

    def end(self, number=signal.SIGTERM):
        self.popen.send_signal(number)
        out, err = self.popen.communicate(timeout=30)
        for connection in self.connections:
            connection.close()
        self.said += out.splitlines()
        return self.popen.returncode, err


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(*options, data=tmp_path / "data", port=0):
        started.append(Process(data, *options, port=port))
        return started[-1]

    yield begin
    for process in started:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.communicate()
        for connection in process.connections:
            connection.close()


def test_a_server_says_ready_with_its_address_and_accepts_at_once(start):
    server = start().until_ready()
    assert server.ask("GET", "/readyz").status == 200
    assert server.said[-1] == f"ready http://{server.host}"
    said = json.loads((server.data / "bootstrap.json").read_text())
    assert said["url"] == f"http://{server.host}"
    assert said["password"] in server.said[0]
    for name in ("towpath.db", "bootstrap.json", "lock"):
        assert stat.S_IMODE((server.data / name).stat().st_mode) == 0o600


def test_a_kill_loses_nothing_and_the_next_start_takes_less_than_five_seconds(start):
    first = start().until_ready()
    assert first.ask("POST", "/api/towpath/v1/users", {"login": "alice"}).status == 201
    first.end(signal.SIGKILL)
    again = start().until_ready()
    assert again.took < 5
    assert again.ask("POST", "/api/towpath/v1/users", {"login": "alice"}).status == 409
    assert not any("password" in line for line in again.said)


def test_sigterm_ends_streams_lets_requests_finish_and_leaves_with_zero(start):
    server = start().until_ready()
    stream = server.ask("GET", "/live?topic=home")
    assert stream.readline() == b"retry: 1000\n"
    slow = {}

    def log_in_slowly():  # hashing takes a fifth of a second: the stop comes in between
        new = {"login": "alice", "password": "correct horse battery"}
        slow["status"] = server.ask("POST", "/api/towpath/v1/users", new).status

    request = threading.Thread(target=log_in_slowly)
    request.start()
    time.sleep(0.05)
    began = time.monotonic()
    server.popen.send_signal(signal.SIGTERM)
    assert b"event: home" in stream.read()
    request.join()
    server.popen.wait(30)
    assert time.monotonic() - began < 5
    code, err = server.end()
    assert (code, slow["status"]) == (0, 201)
    assert "Traceback" not in err


def refusal(process):
    out, err = process.popen.communicate(timeout=30)
    assert process.popen.returncode == 1
    assert "ready" not in out
    assert "Traceback" not in err
    return err


def test_a_second_server_on_the_same_directory_is_refused(start):
    first = start().until_ready()
    told = refusal(start())
    assert f"Another server uses {first.data} (process {first.popen.pid})." in told


def test_a_port_in_use_is_refused_before_anything_is_written(start, tmp_path):
    first = start().until_ready()
    port = int(first.host.split(":")[1])
    told = refusal(start(data=tmp_path / "other", port=port))
    assert "Address already in use" in told
    assert "--port" in told
    assert not (tmp_path / "other" / "towpath.db").exists()


def test_a_web_process_alone_needs_a_database_that_can_be_shared(start, tmp_path):
    assert "--database postgresql://" in refusal(start("--role", "web"))
    with pytest.raises(InvalidInput):
        database_url(Options(data=tmp_path, port=0, role="web", database="sqlite:///x"))


@pytest.mark.parametrize(
    ("host", "options", "refused"),
    [
        ("0.0.0.0", {}, True),
        ("127.0.0.1", {}, False),
        ("0.0.0.0", {"runner": False}, False),
        ("0.0.0.0", {"role": "web"}, False),
    ],
)
def test_others_are_served_only_where_jobs_can_be_walled_off(
    monkeypatch, tmp_path, host, options, refused
):
    none = SimpleNamespace(level="none", why="Bubblewrap is not installed.")
    monkeypatch.setattr(pipelines, "walls", lambda: none)
    chosen = Options(data=tmp_path, port=0, host=host, **options)
    if refused:
        with pytest.raises(InvalidInput, match=r"only loopback is safe\. Bubblewrap is not"):
            serving._require_walls(chosen)
    else:
        serving._require_walls(chosen)


@pytest.mark.postgres
def test_web_processes_stand_beside_a_main_one_on_postgresql(start, stores, tmp_path):
    url = stores.url("postgresql", tmp_path)
    main = start("--database", url).until_ready()
    web = start("--database", url, "--role", "web").until_ready()
    assert main.ask("POST", "/api/towpath/v1/users", {"login": "alice"}).status == 201
    assert web.ask("POST", "/api/towpath/v1/users", {"login": "alice"}).status == 409
    assert (web.end()[0], main.end()[0]) == (0, 0)
    stores.drop(url)


@pytest.mark.parametrize(
    ("trusted", "caller", "seen"),
    [
        ("", "127.0.0.1", "127.0.0.1"),
        ("10.1.2.3", "10.1.2.3", "192.0.2.9"),
        ("10.0.0.0/8, 127.0.0.1", "10.9.9.9", "192.0.2.9"),
        ("10.1.2.3", "203.0.113.7", "203.0.113.7"),
    ],
)
def test_only_a_trusted_proxy_says_for_whom_it_calls(kernel, trusted, caller, seen):
    """Nobody is trusted by default, also not from this machine."""
    found = []

    async def app(scope, receive, send):
        found.append(scope["client"][0])

    chosen = replace(kernel, settings=Settings(trusted_proxies=trusted))
    server = _Server(app, chosen, None)
    server.config.load()
    scope = {"type": "http", "client": (caller, 1), "scheme": "http", "path": "/"}
    scope["headers"] = [(b"x-forwarded-for", b"198.51.100.1, 192.0.2.9")]
    layer = server.config.loaded_app
    anyio.run(layer, scope, None, None)
    assert found == [seen]


@pytest.mark.parametrize(
    ("caller", "trusted"),
    [(("10.9.9.9", 1), True), (("203.0.113.7", 1), False), (None, False)],
    ids=["a proxy", "a stranger", "a unix socket"],
)
def test_what_comes_from_a_trusted_proxy_is_marked_whomever_it_calls_for(caller, trusted):
    found = []

    async def app(scope, receive, send):
        found.append((scope.get("state", {}).get(TRUSTED, False), scope["client"]))

    headers = [(b"x-forwarded-for", b"192.0.2.9")]
    scope = {"type": "http", "client": caller, "scheme": "http", "path": "/", "headers": headers}
    anyio.run(Proxies(app, "10.0.0.0/8"), scope, None, None)
    assert found == [(trusted, ("192.0.2.9", 0) if trusted else caller)]


def test_nobody_marks_a_request_by_what_it_says():
    found = []

    async def app(scope, receive, send):
        found.append(scope.get("state", {}))

    headers = [(b"trusted_peer", b"true"), (b"forwarded", b"for=10.9.9.9")]
    scope = {"type": "http", "client": ("203.0.113.7", 1), "path": "/", "headers": headers}
    anyio.run(Proxies(app, "10.0.0.0/8"), scope, None, None)
    assert found == [{}]

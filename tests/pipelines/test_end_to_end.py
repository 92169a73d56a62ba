"""Server, wire, runner and sandbox together, over real sockets."""

import base64
import http.client
import json
import os
import re
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.pipelines.docks import count_processes, until
from tests.pipelines.trees import run_git
from towpath.kernel.work import service as work
from towpath.pipelines import service
from towpath.pipelines.remote import bare
from towpath.pipelines.remote.place import Place
from towpath.pipelines.store import leases

JOB = "  a:\n    runs-on: ubuntu-latest\n    steps:\n"


def test_a_push_is_built_from_its_own_commit(dock, start):
    dock.runner()
    run = start(
        JOB
        + "      - uses: actions/checkout@v4\n      - run: cat greeting.txt; git log --oneline\n"
        "  b:\n    needs: a\n    runs-on: linux\n    steps: [{run: echo after}]\n",
        **{"greeting.txt": "hello from the tree\n"},
    )
    ended = dock.finished(run)
    assert ended["conclusion"] == "success"
    log = dock.log(run, "a")
    assert "\nhello from the tree\n" in log
    assert f"Checked out {ended['sha']}" in log
    assert "\nafter\n" in dock.log(run, "b")
    assert [step["conclusion"] for step in dock.job(run, "a")["steps"]] == ["success", "success"]


def test_a_failure_is_told_with_its_step(dock, start, port_of_call):
    dock.runner()
    run = start(JOB + "      - {name: Weigh, run: exit 7}\n")
    assert dock.finished(run)["conclusion"] == "failure"
    (fact,) = until(port_of_call.finished)
    assert fact.summary.endswith(
        "job “a” failed at step “Weigh”: The command ended with exit code 7."
    )


def test_a_server_that_restarts_in_the_middle_loses_no_line_and_hears_no_job_twice(
    dock, start, port_of_call, monkeypatch
):
    # A restart takes a second, but on a machine that does much else more than a lease.
    monkeypatch.setattr(leases, "LEASE_SECONDS", 300.0)
    dock.runner()
    run = start(JOB + "      - run: for i in $(seq 1 600); do echo line $i; sleep 0.01; done\n")
    until(lambda: "line 50\n" in dock.log(run, "a"))
    for _ in range(3):
        dock.close()
        threading.Event().wait(0.4)
        dock.open()
        threading.Event().wait(0.4)
    assert dock.finished(run)["conclusion"] == "success"
    lines = [line for line in dock.log(run, "a").splitlines() if line.startswith("line ")]
    assert lines == [f"line {n}" for n in range(1, 601)]
    assert dock.job(run, "a")["attempt"] == 1
    assert len(port_of_call.finished()) == 1


def test_a_runner_that_is_killed_loses_the_job_to_the_next_attempt(dock, start, port_of_call):
    first = dock.runner("--slots", "1")
    run = start(JOB + "      - run: echo begun; sleep 3; echo done\n")
    until(lambda: "begun" in dock.log(run, "a"))
    first.kill()
    first.wait()
    # The lease would end by itself after half a minute: the clock is not ours to move here.
    job = dock.job(run, "a")["id"]

    def end_lease(tx):
        tx.execute(text("UPDATE pipelines_job SET lease_until = 0 WHERE state = 'running'"))
        work.add(tx, service.EXPIRY, {"job": job, "attempt": 1}, key=f"{job}/1")

    dock.kernel.db.write(end_lease)
    dock.runner()
    assert dock.finished(run, 60)["conclusion"] == "success"
    assert dock.job(run, "a")["attempt"] == 2
    assert len(port_of_call.finished()) == 1


def test_a_cancel_kills_even_what_has_left_its_session(dock, start):
    dock.runner()
    sleep = f"sleep {1_000_000 + os.getpid()}"
    run = start(JOB + f"      - run: setsid --fork {sleep}; ({sleep} &) ; sleep 600\n")
    until(lambda: count_processes(sleep) == 2)
    status, _ = dock.call("POST", f"/api/towpath/v1/runs/{run}/cancel", b"")
    assert status == 202
    assert dock.finished(run)["conclusion"] == "cancelled"
    until(lambda: count_processes(sleep) == 0)
    assert dock.job(run, "a")["conclusion"] == "cancelled"


def test_a_timeout_is_kept(dock, start):
    dock.runner()
    run = start(
        JOB.replace("steps", "timeout-minutes: 0.02\n    steps") + "      - run: sleep 600\n"
    )
    assert dock.finished(run)["conclusion"] == "failure"
    assert "took longer than 0.02 minutes" in dock.job(run, "a")["why"]


def test_a_hundred_megabytes_do_not_hurt_the_server(dock, start):
    dock.runner()
    size = 100 * 1024 * 1024
    run = start(JOB + f"      - run: head -c {size} /dev/zero | tr '\\0' x | fold -w 99\n")
    address = f"/api/towpath/v1/runs/{run}"
    delays, before, most = [], memory(), 0
    while True:
        began = time.monotonic()
        state = dock.get(address)["state"]
        delays.append(time.monotonic() - began)
        most = max(most, memory())
        if state == "finished":
            break
        threading.Event().wait(0.05)
    path = dock.path_of_log(run, "a")
    status, piece = dock.call("GET", path, Range="bytes=50000000-50000098")
    assert (status, len(piece), set(piece)) == (206, 99, {ord("x"), ord("\n")})
    assert dock.call("GET", path)[1].count(b"x" * 98) >= size // 99 - 1
    assert dock.get(address)["conclusion"] == "success"
    assert len(delays) > 3, "others are served meanwhile, even on two busy cores"
    assert max(delays) < 30, "somebody waited until they would have given up"
    # The server is in this process; it holds pieces of the log, never the log.
    assert most - before < size // 2


def memory():
    """Bytes that this process has in memory, which grow while the log passes through it."""
    resident = int(Path("/proc/self/statm").read_text().split()[1])
    return resident * os.sysconf("SC_PAGE_SIZE")


def test_a_log_can_be_followed_and_resumed_where_it_was_left(dock, start):
    dock.runner()
    run = start(JOB + "      - run: for i in $(seq 1 40); do echo line $i; sleep 0.02; done\n")
    path = dock.path_of_log(run, "a") + "/stream"
    first = _events(dock, path, most=3)
    rest = _events(dock, path, last=first[-1][0])
    text = "\n".join(data for _, data in first + rest)
    lines = [line for line in text.splitlines() if line.startswith("line ")]
    assert lines == [f"line {n}" for n in range(1, 41)]


def _events(dock, path, *, last=None, most=10**6):
    connection = http.client.HTTPConnection("127.0.0.1", dock.port, timeout=30)
    headers = {"Authorization": f"Bearer {dock.token}"}
    if last:
        headers["Last-Event-ID"] = last
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    found, fields = [], {}
    while len(found) < most:
        line = response.readline().decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            fields.setdefault(name, []).append(value)
        elif fields.get("event") == ["end"]:
            break
        else:
            if "data" in fields:
                found.append((fields["id"][0], "\n".join(fields["data"])))
            fields = {}
    connection.close()
    return found


HOSTILE = Path(__file__).with_name("hostile.sh").read_text()
BAITS = re.findall(r'^tried "(.*?)"', HOSTILE.partition("tried every bait")[0], re.MULTILINE)


@pytest.fixture
def bait(dock, port_of_call, tmp_path):
    """Real things, each in reach of whoever is not held back, and how the script calls them."""
    file = tmp_path / "bait-token"
    file.write_text(dock.token)
    file.chmod(0o644)
    (dock.kernel.data / "bootstrap.json").write_text("{}")
    (database,) = dock.kernel.data.glob("*.db")
    runner = dock.runner()
    baits = {
        "DATA": dock.kernel.data, "DATABASE": database, "REPOSITORY": port_of_call.repository.id,
        "BAIT": file, "CREDENTIAL": base64.b64encode(dock.token.encode()).decode(),
        "WORK": tmp_path / "work", "PORT": dock.port, "SERVER": os.getpid(),
        "DOOR": dock.kernel.door, "RUNNER": runner.pid, "PREFIX": sys.prefix,
    }  # fmt: skip
    yield {name: str(value) for name, value in baits.items()}
    assert runner.poll() is None


def test_a_hostile_job_gets_at_nothing(dock, start, port_of_call, bait):
    if service.walls().level == "none":
        pytest.skip(f"NO SANDBOX ON THIS MACHINE: {service.walls().why}")
    env = json.dumps(bait | {"SIGNAL": "9"})
    steps = "      - uses: actions/checkout@v4\n      - run: bash hostile.sh\n"
    run = start(JOB.replace("steps", f"env: {env}\n    steps") + steps, **{"hostile.sh": HOSTILE})
    ended = dock.finished(run, 60)
    log = dock.log(run, "a")
    assert "tried everything" in log
    assert log.count(": refused\n") == HOSTILE.count('\ntried "'), log
    assert reached(log) == []
    assert branches(port_of_call) == {"main": ended["sha"]}


def test_the_same_job_without_walls_gets_at_every_bait(port_of_call, bait, tmp_path):
    """The control: what the walls refuse is there, and would be reached but for them."""
    before = port_of_call.commit(**{"hostile.sh": HOSTILE})
    work = tmp_path / "job" / "work"
    run_git(tmp_path, "clone", "--quiet", str(port_of_call.folder), str(work))
    said = bytearray()
    with bare.open_box(Place(work, scratch=work.parent)) as box:
        environment = bait | {"SIGNAL": "0", "GIT_TERMINAL_PROMPT": "0"}
        box.run(["bash", "hostile.sh"], env=environment, output=said.extend, timeout=60)
    assert reached(said.decode()) == BAITS, said.decode()
    assert {"read the database", "move main", "kill the server"} <= set(BAITS)
    moved = branches(port_of_call)
    assert moved["main"] == moved["stolen"] != before


def reached(log):
    return [line.removesuffix(": REACHED") for line in log.splitlines() if "REACHED" in line]


def branches(canal):
    hosted = canal.kernel.data / "repositories" / f"{canal.repository.id}.git"
    said = run_git(hosted, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
    return dict(line.split() for line in said.splitlines())


def test_a_stolen_read_token_reads_one_repository_and_nothing_else(dock, start, port_of_call):
    run = start(JOB + "      - run: echo\n")
    taken = port_of_call.claim()
    token = taken.source.token
    other = dock.call("GET", "/api/towpath/v1/runs", token=token)
    assert other[0] == 403
    assert dock.call("POST", f"/api/towpath/v1/runs/{run}/cancel", b"", token=token)[0] == 403
    push = "/alice/boat.git/info/refs?service=git-receive-pack"
    assert dock.call("GET", push, token=token)[0] == 403
    fetch = "/alice/boat.git/info/refs?service=git-upload-pack"
    assert dock.call("GET", fetch, token=token)[0] == 200
    claim = json.dumps({"runner": "x", "labels": ["linux"]}).encode()
    path = "/api/towpath/v1/runner/claim"
    assert dock.call("POST", path, claim, token=token, Towpath_Lease="l" * 40)[0] == 403

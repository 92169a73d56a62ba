"""What a hostile job can neither see, touch nor reach; with a real bubblewrap."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from towpath.kernel.errors import InvalidInput, Unavailable
from towpath.pipelines.remote import apart, namespaces
from towpath.pipelines.remote.place import Limits, Place, python_paths
from towpath.pipelines.remote.session import Exit

SECRET = "hush-7f3a"
CONNECT = """
import socket, sys
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2)
    print("connected")
except OSError as error:
    print(type(error).__name__)
"""
FORK_UNTIL_REFUSED = """
import os, signal
children = []
try:
    while len(children) < 500:
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)
except BlockingIOError:
    print("refused after", len(children))
"""
POWERS = [
    "mount -t tmpfs none /tmp",
    "unshare --user true",
    "unshare --mount true",
    "chroot / true",
    "nsenter --target 1 --mount true",
    "mknod x b 8 0",
    "setpriv --reuid 0 true",
    "dmesg",
    "echo 1 > /proc/sys/user/max_user_namespaces",
]
PROGRAM = "import signal; signal.pause()"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands out user ids")


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def bystander(*arguments: str, **environment: str):
    """A process of the runner's own user, such as the server."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    with subprocess.Popen(command, env=environment) as process:
        try:
            yield process
            assert process.poll() is None
        finally:
            process.kill()


def test_the_job_sees_a_short_list_and_nothing_else(walled):
    tools = {path.parts[1] for path in python_paths()}
    seen = set(walled.say("ls /").split())
    assert (
        seen - tools - {"lib32", "lib64", "libx32"}
        == {
            *("bin", "dev", "etc", "home", "lib", "proc", "run", "sbin", "tmp", "usr", "workspace")
        }
        - tools
    )


def test_etc_is_made_for_the_job(walled):
    allowed = {"alternatives", "group", "hosts", "ld.so.cache", "localtime", "nsswitch.conf"}
    assert set(walled.say("ls -A /etc").split()) <= allowed | {"passwd", "ssl"}
    assert walled.say("ls -A /etc/ssl") in {"", "certs"}
    assert "runner:x:1000" in walled.say("cat /etc/passwd")


def test_the_data_directory_and_the_home_cannot_be_seen(open_steps, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "towpath.db").write_text(SECRET)
    walled = open_steps("namespaces", hidden=(data,))
    ended, said = walled.sh(f"cat {data}/towpath.db; ls {data} {tmp_path} {Path.home()}/.ssh")
    assert (ended.code, SECRET in said) == (2, False)
    assert said.count("No such file") == 4


def test_nothing_outside_can_be_written(walled):
    places = ["/", "/usr", "/usr/bin", "/etc", "/etc/passwd", "/home", "/run/towpath", "/bin"]
    places += ["/run/towpath/inside.py", "/proc/sys/kernel", *map(str, python_paths())]
    for place in places:
        script = f"touch {place}/x 2>/dev/null || echo x >> {place}"
        assert walled.sh(script)[0].code != 0, place


def test_the_workspace_a_home_and_tmp_can_be_written(walled, workspace):
    walled.say("touch here $HOME/x $TMPDIR/y /dev/shm/z")
    assert (workspace / "here").exists()


def test_tmp_is_private(walled):
    name = f"/tmp/towpath-test-{os.getpid()}"
    walled.say(f"touch {name}")
    assert not Path(name).exists()


def test_there_is_no_network_to_the_server_beside(walled, listener):
    said = walled.say(f"python3 - {listener} <<'X'{CONNECT}X")
    assert said == "ConnectionRefusedError"


def test_there_is_a_network_when_it_is_asked_for(open_steps, listener):
    steps = open_steps("namespaces", network=True)
    assert steps.say(f"python3 - {listener} <<'X'{CONNECT}X") == "connected"


def test_an_abstract_socket_of_the_machine_cannot_be_reached(walled):
    name = f"towpath-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        script = f"import socket; socket.socket(socket.AF_UNIX).connect('\\0{name}')"
        assert "ConnectionRefusedError" in walled.sh(f'python3 -c "{script}"')[1]


def test_other_processes_can_be_neither_seen_nor_signalled(walled):
    with bystander() as server:
        ended, said = walled.sh(f"kill -9 {server.pid}; kill -9 {os.getpid()}; kill -9 -1")
        assert (ended.signal, said.count("No such process")) == (None, 3)
        assert walled.say("ls /proc | grep -c '^[0-9]'") == "4"  # inside, bash, ls and grep


def test_secrets_of_the_runner_are_in_no_environment_and_no_command_line(walled):
    with bystander(SECRET, TOKEN=SECRET):
        search = (
            "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | grep -c -a 'hu[s]h-7f'"
        )
        assert walled.sh(search)[1].strip() == "0"


def test_steps_cannot_look_into_the_process_that_starts_them(walled):
    ended, said = walled.sh("cat /proc/1/environ; ls /proc/1/fd; echo x > /proc/1/mem")
    assert (ended.code, said.count("Permission denied")) == (1, 3)


def test_steps_cannot_end_or_stop_the_process_that_starts_them(walled):
    walled.sh("kill -9 1; kill -STOP 1; kill -INT 1; kill -TERM 1; kill -HUP 1")
    assert walled.say("echo still here") == "still here"


def test_the_job_is_an_ordinary_user_without_any_power(walled):
    assert walled.say("id -u; id -g; whoami") == "1000\n1000\nrunner"
    status = dict(
        line.split(":\t")
        for line in walled.say("cat /proc/self/status").splitlines()
        if ":\t" in line
    )
    assert [int(status[name], 16) for name in ("CapPrm", "CapEff", "CapAmb")] == [0, 0, 0]
    assert status["NoNewPrivs"] == "1"


@pytest.mark.parametrize("files", [[], ["somebody's"]], ids=["apart", "as the owner"])
def test_powers_are_refused(open_steps, workspace, files):
    for name in files:
        (workspace / name).touch()
    walled = open_steps("namespaces")
    for attempt in POWERS:
        ended, said = walled.sh(attempt)
        assert ended.code != 0, attempt
        assert "command not found" not in said


@needs_root
def test_no_process_of_the_job_is_root_on_this_machine(walled, workspace):
    walled.say("touch made; sleep 100 > /dev/null 2>&1 &")
    owner = workspace.stat().st_uid
    assert owner != 0
    assert (workspace / "made").stat().st_uid == owner


@needs_root
def test_a_workspace_with_files_is_not_taken_from_its_owner(open_steps, workspace):
    (workspace / "mine").touch()
    walled = open_steps("namespaces")
    assert walled.say("id -u; echo more >> mine; touch new") == "1000"
    assert {path.stat().st_uid for path in (workspace, *workspace.iterdir())} == {0}


def test_processes_are_counted(open_steps):
    walled = open_steps("namespaces", limits=Limits(processes=40))
    said = walled.say(f"python3 - <<'X'{FORK_UNTIL_REFUSED}X")
    assert 30 <= int(said.split()[2]) < 40


def test_a_fork_bomb_is_bounded_and_killed(open_steps):
    walled = open_steps("namespaces", limits=Limits(processes=60))
    ended, _ = walled.sh("bomb() { bomb | bomb & }; bomb; sleep 100", timeout=0.5)
    assert ended.reason == "timeout"
    assert walled.say("ls /proc | grep -c '^[0-9]'") == "4"


def test_shared_memory_is_bounded(walled):
    assert walled.say("df --output=size -B1 /dev/shm | tail -1") == str(1 << 30)


def test_the_workspace_appears_where_it_is_told_to(open_steps, workspace):
    workspace.chmod(0o700)  # as a careful umask leaves it: only the owner of the moment may enter
    assert open_steps("namespaces").say("pwd") == "/workspace/work"
    elsewhere = open_steps("namespaces", appears_at=str(workspace))
    assert elsewhere.say("pwd") == str(workspace)


def test_a_tool_is_seen_where_it_is_and_where_a_link_to_it_is(open_steps, tmp_path):
    (tmp_path / "real/bin").mkdir(parents=True)
    (tmp_path / "real/bin/tool").write_text("#!/bin/sh\necho works\n")
    (tmp_path / "real/bin/tool").chmod(0o755)
    (tmp_path / "link").symlink_to("real")
    walled = open_steps("namespaces", tool_paths=(tmp_path / "link",))
    assert walled.say("tool") == "works"
    assert walled.say(f"ls {tmp_path}").split() == ["link", "real"]


def test_a_tool_path_that_shows_the_data_is_refused(open_steps, tmp_path):
    with pytest.raises(InvalidInput, match="would show"):
        open_steps("namespaces", hidden=(tmp_path / "data",), tool_paths=(tmp_path,))


def test_a_missing_bubblewrap_is_told(workspace, monkeypatch):
    monkeypatch.setattr(namespaces.shutil, "which", lambda _: None)
    with pytest.raises(Unavailable, match="apt install bubblewrap"):
        namespaces.open_box(Place(workspace, scratch=workspace.parent))
    assert [path.name for path in workspace.parent.iterdir()] == ["work"]


@needs_root
def test_where_even_root_may_not_give_files_away_the_job_runs_as_we_do(workspace, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError("not in this container")

    with monkeypatch.context() as patched:
        patched.setattr(apart.os, "chown", refuse)
        box = namespaces.open_box(Place(workspace, scratch=workspace.parent))
    with box:
        assert box.run(["touch", "made"], env={}, output=len) == Exit(0, "exited")
    assert (workspace / "made").stat().st_uid == 0
    assert [path.name for path in workspace.parent.iterdir()] == ["work"]


def test_what_bubblewrap_complains_about_is_told_and_nothing_is_left(workspace):
    place = Place(workspace, (workspace / "missing",), scratch=workspace.parent)
    with pytest.raises(Unavailable, match="missing"):
        namespaces.open_box(place)
    assert [path.name for path in workspace.parent.iterdir()] == ["work"]
    assert "box-keeper" not in {thread.name for thread in threading.enumerate()}

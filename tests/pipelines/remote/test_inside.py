"""The program within the box, spoken to directly."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from towpath.pipelines.remote import inside
from towpath.pipelines.remote.place import Limits

SET_UP = {"do": "set up", "limits": asdict(Limits()), "user": None}


class Dialogue:
    """`say` a message, `hear` the answer."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(10)
        descriptor = theirs.fileno()
        command = [sys.executable, "-I", "-S", inside.__file__, str(descriptor)]
        with theirs:
            self.process = subprocess.Popen(command, env={}, pass_fds=(descriptor,))

    def say(self, message, *descriptors) -> None:
        inside.send(self.socket, message, *descriptors)

    def hear(self):
        message, _ = inside.receive(self.socket)
        return message

    def run(self, script: str, output: int) -> None:
        argv = ["sh", "-c", script]
        self.say({"do": "run", "argv": argv, "env": {}, "cwd": "/"}, output)


@pytest.fixture
def dialogue():
    speaker = Dialogue()
    speaker.say(SET_UP)
    assert speaker.hear() == {"is": "ready"}
    yield speaker
    speaker.socket.close()
    assert speaker.process.wait(10) == 0


@pytest.fixture
def nowhere():
    descriptor = os.open(os.devnull, os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


def test_a_command_runs_on_the_descriptor_that_came_with_it(dialogue, tmp_path):
    with (tmp_path / "output").open("wb") as file:
        dialogue.run("echo out; echo err >&2; exit 3", file.fileno())
        assert dialogue.hear() == {"is": "ended", "code": 3, "signal": None}
    assert (tmp_path / "output").read_text() == "out\nerr\n"


def test_a_stop_without_a_step_is_forgotten(dialogue, nowhere):
    dialogue.say({"do": "stop", "grace": 0})
    dialogue.run("exit 0", nowhere)
    assert dialogue.hear()["is"] == "ended"


def test_a_second_stop_changes_nothing(dialogue, nowhere):
    dialogue.run("trap '' TERM; while :; do sleep 0.05; done", nowhere)
    dialogue.say({"do": "stop", "grace": 0.2})
    dialogue.say({"do": "stop", "grace": 100})
    assert dialogue.hear() == {"is": "ended", "code": 137, "signal": 9}


def test_a_long_message_arrives_whole(dialogue, nowhere):
    env = {f"NAME_{n}": "x" * 10_000 for n in range(100)}
    argv = ["sh", "-c", "test ${#NAME_99} = 10000"]
    dialogue.say({"do": "run", "argv": argv, "env": env, "cwd": "/"}, nowhere)
    assert dialogue.hear()["code"] == 0


def test_the_end_of_the_stream_is_the_end_of_everything(dialogue, nowhere, sleepers):
    dialogue.run(f"setsid {sleepers.command} & {sleepers.command}", nowhere)
    assert sleepers.become(2)
    dialogue.socket.close()
    assert dialogue.process.wait(10) == 0
    assert sleepers.count() == 0


def test_half_a_message_is_the_end_of_the_stream():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"\0\0\0\x09{")
        ours.shutdown(socket.SHUT_WR)
        assert inside.receive(theirs) is None


def test_descendants_are_found_whatever_they_call_themselves(tmp_path):
    odd = tmp_path / "a) R 1 (b"
    odd.symlink_to("/bin/sleep")
    script = f"'{odd}' 100 & setsid '{odd}' 100 & echo ready; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as parent:
        parent.stdout.readline()
        found = inside.descendants(parent.pid)
        assert len(found) == 2
        for pid in found:
            os.kill(pid, signal.SIGKILL)


def test_programs_are_found_on_the_steps_path(tmp_path):
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tool").touch(mode=0o755 if name == "third" else 0o644)
    (tmp_path / "second" / "tool").unlink()
    (tmp_path / "second" / "tool").mkdir()
    path = ":".join(str(tmp_path / name) for name in ("missing", "first", "second", "third"))
    assert inside.find("tool", path) == str(tmp_path / "third" / "tool")
    assert inside.find("./tool", path) == "./tool"
    with pytest.raises(FileNotFoundError, match="nothing: command not found"):
        inside.find("nothing", path)


def test_it_needs_nothing_but_the_standard_library():
    source = Path(inside.__file__).read_text()
    assert "towpath." not in source.replace("from towpath.pipelines.remote import inside", "")

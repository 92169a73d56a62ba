"""A box lives as long as its runner, whatever thread opened it and however the runner ends."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.pipelines.remote.conftest import need_walls
from towpath.kernel.errors import Unavailable
from towpath.pipelines.remote import launch
from towpath.pipelines.remote.directories import make_layout, make_private
from towpath.pipelines.remote.place import Limits

RUNNER = """
import sys
from pathlib import Path
from towpath.pipelines.remote import bare, namespaces
from towpath.pipelines.remote.place import Place

place = Place(Path(sys.argv[2]), scratch=Path(sys.argv[2]).parent)
box = {"namespaces": namespaces, "bare": bare}[sys.argv[1]].open_box(place)
script = f"setsid {sys.argv[3]} & (setsid {sys.argv[3]} &); echo ready; {sys.argv[3]}"
box.run(["bash", "-c", script], env={}, output=lambda data: print(data.decode(), flush=True))
"""


@pytest.mark.parametrize("kind", ["namespaces", "bare"])
def test_a_runner_that_is_killed_takes_its_job_with_it(kind, workspace, sleepers):
    if kind == "namespaces":
        need_walls()
    command = [sys.executable, "-c", RUNNER, kind, str(workspace), sleepers.command]
    environment = {"PYTHONPATH": str(Path("src").resolve()), "PATH": os.environ["PATH"]}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as runner:
        assert runner.stdout.readline() == b"ready\n"
        assert sleepers.become(3)
        runner.send_signal(signal.SIGKILL)
    assert sleepers.become(0)


def test_a_box_outlives_the_thread_that_opened_it(open_steps):
    opened = []
    thread = threading.Thread(target=lambda: opened.append(open_steps("namespaces")))
    thread.start()
    thread.join()
    assert opened[0].say("sleep 0.1; echo alive") == "alive"


def layout(tmp_path: Path):
    return make_layout(make_private(tmp_path), str(tmp_path), ())


def test_a_program_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Unavailable, match="No such file"):
        launch.start(layout(tmp_path), Limits(), lambda _: ["/no/such/program"])
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_ends_at_once_is_told_with_its_last_words(tmp_path):
    with pytest.raises(Unavailable, match="not today"):
        launch.start(layout(tmp_path), Limits(), lambda _: ["sh", "-c", "echo not today >&2"])


def test_a_program_that_does_not_answer_is_ended(tmp_path, monkeypatch, sleepers):
    monkeypatch.setattr(launch, "_START", 0.1)
    with pytest.raises(Unavailable, match="timed out"):
        launch.start(layout(tmp_path), Limits(), lambda _: sleepers.command.split())
    assert sleepers.count() == 0

"""The runner as a program: its flags, its folder, and what dead runners leave behind."""

import fcntl
import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.pipelines.docks import until
from towpath.pipelines.remote import __main__ as program


def test_it_says_how_well_jobs_are_walled_off(tmp_path, capsys):
    assert program.main(["--check", "--work", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["level"] in {"namespaces", "none"}
    assert list(tmp_path.iterdir()) == []


def test_without_server_or_token_it_says_what_it_needs(capsys):
    assert program.main([]) == 2
    assert "--url" in capsys.readouterr().err


def test_help_names_every_flag(capsys):
    with pytest.raises(SystemExit):
        program.main(["--help"])
    shown = capsys.readouterr().out
    for flag in ("--url", "--token-file", "--labels", "--slots", "--network", "--hide", "--check"):
        assert flag in shown


def test_the_folder_is_ours_alone_and_holds_all_that_is_temporary(tmp_path):
    before = tempfile.gettempdir()
    with program._work_folder(tmp_path) as folder:
        assert tempfile.gettempdir() == str(folder)
        with program._work_folder(tmp_path) as second:
            assert second != folder
            assert folder.exists()
    assert tempfile.gettempdir() == before
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_runner_left_is_removed_and_ended(tmp_path):
    dead = tmp_path / "towpath-runner-dead"
    (dead / "job").mkdir(parents=True)
    (dead / "lock").touch()
    waits = ["-c", "read line", f"{dead}/job"]
    shell = {"executable": "/bin/sh", "stdin": subprocess.PIPE}
    with (
        subprocess.Popen(["/x/bwrap", *waits], **shell) as orphan,
        subprocess.Popen(["/bin/sh", *waits], **shell) as other,
    ):
        for each in (orphan, other):
            until(lambda each=each: _is_itself(each.pid))
        with program._work_folder(tmp_path):
            assert not dead.exists()
        assert orphan.wait(10) == -9
        assert other.poll() is None


def _is_itself(pid):
    """Whether a child has become what it was told to be; until then it is a copy of us."""
    return b"read line" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_runner_that_lives_keeps_its_folder(tmp_path):
    alive = tmp_path / "towpath-runner-alive"
    alive.mkdir()
    lock = os.open(alive / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with program._work_folder(tmp_path):
        assert alive.exists()
    os.close(lock)

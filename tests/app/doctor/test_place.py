import os
import subprocess

import pytest

from towpath.app import place as serving
from towpath.app.doctor import place


@pytest.fixture
def data(tmp_path):
    made = tmp_path / "data"
    made.mkdir(mode=0o700)
    return made


def told(findings):
    return {each.check: each for each in findings}


def test_the_server_is_found_by_the_lock_it_holds_and_not_by_what_a_dead_one_wrote(data):
    assert place.server_at(data) is None
    with serving.prepare(data, shared=False):
        assert place.server_at(data) == os.getpid()
    assert (data / "lock").exists()
    assert place.server_at(data) is None


def test_a_directory_that_is_not_there_is_a_problem_and_nothing_else_is_said(tmp_path):
    (found,) = place.directory(tmp_path / "missing")
    assert (found.check, found.level) == ("data", "problem")


def test_a_private_directory_is_fine(data):
    assert {each.level for each in place.directory(data)} == {"ok"}


@pytest.mark.parametrize("name", [".", "bootstrap.json", "towpath.db", "hooks/key"])
def test_what_others_could_read_is_named(data, name):
    path = data / name
    path.parent.mkdir(exist_ok=True)
    if name != ".":
        path.write_text("")
    path.chmod(0o744)
    found = told(place.directory(data))["permissions"]
    assert found.level == "problem"
    assert str(path.resolve()) in found.what
    assert f"chmod -R go= {data}" in found.do


def test_another_owner_is_told(data, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert told(place.directory(data))["data-owner"].level == "warning"


def test_what_a_first_start_and_a_broken_restore_leave_is_told(data):
    assert told(place.leftovers(data)).keys() == {"bootstrap"}
    (data / "bootstrap.json").write_text("{}")
    (data.parent / ".data.restoring").mkdir()
    found = told(place.leftovers(data))
    assert (found["bootstrap"].level, found["restore"].level) == ("warning", "warning")


def test_sockets_for_hooks_are_tried_for_real(monkeypatch, tmp_path):
    monkeypatch.setattr(place.tempfile, "tempdir", str(tmp_path))
    assert told(place.hooks())["hook-socket"].level == "ok"
    monkeypatch.setattr(place.tempfile, "tempdir", str(tmp_path / "missing"))
    found = told(place.hooks())["hook-socket"]
    assert found.level == "problem"
    assert "TMPDIR" in found.do


def test_a_server_that_makes_open_files_is_told():
    for umask, level in (("022", "warning"), ("077", "ok")):
        command = ["sh", "-c", f"umask {umask}; echo set; read x"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            server.stdout.readline()
            (found,) = place.running(server.pid)
            server.communicate(b"\n")
        assert found.level == level
    assert told(place.running(None))["server"].level == "ok"

import os
import subprocess
from types import SimpleNamespace

import pytest

from towpath.app.doctor import machine


def levels(findings):
    return {each.check: each.level for each in findings}


def test_this_machine_has_the_programs_that_the_tests_need():
    found = list(machine.programs())
    assert set(levels(found).values()) == {"ok"}
    assert {each.check for each in found} == {"sqlite-version", "git-version", "python"}


@pytest.mark.parametrize(
    ("version", "level", "words"),
    [
        ((3, 34, 1), "problem", "too old"),
        ((3, 40, 1), "ok", "WAL-reset bug (before 3.51.3) cannot strike"),
        ((3, 51, 3), "ok", "no defect known"),
    ],
)
def test_sqlite_is_judged_by_its_known_defects(version, level, words):
    found = machine._sqlite(version)
    assert found.level == level
    assert words in found.what


@pytest.mark.parametrize(
    ("said", "level"),
    [("git version 2.39.5", "ok"), ("git version 2.37.9", "problem"), ("", "problem")],
)
def test_git_must_merge_in_memory(said, level):
    assert machine._git(said).level == level


def test_a_disk_without_room_for_files_is_told(monkeypatch, tmp_path):
    assert levels(machine.disk(tmp_path)).keys() == {"disk", "inodes"}
    few = SimpleNamespace(f_files=100, f_favail=5, f_bavail=5, f_frsize=1, f_blocks=9, f_bfree=5)
    monkeypatch.setattr(machine.os, "statvfs", lambda _: few)
    assert levels(machine.disk(tmp_path))["inodes"] == "warning"
    monkeypatch.setattr(machine.health.shutil, "disk_usage", lambda _: SimpleNamespace(free=5))
    assert levels(machine.disk(tmp_path))["disk"] == "problem"


def test_memory_and_network_are_no_place_for_data(monkeypatch, tmp_path):
    for kind, level in (("ext4", "ok"), ("tmpfs", "warning"), ("nfs4", "warning")):
        monkeypatch.setattr(machine, "file_system", lambda _, kind=kind: kind)
        assert levels(machine.storage(tmp_path))["file-system"] == level


def test_the_file_system_is_that_of_the_nearest_mount():
    assert machine.file_system(machine.Path("/proc/self")) == "proc"
    assert machine.file_system(machine.Path("/")) not in {"", "proc"}


def test_a_disk_that_cannot_sync_is_a_problem_and_a_slow_one_a_warning(monkeypatch, tmp_path):
    def refuse(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(machine, "_SLOW_SYNC_SECONDS", 60)
    assert machine._sync(tmp_path).level == "ok"
    monkeypatch.setattr(machine, "_SLOW_SYNC_SECONDS", 0)
    assert machine._sync(tmp_path).level == "warning"
    monkeypatch.setattr(os, "fsync", refuse)
    found = machine._sync(tmp_path)
    assert found.level == "problem"
    assert "Input/output error" in found.what
    assert list(tmp_path.iterdir()) == []


def test_a_clock_that_jumps_or_is_not_kept_is_told(monkeypatch):
    monkeypatch.setattr(machine, "_adjtimex", lambda: 0)
    assert levels(machine.clock()) == {"clock": "ok"}
    monkeypatch.setattr(machine, "_adjtimex", lambda: machine._UNSYNCED)
    assert levels(machine.clock()) == {"clock": "warning"}
    times = iter([1000.0, 2000.0])
    monkeypatch.setattr(machine.time, "time", lambda: next(times))
    (found,) = machine.clock()
    assert "jumped" in found.what


def test_time_zones_are_there():
    assert levels(machine.zones()) == {"time-zones": "ok"}


def test_jobs_without_walls_are_told(monkeypatch):
    for level, expected in (("none", "warning"), ("namespaces", "ok")):
        walls = SimpleNamespace(level=level, why="No bubblewrap.", user=None)
        monkeypatch.setattr(machine.pipelines, "walls", lambda walls=walls: walls)
        assert levels(machine.isolation()) == {"isolation": expected}


def test_the_limits_are_those_of_the_server_if_one_runs(tmp_path):
    with subprocess.Popen(["sh", "-c", "ulimit -n 64; echo set; read x"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as few:  # fmt: skip
        few.stdout.readline()
        (found,) = machine.limits(few.pid)
        few.communicate(b"\n")
    assert (found.level, "64 files" in found.what) == ("problem", True)
    (own,) = machine.limits(None)
    assert "started from here" in own.what

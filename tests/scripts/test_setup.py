"""What set-up says and does on a machine where things are missing."""

import os
import subprocess
from dataclasses import replace

import pytest

from scripts import setup


def absent(need):
    return replace(need, present=lambda: False)


@pytest.fixture
def machine(monkeypatch):
    """A machine of an ordinary user with apt-get and nothing else; what would run is recorded."""
    ran = []
    monkeypatch.setattr(setup, "run", ran.append)
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(
        setup.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None
    )
    return ran


def test_an_ordinary_user_is_told_the_exact_apt_line_before_any_work(machine, capsys):
    with pytest.raises(SystemExit) as stopped:
        setup.install_debian_packages([absent(setup.BUBBLEWRAP), absent(setup.POSTGRESQL)])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert "Nothing was changed" in said
    assert "apt-get install -y --no-install-recommends bubblewrap postgresql" in said
    assert "PG=0" in said
    assert machine == []


@pytest.mark.parametrize("target", setup.TARGETS)
def test_a_whole_set_up_of_an_ordinary_user_ends_before_any_work(
    machine, monkeypatch, tmp_path, capsys, target
):
    """Whatever it is for: one absent package stops it with the line to type, nothing made."""
    place = tmp_path / "checkout"
    place.mkdir()
    for name, path in {"ROOT": place, "VENV": place / ".venv", "BUILT": place / "built"}.items():
        monkeypatch.setattr(setup, name, path)
    monkeypatch.setattr(setup, "STAMPS", place / ".venv/stamps")
    monkeypatch.chdir(place)
    wanted = setup.TARGETS[target]
    monkeypatch.setitem(setup.TARGETS, target, replace(wanted, needs=(absent(setup.BUBBLEWRAP),)))
    monkeypatch.setattr("sys.argv", ["setup.py", target])
    umask = os.umask(0o022)
    try:
        with pytest.raises(SystemExit) as stopped:
            setup.main()
    finally:
        os.umask(umask)
    assert stopped.value.code == 2
    assert "--no-install-recommends bubblewrap\n" in capsys.readouterr().err
    assert list(place.iterdir()) == []
    assert machine == []


def test_root_installs_what_is_missing_and_nothing_else(machine, monkeypatch, capsys):
    monkeypatch.setattr(setup.os, "geteuid", lambda: 0)
    setup.install_debian_packages([absent(setup.STRACE)])
    update, install = machine
    assert update[-1] == "update"
    assert install[-2:] == ["--no-install-recommends", "strace"]
    assert "missing: strace (looking for fsync in traces)" in capsys.readouterr().out


def test_nothing_runs_when_nothing_is_missing(machine):
    setup.install_debian_packages([])
    assert machine == []


def test_pg_0_leaves_postgresql_out_and_says_so(monkeypatch, capsys):
    monkeypatch.setenv("PG", "0")
    needs = (absent(setup.POSTGRESQL), absent(setup.CHROMIUM))
    monkeypatch.setattr(setup, "POSTGRESQL", needs[0])
    assert [need.package for need in setup.missing(needs)] == ["chromium"]
    assert "only SQLite" in capsys.readouterr().out


def test_without_pg_0_postgresql_is_wanted(monkeypatch):
    monkeypatch.delenv("PG", raising=False)
    needs = (absent(setup.POSTGRESQL),)
    assert setup.missing(needs) == list(needs)


@pytest.mark.parametrize(
    ("environment", "pip_says", "installer"),
    [
        ({}, "", "uv"),
        ({}, "global.find-links='/somewhere'\n", "pip"),
        ({}, "global.extra-index-url='somewhere'\n", "pip"),
        ({"UV_DEFAULT_INDEX": "somewhere"}, "global.index-url='x'\n", "uv"),
    ],
)
def test_uv_is_used_only_where_it_would_find_what_pip_finds(
    monkeypatch, environment, pip_says, installer
):
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_INDEX_URL", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(setup.shutil, "which", lambda _: "/usr/bin/uv")
    answered = subprocess.CompletedProcess([], 0, stdout=pip_says, stderr="")
    monkeypatch.setattr(setup.subprocess, "run", lambda *_, **__: answered)
    command = setup._installer()
    assert ("uv" if command[0] == "/usr/bin/uv" else "pip") == installer


def test_a_stamp_makes_the_second_run_instant(machine, monkeypatch, tmp_path):
    monkeypatch.setattr(setup, "STAMPS", tmp_path)
    setup.install_requirements("runtime")
    setup.install_requirements("runtime")
    assert len(machine) == 1
    assert "--require-hashes" in machine[0]


def test_a_library_is_looked_for_where_programs_look():
    assert setup._has_library("libc.so.6")()
    assert not setup._has_library("libnowhere.so.9")()

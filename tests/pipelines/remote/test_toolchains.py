"""Pythons and Nodes that lie on a machine."""

import pwd
from pathlib import Path

import pytest

from towpath.kernel.errors import NotFound
from towpath.pipelines.remote import toolchains
from towpath.pipelines.remote.toolchains import Tool


def _program(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


def _person(home):
    return ("a", "x", 1, 1, "", str(home / "home"), "")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(toolchains, "_of_system", lambda _: [])
    for name in (
        "home/.pyenv/versions/3.12.1", "home/.pyenv/versions/3.14.0rc2",
        "home/.pyenv/versions/our-venv", "cache/Python/3.9.18/x64",
        "home/.local/share/uv/python/cpython-3.12.1-linux-x86_64-gnu",
        "home/.local/share/uv/python/cpython-3.13.2-linux-x86_64-gnu",
    ):  # fmt: skip
        _program(tmp_path / name / "bin/python3")
    (tmp_path / "home/.pyenv/versions/3.12").symlink_to("3.12.1")
    (tmp_path / "home/.pyenv/versions/3.8.1").mkdir()
    _program(tmp_path / "home/.nvm/versions/node/v22.1.0/bin/node")
    return tmp_path


def test_they_are_found_where_people_and_tools_put_them(home):
    found = toolchains.found("Python", [home / "cache"], home / "home")
    assert [tool.version for tool in found] == ["3.9.18", "3.12.1", "3.14.0rc2", "3.13.2"]
    assert found[1].folder == home / "home/.pyenv/versions/3.12.1"
    (node,) = toolchains.found("node", [], home / "home")
    assert (node.version, node.program.name) == ("22.1.0", "node")


def test_the_best_is_chosen_and_a_missing_one_told_with_those_there_are(home):
    there = toolchains.found("Python", [home / "cache"], home / "home")
    assert toolchains.choose("Python", "3.x", there).version == "3.13.2"
    assert toolchains.choose("Python", "3.14", there, early=True).version == "3.14.0rc2"
    says = r"No Python 3\.10 is on this machine\. There are: 3\.9\.18, 3\.12\.1, 3\.13\.2, 3\.14"
    with pytest.raises(NotFound, match=says):
        toolchains.choose("Python", "3.10", there)
    with pytest.raises(NotFound, match="none at all"):
        toolchains.choose("node", "20", there)


def test_the_systems_own_is_asked_which_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(toolchains, "_SYSTEM", (tmp_path,))
    monkeypatch.setattr(toolchains, "_OURS", {"Python": tmp_path})
    for name, says in (("python3.10", "Python 3.10.7"), ("python3", "no"), ("python3.9", "hm")):
        _program(tmp_path / "bin" / name)
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\necho {says}\n")
    found = toolchains.found("Python", [], tmp_path / "nobody")
    assert found == [Tool("Python", "3.10.7", tmp_path / "bin/python3.10", tmp_path)]


def test_what_jobs_see_anyway_need_not_be_shown(home, monkeypatch):
    monkeypatch.setattr(toolchains.pwd, "getpwuid", lambda _: pwd.struct_passwd(_person(home)))
    shown = toolchains.shown()
    assert home / "home/.pyenv/versions/3.12.1" in shown
    assert home / "home/.nvm/versions/node/v22.1.0" in shown
    assert not {Path("/usr"), Path("/usr/local")} & {*shown}

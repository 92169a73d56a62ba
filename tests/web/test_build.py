"""What pages load is gathered at build time: with npm, without it, and from a source archive."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def build(tmp_path, monkeypatch):
    """web/build.py as a module, in a copy of web/ without what npm brought."""
    shutil.copytree(ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("node_modules"))
    spec = importlib.util.spec_from_file_location("web_build", tmp_path / "web" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(module):
    return sorted(path.name for path in module.BUILT.iterdir())


def test_without_npm_our_own_files_are_there_and_the_rest_is_named(build, monkeypatch, capsys):
    monkeypatch.setattr(build, "npm", lambda: None)
    build.build()
    assert built(build) == ["towpath.css", "towpath.js"]
    assert "npm was not found" in capsys.readouterr().err


def test_an_npm_that_fails_is_a_warning_with_its_words(build, monkeypatch, capsys):
    monkeypatch.setattr(build, "npm", lambda: ["sh", "-c", "echo no network >&2; exit 1"])
    build.build()
    assert built(build) == ["towpath.css", "towpath.js"]
    assert "no network" in capsys.readouterr().err


def test_what_a_source_archive_brings_is_kept_without_a_word(build, monkeypatch, capsys):
    build.BUILT.mkdir(parents=True)
    (build.BUILT / "htmx.min.js").write_text("/* brought along */")
    monkeypatch.setattr(build, "npm", lambda: None)
    build.build()
    assert built(build) == ["htmx.min.js", "towpath.css", "towpath.js"]
    assert capsys.readouterr().err == ""


def test_what_npm_installed_is_copied_and_not_installed_again(build, monkeypatch):
    def install(*_, cwd, **__):
        folder = cwd / "node_modules/htmx.org/dist"
        folder.mkdir(parents=True)
        (folder / "htmx.min.js").write_text("htmx")
        (cwd / "node_modules/.package-lock.json").write_text("{}")
        calls.append(cwd)
        return type("Done", (), {"returncode": 0})

    calls = []
    monkeypatch.setattr(build.subprocess, "run", install)
    monkeypatch.setattr(build, "npm", lambda: ["npm"])
    build.build()
    build.build()
    assert built(build) == ["htmx.min.js", "towpath.css", "towpath.js"]
    assert len(calls) == 1


def test_the_lock_names_versions_and_hashes_and_no_host():
    text = (ROOT / "web/package-lock.json").read_text()
    assert "://" not in text
    packages = json.loads(text)["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)


def test_scripts_of_packages_do_not_run():
    assert "ignore-scripts=true" in (ROOT / "web/.npmrc").read_text()

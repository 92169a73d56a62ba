"""Every setting, command, fact and endpoint is documented, because the code writes the pages."""

from dataclasses import fields
from pathlib import Path

import click
import pytest
from fastapi import APIRouter

from scripts import reference
from towpath.kernel.plugin import Plugin
from towpath.kernel.settings import Settings

PAGES = Path("docs/reference")


@pytest.fixture(scope="module")
def written():
    return reference.pages()


NAMES = ["settings.md", "commands.md", "facts.md", "api.md", "audit.md", "permissions.md"]


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_page_is_what_the_code_says(written, name):
    assert (PAGES / name).read_text() == written[name], "run make reference"


def test_every_setting_is_documented_with_its_meaning(written):
    told = reference.attribute_docs(reference.settings, "Settings")
    assert told.keys() == {field.name for field in fields(Settings)}
    assert all(f"TOWPATH_{name.upper()}" in written["settings.md"] for name in told)


def rows(page: str, start: str) -> list[list[str]]:
    lines = [line for line in page.splitlines() if line.startswith(start)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_fact_names_a_consumer(written):
    facts = rows(written["facts.md"], "| `")
    assert len(facts) == len(reference.all_facts())
    assert [row[0] for row in facts if not row[4]] == []


def test_every_endpoint_says_what_it_does(written):
    endpoints = rows(written["api.md"], "| `")
    assert len(endpoints) > 20
    assert [row[0] for row in endpoints if not row[1]] == []


def test_every_audit_action_says_what_was_done(written):
    actions = rows(written["audit.md"], "| `")
    assert len(actions) > 20
    assert [row[0] for row in actions if not row[1]] == []


def test_every_command_says_what_it_does(written):
    assert mute_commands(written["commands.md"]) == []


def mute_commands(page: str) -> list[str]:
    """Name each command whose section has nothing between usage and options."""
    sections = [part.split("\n\n") for part in page.split("\n## ")[1:]]
    return [title for title, _, meaning, *_ in sections if not meaning.strip()]


def test_a_planted_setting_without_meaning_is_found(tmp_path):
    planted = tmp_path / "planted.py"
    planted.write_text('class Settings:\n    told: int = 1\n    """Why."""\n    mute: int = 2\n')
    module = _load(planted)
    assert reference.attribute_docs(module, "Settings") == {"told": "Why."}


def test_a_planted_endpoint_makes_the_page_stale(monkeypatch, written):
    routes = APIRouter()
    routes.add_api_route("/api/towpath/v1/planted", lambda: None, methods=["PUT"], name="plant")
    part = Plugin(name="planted", package="towpath.kernel", routes=lambda _: (routes,))
    monkeypatch.setattr(reference, "PARTS", (*reference.PARTS, part))
    page = reference.pages()["api.md"]
    assert ["`PUT /api/towpath/v1/planted`", "plant"] in rows(page, "| `")
    assert page != written["api.md"]


def test_a_planted_command_makes_the_page_stale_and_must_say_what_it_does(monkeypatch, written):
    planted = click.Group("towpath", {"planted": click.Command("planted")})
    monkeypatch.setattr(reference, "command", planted)
    page = reference.commands_page()
    assert page != written["commands.md"]
    assert mute_commands(page) == ["towpath planted"]


def test_a_planted_change_makes_a_page_stale(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(reference, "PAGES", tmp_path)
    monkeypatch.setattr(reference, "pages", lambda: {"settings.md": "new"})
    (tmp_path / "settings.md").write_text("old")
    monkeypatch.setattr("sys.argv", ["reference.py", "--check"])
    with pytest.raises(SystemExit, match=r"run make reference: settings\.md"):
        reference.main()


def _load(path: Path):
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""The documents hold together: links lead somewhere, commands exist, every page can be found."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
MAKE_TARGET = re.compile(r"^([a-z-]+):.*## (.+)$", re.MULTILINE)
MAKE_CALL = re.compile(r"`make ([a-z-]+)|^make ([a-z-]+)", re.MULTILINE)
MODULE = re.compile(r"`((?:app|gate|pipelines|forge|facts|kernel)/[\w/]+\.py)`")
CODE_PATH = re.compile(r"`((?:src|tests|scripts|benchmarks|docs|web)/[\w./-]+)`")


def dead_links(page: Path) -> list[str]:
    targets = (link.split("#")[0] for link in LINK.findall(page.read_text()))
    local = [target for target in targets if target and ":" not in target]
    return [target for target in local if not (page.parent / target).exists()]


def unknown_commands(text: str, makefile: str) -> list[str]:
    known = {name for name, _ in MAKE_TARGET.findall(makefile)}
    called = {first or second for first, second in MAKE_CALL.findall(text)}
    return sorted(called - known)


def reached(start: Path) -> set[Path]:
    """Follow links from one page to every page that a reader can get to."""
    found, waiting = set(), [start]
    while waiting:
        page = waiting.pop()
        if page in found or not page.exists():
            continue
        found.add(page)
        links = (link.split("#")[0] for link in LINK.findall(page.read_text()))
        linked = ((page.parent / link).resolve() for link in links if link.endswith(".md"))
        waiting += [path.relative_to(ROOT.resolve()) for path in linked if path.exists()]
    return found


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_of_a_page_leads_somewhere(page):
    assert dead_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_names_only_make_targets_that_exist(page):
    assert unknown_commands(page.read_text(), Path("Makefile").read_text()) == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_names_only_files_that_exist(page):
    named = CODE_PATH.findall(page.read_text())
    assert [path for path in named if not any(ROOT.glob(path.rstrip("/.")))] == []


def test_the_architecture_names_only_modules_that_exist():
    named = MODULE.findall(Path("ARCHITECTURE.md").read_text())
    assert len(named) > 10
    assert [path for path in named if not Path("src/towpath", path).exists()] == []


def test_every_page_is_reached_from_the_readme():
    unreached = set(PAGES) - reached(Path("README.md"))
    assert sorted(str(page) for page in unreached) == []


def test_a_planted_dead_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[here](page.md) [gone](gone.md) ![picture](tour/gone.png) [out](https://x.y)")
    assert dead_links(page) == ["gone.md", "tour/gone.png"]


def test_a_planted_unknown_command_is_found():
    text = "Run `make coffee`, or:\n\nmake tea\n\n`make test`"
    assert unknown_commands(text, "test: ## tests\n") == ["coffee", "tea"]


def test_make_explains_every_target_that_a_person_may_call():
    targets = dict(MAKE_TARGET.findall(Path("Makefile").read_text()))
    promised = "demo test test-all lint bench screenshots clean help"
    assert set(promised.split()) <= targets.keys()
    for asked in ([], ["help"]):  # make alone explains itself too
        said = subprocess.run(
            ["make", "--no-print-directory", *asked], capture_output=True, text=True, check=True
        ).stdout
        lines = [
            line.split(maxsplit=2) for line in said.splitlines() if line.startswith("  make ")
        ]
        assert {name: text for _, name, text in lines} == targets

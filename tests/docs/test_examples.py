"""What the documents show works: workflow files parse, as do the files in examples/."""

import re
from pathlib import Path

import pytest

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.workflow import InvalidWorkflow

BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
HEREDOC = re.compile(r"workflows/\S+\.yml <<'END'\n(.*?)^END$", re.MULTILINE | re.DOTALL)


def shown() -> list:
    pages = [Path("README.md"), *sorted(Path("docs").rglob("*.md"))]
    blocks = [
        pytest.param(block, id=f"{page}-{number}")
        for page in pages
        for number, block in enumerate(_blocks(page.read_text()), 1)
    ]
    files = sorted(Path("examples").rglob("*.yml"))
    return [*blocks, *(pytest.param(path.read_text(), id=str(path)) for path in files)]


def _blocks(text: str) -> list[str]:
    return [*BLOCK.findall(text), *HEREDOC.findall(text)]


@pytest.mark.parametrize("text", shown())
def test_a_workflow_that_a_page_shows_is_valid(text):
    assert parse(text.encode(), "shown.yml").jobs


def test_the_pages_show_workflows():
    assert len(shown()) >= 3


def test_a_planted_invalid_workflow_is_found():
    (planted,) = _blocks("Look:\n\n```yaml\non: push\njobs:\n  a: {}\n```\n")
    with pytest.raises(InvalidWorkflow):
        parse(planted.encode(), "shown.yml")

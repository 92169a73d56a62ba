"""Files in which projects say which Python or Node they want."""

import pytest

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.formats import toolfiles
from towpath.pipelines.model import versions

THERE = ("3.9.18", "3.10.13", "3.11.7", "3.12.1")


@pytest.mark.parametrize(
    ("name", "text", "best"),
    [
        (".python-version", "# ours\n3.11\n3.9\n", "3.11.7"),
        (".tool-versions", "nodejs 20.1.0\npython 3.10.13 # old\n", "3.10.13"),
        ("pyproject.toml", '[project]\nrequires-python = ">=3.9, <3.12, !=3.10.1"', "3.11.7"),
        ("pyproject.toml", '[project]\nrequires-python = "~=3.9"', "3.12.1"),
        ("pyproject.toml", '[project]\nrequires-python = "~=3.10.2"', "3.10.13"),
        ("pyproject.toml", '[project]\nrequires-python = "==3.10.*"', "3.10.13"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.9"', "3.12.1"),
        ("Pipfile", '[requires]\npython_version = "3.9"', "3.9.18"),
    ],
)
def test_the_python_that_a_project_wants(name, text, best):
    assert versions.best(toolfiles.python(name, text), THERE) == best


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        (".nvmrc", "v20.1.0\n", "v20.1.0"), (".nvmrc", "lts/iron", "20"), (".nvmrc", "node", "*"),
        (".node-version", "22\n", "22"), (".tool-versions", "nodejs 18.1.0\n", "18.1.0"),
        ("package.json", '{"engines": {"node": ">=18"}}', ">=18"),
        ("package.json", '{"volta": {"node": "20.1.0"}, "engines": {"node": "1"}}', "20.1.0"),
        ("package.json", '{"devEngines": {"runtime": {"version": "22"}}}', "22"),
    ],
)  # fmt: skip
def test_the_node_that_a_project_wants(name, text, wanted):
    assert toolfiles.node(name, text) == wanted


def test_a_version_with_long_support_is_an_even_one():
    assert versions.best(toolfiles.node_range("lts/*"), ("20.1.0", "22.3.0", "23.1.0")) == "22.3.0"


def test_a_version_in_the_making_is_taken_by_its_name():
    assert (
        versions.best(toolfiles.python_range("3.14-dev"), ("3.14.0rc2", "3.15.0")) == "3.14.0rc2"
    )


@pytest.mark.parametrize("name", ["pyproject.toml", "package.json", ".python-version", "Pipfile"])
def test_a_file_that_does_not_say_gives_nothing(name):
    read = toolfiles.node if name == "package.json" else toolfiles.python
    assert read(name, "{}" if name == "package.json" else "") == ""


def test_files_that_make_no_sense_are_told():
    for read, name, text in (
        (toolfiles.python, "pyproject.toml", "= ="), (toolfiles.node, "package.json", "{"),
        (toolfiles.node, ".nvmrc", "lts/nobody"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            read(name, text)

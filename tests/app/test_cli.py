import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

import towpath
from towpath.app import cli

HEAVY = ("sqlalchemy", "fastapi", "starlette", "pydantic", "jinja2", "structlog", "alembic")


@pytest.fixture(autouse=True)
def _umask_for_this_test_alone():
    """`serve` tightens that of its process, which here is everybody's."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def invoke(*arguments):
    return CliRunner().invoke(cli.main, arguments)


def test_the_command_line_starts_without_the_server_it_may_start():
    code = f"import sys, towpath.app.cli; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_lists_every_command_with_words_and_examples_and_imports_none():
    result = invoke("--help")
    assert result.exit_code == 0
    for name in ("serve", "run", "demo", "version", "Examples:", "towpath run"):
        assert name in result.output


def test_the_help_of_serve_names_its_options():
    result = invoke("serve", "--help")
    for option in ("--data", "--port", "--host", "--database", "--role", "--no-runner"):
        assert option in result.output


def test_version_for_people_and_for_machines():
    assert invoke("version").output == f"towpath {towpath.__version__}\n"
    told = json.loads(invoke("version", "--json").output)
    assert told["towpath"] == towpath.__version__
    assert told.keys() == {"towpath", "python", "sqlite"}


@pytest.mark.parametrize("arguments", [["serve"], ["serve", "--data", "x", "--port", "70000"]])
def test_options_that_are_missing_or_wrong_are_named(arguments):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.output


def test_an_unknown_command_is_refused():
    assert "No such command" in invoke("sail").output


def test_what_cannot_start_says_why_and_what_to_do(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    result = invoke("serve", "--data", str(file / "data"), "--port", "0")
    assert result.exit_code == 1
    assert "cannot be written" in result.output
    assert "--data" in result.output

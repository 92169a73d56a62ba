import json
import os

import pytest
from click.testing import CliRunner

from towpath.app import cli
from towpath.app.parts import PARTS
from towpath.app.server import histories
from towpath.kernel.db.migrate import upgrade


@pytest.fixture(autouse=True)
def _umask_for_this_test_alone():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    upgrade(f"sqlite:///{tmp_path}/data/towpath.db", histories(PARTS))
    return tmp_path / "data"


def towpath(*words):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def test_there_and_back_in_words(data, tmp_path):
    file = tmp_path / "a.tar.gz"
    said = towpath("backup", file, "--data", data)
    assert said.exit_code == 0, said.output
    assert "1 files" in said.output
    assert "guard it" in said.output
    said = towpath("restore", file, "--data", tmp_path / "new")
    assert said.exit_code == 0, said.output
    assert f"towpath serve --data {tmp_path / 'new'}" in said.output


def test_there_and_back_for_machines(data, tmp_path):
    file = tmp_path / "a.tar"
    said = json.loads(towpath("backup", file, "--data", data, "--json").output)
    assert (said["file"], said["store"], said["members"]) == (str(file), "sqlite", 1)
    assert said["revisions"].keys() >= {"kernel", "forge"}
    again = json.loads(towpath("restore", file, "--data", tmp_path / "new", "--json").output)
    assert again == said


def test_a_backup_without_keys_says_so_at_both_ends(data, tmp_path):
    file = tmp_path / "a.tar"
    assert (
        "Keys were left out" in towpath("backup", file, "--data", data, "--without-secrets").output
    )
    assert "holds no keys" in towpath("restore", file, "--data", tmp_path / "new").output


def test_refusals_are_sentences_not_tracebacks(data, tmp_path):
    said = towpath("backup", tmp_path / "a.tar", "--data", tmp_path / "missing")
    assert said.exit_code == 1
    assert "There is no data directory" in said.output
    said = towpath("restore", tmp_path / "missing.tar", "--data", tmp_path / "new")
    assert said.exit_code == 1
    assert "not a whole backup" in said.output
    assert "Traceback" not in said.output

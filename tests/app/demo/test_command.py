"""The command: its exit status, what it leaves behind, and that a stranger can check it."""

import json
import sys
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from tests.app.demo.test_journey import Host
from tests.e2e import verify
from towpath.app.demo import canal, command, journey


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command against a host of plain git, with no checkout of ours at hand."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "find_checkout", lambda places: None)

    def start(*args, host=Host):
        monkeypatch.setattr(command, "_people", people_at(host, tmp_path))
        return CliRunner().invoke(command.demo, args)

    return start


def people_at(host, tmp_path):
    @contextmanager
    def people(teller, folder, port):
        made = host(folder / "data/repositories")
        yield made, made

    return people


class Moody(Host):
    """Refuses what should land."""

    def decide(self, _, number):
        main = self.git("rev-parse", "main")
        row = {"number": number, "ended": number, "sentence": "no", "state": "refused"}
        return row | {"refused": {"why": "red", "onto": main}}


@pytest.fixture(autouse=True)
def at_once_and_from_the_host(monkeypatch):
    monkeypatch.setattr(journey, "_BETWEEN_LOOKS_SECONDS", 0.0)
    monkeypatch.setattr(
        command, "_bare", lambda folder: folder / "data/repositories/alice/canal.git"
    )


def test_expected_outcomes_exit_with_zero_and_leave_a_record_that_holds(run, tmp_path):
    done = run("--once")
    assert done.exit_code == 0, done.output
    assert "every outcome is as expected" in done.output
    assert verify.verify(tmp_path / "demo-record", sys.executable) == []


def test_an_unexpected_outcome_exits_with_one(run):
    done = run("--once", host=Moody)
    assert done.exit_code == 1
    assert "not as expected" in done.output


def test_the_record_goes_where_it_is_asked_to(run, tmp_path):
    run("--once", "--record", str(tmp_path / "here"))
    start = json.loads((tmp_path / "here/record.jsonl").read_text().splitlines()[0])
    assert start["workflow"] == canal.WORKFLOW


def test_it_says_that_a_generated_project_is_used(run):
    assert "a small generated project" in run("--once").output

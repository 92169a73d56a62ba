"""The demo as a user runs it, and a stranger's look at what it leaves behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import verify

ROOT = Path(__file__).parents[2]
COMMAND = "from towpath.app.cli import main; main()"
# What a wheel without a checkout does: there is no source to push, so a small project is made.
SMALL = "from towpath.app.demo import command; command.find_checkout = lambda places: None; "


def demo(program, *args):
    command = [sys.executable, "-c", program, "demo", "--once", *args]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    return done


def guilty(folder):
    lines = map(json.loads, (folder / "record.jsonl").read_text().splitlines())
    requests = [line for line in lines if line["what"] == "request"]
    return {request["branch"] for request in requests if request["expected"] != "landed"}


def test_a_small_demo_ends_as_expected_and_its_record_holds(tmp_path):
    done = demo(SMALL + COMMAND, "--record", str(tmp_path / "record"))
    assert done.returncode == 0
    assert "a small generated project" in done.stdout
    assert "every outcome is as expected" in done.stdout
    assert "\x1b" not in done.stdout
    assert verify.verify(tmp_path / "record", sys.executable) == []


@pytest.mark.slow
def test_the_demo_on_the_project_itself_ends_as_expected_for_two_seeds(tmp_path):
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        done = demo(COMMAND, "--seed", str(seed), "--record", str(folder))
        assert done.returncode == 0, f"seed {seed}"
        assert verify.verify(folder, sys.executable) == []
    assert guilty(tmp_path / "1") != guilty(tmp_path / "2")

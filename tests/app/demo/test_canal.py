"""The demo's module and its changes behave as the plan says, without any server."""

import subprocess
import sys
from pathlib import Path

import pytest

from towpath.app.demo import canal

SEEDS = range(12)


def write(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def passes(folder):
    command = [sys.executable, "-B", "-m", "unittest", "discover", "-q", "-s", ".", "-t", "."]
    done = subprocess.run(command, cwd=folder / canal.FOLDER, capture_output=True, check=False)
    return done.returncode == 0


def test_the_same_seed_deals_the_same_plan():
    assert canal.plan(7) == canal.plan(7)


def test_seeds_permute_which_request_is_guilty():
    guilty = {
        tuple(sorted(c.branch for c in canal.plan(seed).changes if c.expected != "landed"))
        for seed in SEEDS
    }
    assert len(guilty) > len(SEEDS) / 2


@pytest.mark.parametrize("seed", SEEDS)
def test_every_plan_holds_each_kind_of_outcome(seed):
    expected = [change.expected for change in canal.plan(seed).changes]
    assert sorted(expected) == ["conflict", "landed", "landed", "landed", "landed", "red", "red"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fix_comes_after_what_it_fixes(seed):
    parts = [change.part for change in canal.plan(seed).changes]
    assert parts.index("breaks") < parts.index("fixes")


@pytest.mark.parametrize("seed", SEEDS)
def test_branches_are_told_apart(seed):
    branches = [change.branch for change in canal.plan(seed).changes]
    assert len(set(branches)) == len(branches)


def test_the_module_passes_its_own_tests(tmp_path):
    write(tmp_path, canal.plan(1).files)
    assert passes(tmp_path)


def test_all_but_the_breaking_change_pass_alone(tmp_path):
    for change in canal.plan(1).changes:
        folder = tmp_path / change.branch
        write(folder, {**canal.plan(1).files, **change.files})
        assert passes(folder) == (change.part != "breaks"), change.part


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_pair_fails_together(tmp_path, seed):
    plan = canal.plan(seed)
    write(tmp_path, plan.files)
    for change in plan.changes:
        if change.part in {"renames", "relies"}:
            write(tmp_path, change.files)
    assert not passes(tmp_path)


def test_all_that_is_expected_to_land_passes_together(tmp_path):
    plan = canal.plan(1)
    write(tmp_path, plan.files)
    for change in plan.changes:
        if change.expected == "landed":
            write(tmp_path, change.files)
    assert passes(tmp_path)


def test_only_two_changes_write_the_same_lines():
    changes = canal.plan(1).changes
    measuring = [set(c.files) for c in changes if c.part.startswith("measures")]
    assert sum(a == b for a in measuring for b in measuring) == len(measuring) + 2


def test_files_stay_inside_the_demo_folder():
    plan = canal.plan(1)
    paths = [Path(p) for files in (plan.files, *(c.files for c in plan.changes)) for p in files]
    assert all(path.is_relative_to(canal.FOLDER) and ".." not in path.parts for path in paths)

"""What the demo pushes: the project as it stands, or a small one where there is none."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from towpath.app.demo import canal, project
from towpath.app.demo.project import Git

PLAN = canal.plan(1)


@pytest.fixture
def checkout(tmp_path):
    """A checkout that looks like ours, with two commits and a file git ignores."""
    folder = tmp_path / "checkout"
    git = Git(folder)
    folder.mkdir()
    git("init", "--quiet", "--initial-branch", "trunk")
    project.commit(git, {"pyproject.toml": '[project]\nname = "towpath"\n'}, "One")
    files = {
        "src/towpath/__init__.py": '"""Ours."""\n',
        ".gitignore": "build/\n.towpath/\n",
        "tests/part/test_model.py": "def test_true():\n    assert True\n",
    }
    project.commit(git, files, "Two")
    (folder / "build").mkdir()
    (folder / "build/big").write_text("not to be pushed")
    return folder


def prepared(tmp_path, checkout):
    return project.prepare(tmp_path / "work", PLAN, checkout, sys.executable)


def test_the_checkout_is_found_from_a_folder_inside(checkout, tmp_path):
    assert project.find_checkout([tmp_path, checkout / "src/towpath"]) == checkout
    assert project.find_checkout([tmp_path]) is None


def test_the_whole_history_is_taken_with_one_commit_on_top(tmp_path, checkout):
    made = prepared(tmp_path, checkout)
    subjects = made.git("log", "--reverse", "--format=%s", "main").splitlines()
    assert subjects == ["One", "Two", "Add the demo's module and its workflow"]
    assert made.about == "the project's own repository, 2 commits"


def test_a_shallow_history_becomes_one_commit(tmp_path, checkout):
    shallow = tmp_path / "shallow"
    command = ["git", "clone", "-q", "--depth", "1", f"file://{checkout}", str(shallow)]
    subprocess.run(command, check=True)
    made = prepared(tmp_path, shallow)
    assert made.git("rev-list", "--count", "main") == "2"
    assert "as one commit" in made.about


def test_a_tree_without_git_becomes_one_commit_without_what_it_ignores(tmp_path, checkout):
    (checkout / ".git").rename(tmp_path / "elsewhere")
    made = prepared(tmp_path, checkout)
    files = made.git("ls-files").splitlines()
    assert "src/towpath/__init__.py" in files
    assert "build/big" not in files
    assert canal.WORKFLOW in files


def test_the_checkout_is_only_read(tmp_path, checkout):
    def state():
        return sorted((p, p.stat().st_mtime_ns) for p in checkout.rglob("*") if p.is_file())

    before = state()
    prepared(tmp_path, checkout)
    assert state() == before


def test_without_a_checkout_a_small_project_is_made(tmp_path):
    made = prepared(tmp_path, None)
    assert made.git("rev-list", "--count", "main") == "1"
    assert (made.git.folder / "README.md").read_text().startswith("# A canal")


@pytest.mark.parametrize("change", PLAN.changes, ids=lambda change: change.part)
def test_the_workflow_judges_every_change_as_planned_alone(tmp_path, checkout, change):
    made = prepared(tmp_path, checkout)
    project.propose(made.git, made.main, change)
    assert green(made.git.folder) == (change.part != "breaks")


def green(folder):
    lines = (folder / canal.WORKFLOW).read_text().splitlines()
    commands = [line.partition("run: ")[2] for line in lines if "run: " in line]
    assert len(commands) == 3
    env = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable}
    runs = [["sh", "-ec", command] for command in commands]
    return all(
        subprocess.run(run, cwd=folder, env=env, capture_output=True, check=False).returncode == 0
        for run in runs
    )


def test_without_our_tools_the_standard_library_judges(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "find_spec", lambda name: None)
    made = prepared(tmp_path, None)
    text = (made.git.folder / canal.WORKFLOW).read_text()
    assert "-m compileall" in text
    assert "ruff" not in text


def test_a_token_reaches_git_without_being_an_argument(tmp_path):
    git = Git(tmp_path, token="secret")
    git("init", "--quiet")
    assert git("config", "http.extraHeader") == "Authorization: Bearer secret"


def test_a_failing_git_says_what_git_said(tmp_path):
    with pytest.raises(project.GitFailed, match=r"git checkout: .*not a git repository"):
        Git(tmp_path)("checkout", "nowhere")


def test_tools_used_by_the_workflow_are_here():
    assert find_spec("ruff")
    assert find_spec("pytest")

"""The working tree: files, choices, itself as a commit."""

import pytest

from tests.pipelines.trees import run_git
from towpath.kernel.errors import InvalidInput, NotFound
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.remote import worktree

FILE = """
on: push
jobs:
  a:
    runs-on: x
    outputs: {v: "${{ steps.s.outputs.v }}"}
    steps:
      - uses: actions/checkout@v4
      - {id: s, run: "echo v=$(cat kept.txt new.txt | tr -d '\\\\n') >> $GITHUB_OUTPUT"}
  b:
    needs: a
    runs-on: x
    steps:
      - run: test "${{ needs.a.outputs.v }}" = changednew
      - run: test ! -e kept.txt
  c:
    runs-on: x
    needs: b
    if: failure()
    steps: [{run: echo}]
"""


@pytest.fixture
def tree(tmp_path):
    path = tmp_path / "tree"
    path.mkdir()
    run_git(path, "init", "--quiet", "--initial-branch=topic")
    (path / "kept.txt").write_text("first\n")
    (path / ".gitignore").write_text("*.secret\n")
    run_git(path, "add", "--all")
    run_git(path, "commit", "--quiet", "--message", "first")
    (path / "kept.txt").write_text("changed\n")
    (path / "new.txt").write_text("new\n")
    (path / "a.secret").write_text("hush\n")
    return path


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "run"
    path.mkdir()
    return path


def test_a_snapshot_holds_what_lies_in_the_tree_and_changes_nothing_there(tree, folder):
    before = run_git(tree, "status", "--porcelain"), run_git(tree, "rev-parse", "HEAD")
    taken = worktree.snapshot(tree, folder)
    listed = run_git(taken.path, "ls-tree", "--name-only", taken.sha).split()
    assert listed == [".gitignore", "kept.txt", "new.txt"]
    assert run_git(taken.path, "show", f"{taken.sha}:kept.txt") == "changed"
    assert run_git(taken.path, "rev-parse", f"{taken.sha}^") == before[1]
    assert taken.ref == "refs/heads/topic"
    assert (run_git(tree, "status", "--porcelain"), run_git(tree, "rev-parse", "HEAD")) == before


def test_a_tree_without_git_can_be_run_too(tmp_path, folder):
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.txt").write_text("x")
    taken = worktree.snapshot(plain, folder)
    assert run_git(taken.path, "ls-tree", "--name-only", taken.sha) == "a.txt"
    assert not (plain / ".git").exists()


def test_one_job_brings_along_what_it_needs():
    workflow = parse(FILE.encode(), "ci.yml")
    assert [job.id for job in worktree.choose(workflow, "b").jobs] == ["a", "b"]
    assert worktree.choose(workflow, None) is workflow
    with pytest.raises(NotFound, match="a, b, c"):
        worktree.choose(workflow, "zzz")


def test_files_are_found_in_our_folder_or_else_in_githubs(tree):
    with pytest.raises(NotFound):
        worktree.workflows_of(tree)
    github = tree / ".github/workflows"
    github.mkdir(parents=True)
    (github / "a.yml").write_text(FILE)
    assert [path.name for path in worktree.workflows_of(tree)] == ["a.yml"]
    ours = tree / ".towpath/workflows"
    ours.mkdir(parents=True)
    (ours / "b.yaml").write_text(FILE)
    assert [path.name for path in worktree.workflows_of(tree)] == ["b.yaml"]
    assert worktree.load(tree, ours / "b.yaml").path == ".towpath/workflows/b.yaml"


def test_the_top_of_a_tree_is_found_from_below(tree, tmp_path):
    (tree / "sub").mkdir()
    assert worktree.top_of(tree / "sub") == tree.resolve()
    outside = tmp_path / "outside"
    outside.mkdir()
    assert worktree.top_of(outside) == outside.resolve()


def test_what_is_not_clear_lists_what_there_is():
    assert isinstance(worktree.ambiguous(None, ["a", "b"]), InvalidInput)
    assert "a, b" in str(worktree.ambiguous("c", ["a", "b"]))


STEPS = """
on: push
jobs:
  a:
    runs-on: x
    steps:
      - uses: actions/checkout@v4
      - {id: build, run: make}
      - {name: Try it, run: make test}
      - run: make more
"""


@pytest.mark.parametrize(("step", "first"), [("build", 2), ("Try it", 3), ("4", 4)])
def test_a_job_may_begin_at_a_step_with_the_checkout_before_it(step, first):
    chosen = worktree.begin_at(parse(STEPS.encode(), "ci.yml"), None, step)
    wanted = [each.number for each in chosen.jobs[0].steps if each.condition != "false"]
    assert wanted == [1, *range(first, 5)]


def test_a_step_that_is_not_there_or_of_no_job_is_refused():
    with pytest.raises(NotFound, match="no step `zzz`"):
        worktree.begin_at(parse(STEPS.encode(), "ci.yml"), "a", "zzz")
    with pytest.raises(InvalidInput, match="which job"):
        worktree.begin_at(parse(FILE.encode(), "ci.yml"), None, "1")


def test_a_changed_tree_is_told_from_what_it_was(tree):
    before = worktree.fingerprint(tree)
    assert worktree.fingerprint(tree) == before
    (tree / "a.secret").write_text("ignored, and longer than it was")
    assert worktree.fingerprint(tree) == before
    (tree / "new.txt").write_text("newer\n")
    assert worktree.fingerprint(tree) != before

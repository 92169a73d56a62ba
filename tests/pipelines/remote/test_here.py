"""The working tree as a commit, and workflows run on it."""

import threading

import pytest

from tests.pipelines.trees import run_git
from towpath.kernel.errors import InvalidInput, NotFound
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.remote import here

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


def quiet(began=None, output=None):
    return here.Watch(
        began or (lambda job: None), lambda job, report: None, output or (lambda job, data: None),
        lambda job, seconds: None,
    )  # fmt: skip


def test_a_snapshot_holds_what_lies_in_the_tree_and_changes_nothing_there(tree, folder):
    before = run_git(tree, "status", "--porcelain"), run_git(tree, "rev-parse", "HEAD")
    taken = here.snapshot(tree, folder)
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
    taken = here.snapshot(plain, folder)
    assert run_git(taken.path, "ls-tree", "--name-only", taken.sha) == "a.txt"
    assert not (plain / ".git").exists()


def test_jobs_run_on_the_tree_as_on_a_server(tree, folder):
    runs = here.Here(here.Options(tree=tree, folder=folder, slots=2), quiet())
    conclusion, jobs = runs.run(parse(FILE.encode(), "ci.yml"))
    assert conclusion == "success"
    assert [job.conclusion for job in jobs] == ["success", "success", "skipped"]
    assert jobs[0].outputs == {"v": "changednew"}


def test_a_run_can_be_cancelled(tree, folder):
    text = "on: push\njobs:\n  a: {runs-on: x, steps: [{run: echo begun; sleep 600}]}\n"
    text += "  b: {runs-on: x, needs: a, steps: [{run: echo}]}\n"
    begun = threading.Event()
    runs = here.Here(
        here.Options(tree=tree, folder=folder, slots=1), quiet(output=lambda *_: begun.set())
    )
    threading.Thread(target=lambda: (begun.wait(20), runs.cancel())).start()
    conclusion, jobs = runs.run(parse(text.encode(), "ci.yml"))
    assert conclusion == "cancelled"
    assert [job.conclusion for job in jobs] == ["cancelled", "cancelled"]


def test_one_job_brings_along_what_it_needs():
    workflow = parse(FILE.encode(), "ci.yml")
    assert [job.id for job in here.choose(workflow, "b").jobs] == ["a", "b"]
    assert here.choose(workflow, None) is workflow
    with pytest.raises(NotFound, match="a, b, c"):
        here.choose(workflow, "zzz")


def test_files_are_found_in_our_folder_or_else_in_githubs(tree):
    with pytest.raises(NotFound):
        here.workflows_of(tree)
    github = tree / ".github/workflows"
    github.mkdir(parents=True)
    (github / "a.yml").write_text(FILE)
    assert [path.name for path in here.workflows_of(tree)] == ["a.yml"]
    ours = tree / ".towpath/workflows"
    ours.mkdir(parents=True)
    (ours / "b.yaml").write_text(FILE)
    assert [path.name for path in here.workflows_of(tree)] == ["b.yaml"]
    assert here.load(tree, ours / "b.yaml").path == ".towpath/workflows/b.yaml"


def test_the_top_of_a_tree_is_found_from_below(tree, tmp_path):
    (tree / "sub").mkdir()
    assert here.top_of(tree / "sub") == tree.resolve()
    outside = tmp_path / "outside"
    outside.mkdir()
    assert here.top_of(outside) == outside.resolve()


def test_what_is_not_clear_lists_what_there_is():
    assert isinstance(here.ambiguous(None, ["a", "b"]), InvalidInput)
    assert "a, b" in str(here.ambiguous("c", ["a", "b"]))


MATRIX = """
on: push
jobs:
  list:
    runs-on: x
    outputs: {v: "${{ steps.l.outputs.v }}"}
    steps: [{id: l, run: 'echo "v=[1, 2, 3]" >> $GITHUB_OUTPUT'}]
  test:
    needs: list
    runs-on: x
    continue-on-error: ${{ matrix.v == 2 }}
    strategy: {matrix: {v: "${{ fromJSON(needs.list.outputs.v) }}", include: [{v: 3, more: yes}]}}
    outputs: {last: "${{ matrix.v }}"}
    steps:
      - {timeout-minutes: "${{ matrix.v }}", run: "test ${{ matrix.v }} != 2; echo [$MORE]"}
    env: {MORE: "${{ matrix.more }}${{ strategy.job-index }}"}
  after:
    needs: test
    runs-on: x
    steps: [{run: "test ${{ needs.test.result }} = success"}]
"""


def test_a_matrix_runs_here_as_it_does_there(tree, folder):
    said = bytearray()
    watch = quiet(output=lambda _, data: said.extend(data))
    runs = here.Here(here.Options(tree=tree, folder=folder, slots=2), watch)
    conclusion, jobs = runs.run(parse(MATRIX.encode(), "ci.yml"))
    assert conclusion == "success", said
    assert [job.name for job in jobs] == [
        "list", "test (1)", "test (2)", "test (3, yes)", "after",
    ]  # fmt: skip
    assert [job.conclusion for job in jobs[1:4]] == ["success", "failure", "success"]
    assert b"[yes2]" in said


def test_a_failure_ends_the_rest_of_its_matrix_here_too(tree, folder):
    text = """
on: push
jobs:
  a:
    runs-on: x
    strategy: {matrix: {v: [1, 2, 3]}}
    steps: [{run: "if [ ${{ matrix.v }} = 1 ]; then exit 1; fi; sleep 600"}]
"""
    runs = here.Here(here.Options(tree=tree, folder=folder, slots=2), quiet())
    conclusion, jobs = runs.run(parse(text.encode(), "ci.yml"))
    assert conclusion == "failure"
    assert [job.conclusion for job in jobs] == ["failure", "cancelled", "cancelled"]

"""The working tree as a commit, and workflows run on it."""

import threading

import pytest

from tests.pipelines.trees import run_git
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


def test_a_run_whose_output_nobody_takes_ends_all_the_same(tree, folder):
    def gone(*_):
        raise BrokenPipeError("nobody reads this")

    text = "on: push\njobs:\n  a: {runs-on: x, steps: [{run: echo}]}\n"
    runs = here.Here(here.Options(tree=tree, folder=folder, slots=1), quiet(output=gone))
    conclusion, (job,) = runs.run(parse(text.encode(), "ci.yml"))
    assert (conclusion, job.why) == ("failure", "nobody reads this")


TURNS = """
on: push
jobs:
  a:
    runs-on: x
    strategy: {matrix: {v: [1, 2, 3]}}
    concurrency: {group: "${{ github.ref }}", queue: max}
    steps: [{run: sleep 0.1}]
  b: {runs-on: x, needs: a, concurrency: main, steps: [{run: echo}]}
"""


def test_jobs_of_one_group_take_turns(tree, folder):
    events = []
    watch = here.Watch(
        lambda job: events.append("began"), lambda job, report: None,
        lambda job, data: None, lambda job, seconds: events.append("ended"),
    )  # fmt: skip
    runs = here.Here(here.Options(tree=tree, folder=folder, slots=3), watch)
    ended, jobs = runs.run(parse(TURNS.encode(), "ci.yml"))
    assert (ended, [job.conclusion for job in jobs]) == ("success", ["success"] * 4)
    assert events == ["began", "ended"] * 4

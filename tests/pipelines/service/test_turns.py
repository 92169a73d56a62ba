"""Concurrency groups on the server: one at a time, one waiting, the newest wins."""

import pytest

from towpath.pipelines import service

FILE = ".github/workflows/ci.yml"
ALONE = """
on: push
concurrency: {group: "Deploy ${{ github.ref }}", cancel-in-progress: false}
jobs: {a: {runs-on: linux, steps: [{run: a}]}}
"""


@pytest.fixture
def canal(make_kernel, store, canal_of):
    return canal_of(make_kernel(store))


@pytest.fixture
def begin(canal):
    """Ask for a file once more; gives the suite."""

    def ask(text, key):
        suite = canal.trigger(canal.commit(**{FILE: text}), key=key)
        canal.work()
        return suite

    return ask


def states(canal, *suites):
    runs = [canal.runs(suite)[0] for suite in suites]
    return [run.conclusion or run.state for run in runs]


def test_of_runs_one_runs_and_the_newest_waits(canal, begin):
    suites = [begin(ALONE, str(n)) for n in range(3)]
    assert states(canal, *suites) == ["running", "cancelled", "pending"]
    assert canal.suite(suites[1]).summary == "ci: cancelled by a newer run"
    taken = canal.claim()
    assert canal.claim() is None
    canal.finish(taken)
    canal.work()
    assert states(canal, *suites) == ["success", "cancelled", "running"]
    canal.finish(canal.claim())
    assert states(canal, suites[2]) == ["success"]


def test_a_newer_run_may_end_the_one_before_it(canal, begin):
    text = ALONE.replace("cancel-in-progress: false", "cancel-in-progress: true")
    first = begin(text, "1")
    taken = canal.claim()
    second = begin(text.replace("Deploy", "deploy"), "2")
    assert canal.jobs(first)["a"].stop
    assert states(canal, first, second) == ["running", "pending"]
    canal.finish(taken, "cancelled")
    canal.work()
    assert states(canal, first, second) == ["cancelled", "running"]


def test_where_all_may_wait_all_have_their_turn_in_order(canal, begin):
    text = ALONE.replace("cancel-in-progress: false", "queue: max")
    suites = [begin(text, str(n)) for n in range(3)]
    assert states(canal, *suites) == ["running", "pending", "pending"]
    for _ in suites:
        canal.finish(canal.claim())
        canal.work()
    assert states(canal, *suites) == ["success"] * 3


def test_a_run_that_waits_can_be_cancelled_and_others_are_not_held_up(canal, begin):
    first, second, other = (
        begin(ALONE, "1"),
        begin(ALONE, "2"),
        begin(ALONE.replace("Deploy", "Other"), "3"),
    )
    assert states(canal, other) == ["running"]
    run = canal.runs(second)[0].id
    canal.kernel.db.write(lambda tx: service.cancel_run(tx, run, "alice"))
    assert states(canal, first, second) == ["running", "cancelled"]


JOBS = """
on: push
jobs:
  a:
    runs-on: linux
    strategy: {matrix: {v: [1, 2, 3]}}
    concurrency: {group: "g-${{ matrix.v > 1 }}", queue: max}
    steps: [{run: a}]
"""


def test_of_jobs_those_of_one_group_take_turns(canal, begin):
    suite = begin(JOBS, "1")
    one, two = canal.claim(), canal.claim()
    assert (one.name, two.name, canal.claim()) == ("a (1)", "a (2)", None)
    canal.finish(two)
    canal.work()
    three = canal.claim()
    assert three.name == "a (3)"
    canal.finish(one)
    canal.finish(three)
    assert canal.suite(suite).conclusion == "success"


def test_a_job_of_a_newer_run_ends_the_job_before_it_alone(canal, begin):
    text = """
on: push
jobs:
  a: {runs-on: linux, concurrency: {group: g, cancel-in-progress: true}, steps: [{run: a}]}
  b: {runs-on: linux, steps: [{run: b}]}
"""
    first = begin(text, "1")
    canal.claim()
    begin(text, "2")
    jobs = canal.jobs(first)
    assert (jobs["a"].stop, jobs["b"].stop) == (True, False)


CALLING = """
on: push
jobs:
  x:
    concurrency: {group: g, cancel-in-progress: true}
    uses: ./.github/workflows/called.yml
"""
CALLED = "on: workflow_call\njobs: {a: {runs-on: linux, steps: [{run: a}]}}\n"


def test_a_called_workflow_takes_its_turn_as_a_whole(canal):
    for key in ("1", "2"):
        files = {FILE: CALLING, ".github/workflows/called.yml": CALLED}
        suite = canal.trigger(canal.commit(**files), key=key)
        canal.work()
        if key == "1":
            taken = canal.claim()
    canal.finish(taken, "cancelled")
    canal.work()
    assert canal.claim().name == "x / a"
    assert canal.jobs(suite)["x"].state == "calling"


def test_who_waits_for_what_it_is_part_of_fails_in_words(canal, begin):
    text = ALONE.replace("runs-on: linux,", "runs-on: linux, concurrency: deploy refs/heads/main,")
    begin(text, "1")
    (fact,) = canal.finished()
    assert fact.conclusion == "failure"
    assert "whatever it is part of holds its concurrency group" in fact.summary


def test_a_group_without_a_name_is_refused_in_words(canal, begin):
    begin(ALONE.replace("Deploy ${{ github.ref }}", "${{ github.none }}"), "1")
    (fact,) = canal.finished()
    assert "`group` must have 1 to" in fact.summary

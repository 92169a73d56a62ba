"""Workflows that call others on the server: one run, whose parts know only what is handed over."""

import pytest
from sqlalchemy import text

from towpath.forge import service as forge
from towpath.kernel.secrets import service as secrets
from towpath.pipelines import service

FOLDER = ".github/workflows"
CALLER = """
on: push
env: {WHERE: caller}
jobs:
  first: {runs-on: linux, steps: [{run: a}], outputs: {v: x}}
  call:
    needs: first
    strategy: {matrix: {v: "${{ fromJSON(needs.first.outputs.v) }}"}}
    uses: ./.github/workflows/called.yml
    with: {version: "${{ matrix.v }}", loud: true}
    secrets: {key: "${{ secrets.OUTER }}"}
  after: {needs: call, runs-on: linux, steps: [{run: "echo ${{ needs.call.outputs.built }}"}]}
"""
CALLED = """
on:
  workflow_call:
    inputs: {version: {type: string}, loud: {type: boolean}}
    secrets: {key: {required: true}}
    outputs: {built: {value: "${{ jobs.build.outputs.name }}"}}
env: {WHERE: called}
jobs:
  build:
    name: Build of ${{ inputs.version }}
    runs-on: linux
    outputs: {name: x}
    steps: [{run: "echo ${{ secrets.key }}"}]
  test: {needs: build, if: inputs.loud, runs-on: linux, steps: [{run: b}]}
"""


@pytest.fixture
def canal(make_kernel, store, canal_of):
    return canal_of(make_kernel(store))


def begun(canal, caller=CALLER, **files):
    named = {f"{FOLDER}/{name}.yml": text for name, text in files.items()}
    suite = canal.trigger(canal.commit(**{f"{FOLDER}/ci.yml": caller, **named}))
    canal.work()
    return suite


def jobs_of(canal, suite):
    (run,) = canal.runs(suite)
    return canal.kernel.db.read(lambda tx: service.jobs_of(tx, [run.id]))


def test_a_called_workflow_runs_as_part_of_the_run(canal):
    secrets.prepare(canal.kernel)
    forge.set_secret(canal.kernel, forge.keeper_of(canal.repository), "OUTER", "hunter2")
    suite = begun(canal, called=CALLED)
    canal.finish(canal.claim(), outputs={"v": "[7, 8]"})
    one, two = canal.claim(), canal.claim()
    assert (one.name, two.name) == ("call (7) / Build of 7", "call (8) / Build of 8")
    assert (one.inputs, one.env) == ({"version": "7", "loud": True}, {"WHERE": "called"})
    known = service.with_secrets(canal.kernel, one)
    assert known.secrets == {"key": "hunter2"}
    assert canal.claim() is None
    canal.finish(one, outputs={"name": "boat-7"})
    canal.finish(two)
    for _ in range(2):
        canal.finish(canal.claim())
    after = canal.claim()
    assert after.needs == {"call": {"result": "success", "outputs": {"built": "boat-7"}}}
    assert after.env == {"WHERE": "caller"}
    canal.finish(after)
    (fact,) = canal.finished()
    assert (fact.conclusion, fact.summary) == ("success", "ci: all 6 jobs passed")
    assert {job.state for job in jobs_of(canal, suite)} == {"finished"}


def test_a_failure_inside_fails_the_call_and_ends_the_rest_of_its_matrix(canal):
    begun(canal, called=CALLED)
    canal.finish(canal.claim(), outputs={"v": "[7, 8]"})
    one, two = canal.claim(), canal.claim()
    canal.finish(one, "failure", why="It leaks.")
    canal.finish(two, "cancelled")
    (fact,) = canal.finished()
    assert fact.summary == "ci: job “call (7) / Build of 7” failed: It leaks."


def test_a_cancelled_run_ends_what_runs_in_what_it_calls(canal):
    suite = begun(canal, called=CALLED)
    canal.finish(canal.claim(), outputs={"v": "[7]"})
    taken = canal.claim()
    canal.kernel.db.write(lambda tx: service.cancel_suite(tx, suite))
    assert {job.name: job.stop for job in jobs_of(canal, suite)}["call (7) / Build of 7"]
    canal.finish(taken, "cancelled")
    assert canal.suite(suite).conclusion == "cancelled"


def test_an_input_of_another_kind_fails_its_call_in_words(canal):
    caller = CALLER.replace("loud: true", "loud: '${{ matrix.v }}'")
    begun(canal, caller, called=CALLED)
    canal.finish(canal.claim(), outputs={"v": "[7]"})
    (fact,) = canal.finished()
    assert "The input `loud` must be a boolean, not 7" in fact.summary


def test_what_is_wrong_with_a_called_file_is_told_before_anything_runs(canal):
    suite = begun(canal, called=CALLED.replace("runs-on", "run-on", 1))
    (fact,) = canal.finished()
    assert fact.conclusion == "invalid"
    assert f"{FOLDER}/called.yml:11:5: Unknown key `run-on`" in fact.summary
    assert canal.runs(suite) == []


def test_a_workflow_of_another_repository_is_called_at_its_commit(canal):
    leaf = "on: workflow_call\njobs: {a: {runs-on: linux, steps: [{run: a}]}}\n"
    sha = canal.commit(**{f"{FOLDER}/lib.yml": leaf})
    address = f"alice/boat/{FOLDER}/lib.yml@{sha}"
    canal.commit(**{f"{FOLDER}/lib.yml": "another by now"})
    suite = begun(
        canal, f"on: push\njobs: {{x: {{uses: {address}}}}}\n", lib=leaf.replace("a:", "b:")
    )
    assert [job.name for job in jobs_of(canal, suite)] == ["x", "x / a"]
    gone = f"on: push\njobs: {{x: {{uses: 'alice/none/{FOLDER}/lib.yml@{sha}'}}}}\n"
    canal.trigger(canal.commit(**{f"{FOLDER}/ci.yml": gone}), key="gone")
    canal.work()
    assert "There is no repository alice/none" in canal.finished()[-1].summary


def test_old_runs_are_forgotten_with_what_they_called(canal):
    suite = begun(canal, called=CALLED)
    canal.kernel.db.write(lambda tx: service.cancel_suite(tx, suite))
    now = canal.kernel.db.read(lambda tx: tx.now)
    service.forget(canal.kernel, now + 1)
    left = "SELECT count(*) FROM pipelines_called"
    assert canal.kernel.db.read(lambda tx: (service.runs(tx), tx.scalar(text(left)))) == ([], 0)

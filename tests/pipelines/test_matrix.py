"""A matrix on the server: planned when its needs are done, stopped by a failure, seen as one."""

import pytest

from towpath.pipelines import service

FILE = ".github/workflows/ci.yml"
MATRIX = """
on: push
jobs:
  list: {runs-on: linux, steps: [{run: a}], outputs: {v: x}}
  test:
    needs: list
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [linux]
        version: ${{ fromJSON(needs.list.outputs.v) }}
    steps: [{run: "echo ${{ matrix.version }}"}]
  after: {needs: test, if: always(), runs-on: linux, steps: [{run: a}]}
"""


@pytest.fixture
def canal(make_kernel, store, canal_of):
    return canal_of(make_kernel(store))


@pytest.fixture
def begun(canal):
    """The id of a run whose list of versions is known."""
    suite = canal.trigger(canal.commit(**{FILE: MATRIX}))
    canal.work()
    canal.finish(canal.claim(), outputs={"v": "[7, 8, 9]"})
    return canal.runs(suite)[0].id


def jobs_of(canal, run):
    return canal.kernel.db.read(lambda tx: service.jobs_of(tx, [run]))


def test_a_matrix_is_planned_once_its_needs_are_done(canal, begun):
    names = ["list", "test (linux, 7)", "test (linux, 8)", "test (linux, 9)", "after"]
    assert [job.name for job in jobs_of(canal, begun)] == names
    taken = [canal.claim() for _ in range(3)]
    assert canal.claim() is None
    assert [each.spec.variant.matrix["version"] for each in taken] == [7, 8, 9]
    for each in taken:
        canal.finish(each, outputs={"last": each.name})
    after = canal.claim()
    assert after.needs == {"test": {"result": "success", "outputs": {"last": "test (linux, 9)"}}}
    canal.finish(after)
    assert canal.finished()[0].summary == "ci: all 5 jobs passed"


def test_a_failure_stops_the_others_and_is_the_result_of_all(canal, begun):
    first, second = canal.claim(), canal.claim()
    canal.finish(first, "failure")
    second_now, third = jobs_of(canal, begun)[2:4]
    assert second_now.stop
    assert (third.conclusion, third.why) == ("cancelled", "Another job of its matrix failed.")
    canal.finish(second, "cancelled")
    assert canal.claim().needs["test"]["result"] == "failure"


def test_a_job_that_is_given_back_stays_the_variant_it_is(canal, begun):
    taken = canal.claim()
    canal.finish(taken, "released")
    again = [canal.claim() for _ in range(3)]
    assert sorted(each.spec.variant.matrix["version"] for each in again) == [7, 8, 9]
    assert len(jobs_of(canal, begun)) == 5

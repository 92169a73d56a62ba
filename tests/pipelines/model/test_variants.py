"""From a job of a file to the jobs that run."""

import pytest

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.variants import VariantError, is_open, surroundings, variants

AROUND = {"github": {"ref": "main"}, "needs": {"a": {"outputs": {"list": "[1, 2]", "no": ""}}}}


def job(rest):
    text = f"on: push\njobs:\n  a: {{runs-on: x, steps: [{{run: a}}]}}\n  b:\n    needs: a\n{rest}"
    return parse((text + "    steps: [{run: a}]\n").encode(), "ci.yml").jobs[1]


def test_every_part_of_a_job_is_evaluated_for_each_combination():
    given = job("""
    name: Test ${{ matrix.v }} of ${{ strategy.job-total }}
    runs-on: ["on-${{ matrix.v }}", linux]
    timeout-minutes: ${{ matrix.v }}
    continue-on-error: ${{ matrix.v == 2 }}
    strategy: {fail-fast: "${{ false }}", matrix: {v: "${{ fromJSON(needs.a.outputs.list) }}"}}
""")
    assert is_open(given)
    one, two = variants(given, AROUND)
    assert (one.name, one.runs_on, one.minutes) == ("Test 1 of 2", ("on-1", "linux"), 1.0)
    assert (one.continue_on_error, two.continue_on_error) == (False, True)
    assert (two.variant.matrix, two.variant.index, two.variant.fail_fast) == ({"v": 2}, 1, False)
    assert not is_open(one)


def test_a_job_with_nothing_to_evaluate_is_ready():
    assert not is_open(job("    runs-on: linux\n"))


def test_labels_may_come_as_a_list():
    (one,) = variants(job('    runs-on: "${{ fromJSON(\'[\\"a\\", \\"b\\"]\') }}"\n'), AROUND)
    assert one.runs_on == ("a", "b")


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        ("    runs-on: ${{ needs.a.outputs.no }}\n", "gives no label"),
        ("    runs-on: x\n    timeout-minutes: ${{ github.ref }}\n", "number above 0"),
        ("    runs-on: x\n    continue-on-error: ${{ github.ref }}\n", "true or false"),
        ("    runs-on: ${{ fromJSON(github.ref) }}\n", "fromJSON"),
        ('    runs-on: x\n    strategy: {max-parallel: "${{ github.ref }}"}\n', "max-parallel"),
    ],
)
def test_what_cannot_be_made_of_a_job_is_said(rest, why):
    with pytest.raises(VariantError, match=why):
        variants(job(rest), AROUND)


def test_a_job_without_a_matrix_is_the_only_one():
    assert surroundings(None)["strategy"] == {
        "fail-fast": True, "job-index": 0, "job-total": 1, "max-parallel": 1,
    }  # fmt: skip

"""The official reader cases: what is right, what is wrong and where, and what is read."""

import re

import pytest

from tests.pipelines.formats import told
from tests.pipelines.formats.reader import FOLDER, cases, read, theirs

CASES = {case.name: case for case in cases()}
_OTHER_LIMITS = "the case sets a limit for itself; ours are fixed, and tested on their own"
_NO_STEPS = "a job without `steps` is refused: it checks nothing, and GitHub refuses it too"
DEVIATIONS = {
    "concurrency": _NO_STEPS,
    "misc-jobs": _NO_STEPS,
    "errors-anchor-tag": "anchors are understood, as on GitHub by now",
    "errors-max-depth": _OTHER_LIMITS,
    "errors-max-file-size": _OTHER_LIMITS,
    "errors-max-job-limit-with-reusable-workflow": _OTHER_LIMITS,
    "errors-max-result-size": _OTHER_LIMITS,
    "errors-reusable-workflow-max-result-size": _OTHER_LIMITS,
    "escape-html-values": "text around ${{ }} in a condition would always be true: refused",
    "events-mapping-all": "a filter beside its opposite is refused, as on GitHub when it runs",
    "insert": "`${{ insert }}` is refused: it is not in GitHub's documentation",
    "on-workflow_dispatch-unknown-keys-ignored": (
        "an unknown key is refused; another case (events-single-invalid) asks for just that"
    ),
    "round-to-infinity": "a limit of time without end is refused: no limit is written by no key",
}
"""By case, why we decide otherwise than it says."""

_AT_KEY = "what is missing is told at the key, job or step that lacks it"
ELSEWHERE = {
    "errors-job-needs-cycle": "a circle is told once, where it is closed",
    "errors-job-needs-no-start-node": "a circle is told once, where it is closed",
    "errors-job-runs-on-and-uses": "of two keys that exclude each other, `uses` is believed",
    "errors-job-runs-on-missing": _AT_KEY,
    "errors-on-workflow_call-output": _AT_KEY,
    "errors-required-property-missing": _AT_KEY,
    "errors-reusable-workflow-job-": "what is wrong with a call is told at the job that calls",
}
"""By case, or how the names of several begin, why an error has another line or column."""
_AS_THEY_ARE = (
    "nested-depth-exceeded", "secrets",
    "nested-permissions-not-allowed-job-level-from-caller-workflow-level",
    "nested-permissions-not-allowed-workflow-level-from-caller-workflow-level",
)  # fmt: skip
"""Ends of the names that begin so, where both tell it at the job."""


def elsewhere(name):
    told_at_job = name.startswith("errors-reusable-workflow-job-")
    if told_at_job and name.removeprefix("errors-reusable-workflow-job-") in _AS_THEY_ARE:
        return False
    return told_at_job or name in ELSEWHERE


def test_the_cases_are_at_hand():
    if not CASES:
        pytest.skip(f"the official reader cases are not at {FOLDER}: 195 files not read")
    assert len(CASES) == 195
    assert set(DEVIATIONS) <= set(CASES)


def agrees(case):
    return case.is_wrong == bool(read(case)[1])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_case_is_right_or_wrong_as_it_says(case):
    assert agrees(case) == (case.name not in DEVIATIONS), read(case)[1]


def misplaced(case):
    """Places of theirs where we tell of nothing."""
    said = {re.search(r":(\d+):(\d+): ", problem).groups() for problem in read(case)[1]}
    wanted = (
        re.search(r"\(Line: (\d+), Col: (\d+)\)", error["Message"])
        for error in case.expected["errors"]
    )
    return [match.groups() for match in wanted if match and match.groups() not in said]


@pytest.mark.parametrize(
    "case",
    [case for case in CASES.values() if case.is_wrong and case.name not in DEVIATIONS],
    ids=lambda case: case.name,
)
def test_an_error_is_told_where_it_is(case):
    assert bool(misplaced(case)) == elsewhere(case.name), read(case)[1]


@pytest.mark.parametrize(
    "case",
    [case for case in CASES.values() if not case.is_wrong and case.name not in DEVIATIONS],
    ids=lambda case: case.name,
)
def test_what_is_read_is_what_theirs_reads(case):
    workflow, _ = read(case)
    wanted = theirs(case.expected.get("jobs", []))
    assert [job.id for job in workflow.jobs] == [theirs(job["id"]) for job in wanted]
    for job, expected in zip(workflow.jobs, wanted, strict=True):
        assert told.differences(told.job(job, workflow), expected, job.id) == []
    if "concurrency" in case.expected:
        expected = {"concurrency": theirs(case.expected["concurrency"])}
        mine = {"concurrency": told.concurrency(workflow.concurrency)}
        assert told.differences(mine, expected, "") == []
    if "env" in case.expected:
        assert told.ours(workflow.env) == theirs(case.expected["env"])

"""Check runs: what is said agrees with itself."""

from dataclasses import replace

import pytest

from towpath.forge.model import checks
from towpath.forge.model.checks import Check
from towpath.kernel.errors import InvalidInput

CHECK = Check(
    id="check_1", sha="a" * 40, name="lint", author="alice", status="queued", conclusion=None,
    at=1, started=1, completed=None,
)  # fmt: skip


def said(**changes):
    return checks.require_check(replace(CHECK, **changes), 9)


def test_a_conclusion_completes():
    done = said(conclusion="success")
    assert (done.status, done.completed) == ("completed", 9)
    assert said(conclusion="success", completed=5).completed == 5


def test_what_goes_on_has_not_completed():
    assert said(status="in_progress", completed=5).completed is None
    with pytest.raises(InvalidInput, match="needs a conclusion"):
        said(status="completed")


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "x" * 201}, {"url": "javascript:x"}, {"summary": "\0"},
     {"sha": "main"}, {"annotations": ({},) * 201}],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(wrong):
    with pytest.raises(InvalidInput):
        said(**wrong)


def test_checks_join_into_the_worst():
    good, bad = said(conclusion="skipped"), said(conclusion="timed_out")
    assert checks.verdict([good]) == ("completed", "success")
    assert checks.verdict([good, bad]) == ("completed", "timed_out")
    assert checks.verdict([bad, CHECK]) == ("queued", None)
    assert checks.verdict([bad, CHECK, said(status="in_progress")]) == ("in_progress", None)

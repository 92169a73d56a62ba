"""Check runs of strangers and of our own builds."""

from dataclasses import replace

import pytest

from tests.forge.model.test_checks import CHECK
from towpath.forge import service
from towpath.forge.service import checking
from towpath.kernel.errors import InvalidInput, NotFound


def test_our_own_build_is_one_check_however_often_it_speaks(hosted):
    db = hosted.kernel.db

    def report(**changes):
        said = replace(CHECK, external="run_1", **changes)
        return db.write(lambda tx: service.report_check(tx, hosted.id, said))

    first = report(status="in_progress")
    last = report(conclusion="success", name="towpath/build")
    assert (first.id, first.at) == (last.id, last.at)
    found = db.read(lambda tx: service.checks(tx, hosted.id, CHECK.sha))
    assert [(one.status, one.conclusion) for one in found] == [("completed", "success")]


def test_a_commit_has_so_many_checks_and_no_more(hosted, monkeypatch):
    monkeypatch.setattr(checking, "MOST_A_COMMIT", 1)
    hosted.kernel.db.write(lambda tx: service.add_check(tx, hosted.id, CHECK))
    with pytest.raises(InvalidInput, match="at most 1"):
        hosted.kernel.db.write(
            lambda tx: service.add_check(tx, hosted.id, replace(CHECK, id="check_2"))
        )


def test_a_check_that_is_not_there_does_not_change(hosted):
    with pytest.raises(NotFound):
        hosted.kernel.db.write(lambda tx: service.change_check(tx, hosted.id, 7, lambda one: one))

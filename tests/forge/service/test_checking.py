"""Check runs of strangers and of our own builds."""

from dataclasses import replace

import pytest

from tests.forge.model.test_builds import BUILD
from tests.forge.model.test_checks import CHECK
from towpath.facts.forge import BuildsAsked
from towpath.forge import service
from towpath.forge.model.checks import suite_name
from towpath.forge.model.names import handle_of
from towpath.forge.service import checking
from towpath.kernel.errors import InvalidInput, NotFound


def test_our_own_build_is_one_check_however_often_it_speaks(hosted):
    db = hosted.kernel.db

    def report(conclusion, run="run_1"):
        build = replace(BUILD, id=run, sha=CHECK.sha, conclusion=conclusion)
        db.write(lambda tx: service.report_run(tx, hosted.id, build, "in words", "/runs/1"))
        found = db.read(lambda tx: service.checks(tx, hosted.id, CHECK.sha))
        return [(one.status, one.conclusion, one.author) for one in found]

    assert report(None) == [("in_progress", None, "towpath")]
    assert report("cancelled") == [("completed", "cancelled", "towpath")]
    assert report("success") == [("completed", "success", "towpath")]
    assert len(report("success", "run_2")) == 2
    (status,) = db.read(lambda tx: service.statuses(tx, hosted.id, CHECK.sha))
    assert (status.context, status.state) == ("towpath/ci", "success")


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


def reported(hosted, run, **changes):
    build = replace(BUILD, id=run, sha=CHECK.sha, **changes)
    hosted.kernel.db.write(lambda tx: service.report_run(tx, hosted.id, build, "in words", "/x"))


def wanted(listener):
    return [fact for fact in listener.listen() if type(fact) is BuildsAsked]


def test_whoever_builds_hears_which_of_ours_are_wanted_again(hosted, listener):
    db = hosted.kernel.db
    reported(hosted, "run_1", conclusion="failure")
    reported(hosted, "run_2", conclusion="success", workflow="docs")
    db.write(lambda tx: service.add_check(tx, hosted.id, replace(CHECK, conclusion="failure")))
    for check in db.read(lambda tx: service.checks(tx, hosted.id, CHECK.sha)):
        db.write(lambda tx: service.ask_again(tx, hosted.id, check.handle))  # noqa: B023
    asked = [fact.builds for fact in wanted(listener)]
    assert sorted(asked) == [("run_1",), ("run_2",)]
    suite = handle_of(suite_name(hosted.id, CHECK.sha, "towpath"))
    db.write(lambda tx: service.ask_suite_again(tx, hosted.id, suite))
    (fact,) = wanted(listener)
    assert set(fact.builds) == {"run_1", "run_2"}


def test_what_still_goes_on_is_not_asked_for_again(hosted, listener):
    reported(hosted, "run_1", conclusion=None)
    (check,) = hosted.kernel.db.read(lambda tx: service.checks(tx, hosted.id, CHECK.sha))
    with pytest.raises(InvalidInput, match="still going on"):
        hosted.kernel.db.write(lambda tx: service.ask_again(tx, hosted.id, check.handle))
    assert wanted(listener) == []

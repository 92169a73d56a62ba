"""When a check and its suite begin and end."""

from dataclasses import replace

from tests.forge.model.test_checks import CHECK
from towpath.forge.model.happenings import check_moved

DONE = replace(CHECK, status="completed", conclusion="success", completed=5)
GOING = replace(CHECK, status="in_progress", conclusion=None, completed=None)
OTHER = replace(GOING, id="check_other", name="another")


def test_a_check_ends_once():
    assert check_moved([DONE], GOING, DONE).ended
    assert not check_moved([DONE], DONE, DONE).ended
    assert not check_moved([GOING], DONE, GOING).ended


def test_a_suite_ends_with_the_last_of_its_checks():
    assert check_moved([DONE], GOING, DONE).suite_ended
    assert not check_moved([DONE, OTHER], GOING, DONE).suite_ended
    others = replace(OTHER, author="somebody else")
    assert check_moved([DONE, others], GOING, DONE).suite_ended


def test_a_check_that_was_run_anew_counts_no_more_for_its_suite():
    earlier = replace(GOING, id="check_0", at=DONE.at - 1)
    assert check_moved([DONE, earlier], GOING, DONE).suite_ended
    assert check_moved([DONE, earlier], GOING, DONE).suite.count == 1

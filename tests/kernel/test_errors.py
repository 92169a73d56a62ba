import pytest

from towpath.kernel import errors
from towpath.kernel.errors import TemporaryError, TowpathError


def all_errors() -> list[type[TowpathError]]:
    return [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, TowpathError)
    ]


def test_an_error_says_what_happened_and_what_to_do():
    told = errors.NotFound("There is no repository a/b.", next_step="Look at the name.")
    assert (told.detail, told.next_step) == ("There is no repository a/b.", "Look at the name.")
    assert str(told) == "There is no repository a/b. Look at the name."


def test_without_a_next_step_the_sentence_ends_cleanly():
    assert str(errors.Denied("No.")) == "No."


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_every_error_is_drawn_in_the_tree_of_its_module(error):
    assert error.__name__ in (errors.__doc__ or "")


def test_errors_that_a_caller_can_mend_have_statuses_of_their_own():
    theirs = [error for error in all_errors() if 400 <= error.status < 500]
    assert len({error.status for error in theirs}) == len(theirs) == 7
    assert all(error.title != TowpathError.title for error in theirs)


def test_a_temporary_error_may_say_when_to_try_again():
    assert TemporaryError("Busy.", delay=3.0).delay == 3.0
    assert TemporaryError("Busy.").delay is None

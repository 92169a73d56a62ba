import pytest

from towpath.kernel import errors
from towpath.kernel.errors import TowpathError


def subclasses(cls):
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


def test_an_error_says_what_happened_and_what_to_do_now():
    error = errors.NotFound("There is no such cup.", next_step="Buy one.")
    assert (error.detail, error.next_step) == ("There is no such cup.", "Buy one.")
    assert str(error) == "There is no such cup. Buy one."
    assert str(errors.NotFound("There is no such cup.")) == "There is no such cup."


@pytest.mark.parametrize("cls", [TowpathError, *subclasses(TowpathError)])
def test_every_error_has_an_http_status_and_a_title(cls):
    assert 400 <= cls.status < 600
    assert cls.title


def test_the_tree_drawn_at_the_top_names_every_error():
    ours = [cls for cls in subclasses(TowpathError) if cls.__module__ == errors.__name__]
    assert [cls.__name__ for cls in ours if cls.__name__ not in errors.__doc__] == []


def test_a_temporary_error_may_say_when_to_come_back():
    assert errors.TemporaryError("busy", delay=5).delay == 5
    assert errors.TemporaryError("busy").delay is None

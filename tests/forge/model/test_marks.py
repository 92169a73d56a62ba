"""Labels and reactions as hostile input."""

import pytest

from towpath.forge.model import marks
from towpath.kernel.errors import InvalidInput


def test_a_label_is_on_one_line_and_has_a_color():
    made = marks.label("label_1", " a  bug\n", None, None)
    assert (made.name, made.color, made.description) == ("a bug", "ededed", "")
    assert marks.label("label_1", "x", "D73A4A", "y").color == "d73a4a"


def test_names_that_differ_in_case_are_one():
    assert marks.label_key("Straße") == marks.label_key("STRASSE")
    assert marks.label("label_1", "Bug", None, None).key == "bug"


@pytest.mark.parametrize("name", ["", "  ", "x" * 51, "a\0", "\ud800", "a\u202eb"])
def test_a_name_that_hides_something_is_refused(name):
    with pytest.raises(InvalidInput, match="name of a label"):
        marks.label("label_1", name, None, None)


@pytest.mark.parametrize("color", ["red", "#ffffff", "fffff", "ffffff0", "\uff10" * 6])
def test_a_color_is_six_digits(color):
    with pytest.raises(InvalidInput, match="not a color"):
        marks.label("label_1", "x", color, None)


def test_only_githubs_reactions_are_taken():
    assert [marks.require_reaction(one) for one in marks.REACTIONS] == list(marks.REACTIONS)
    with pytest.raises(InvalidInput, match="not a reaction"):
        marks.require_reaction("thumbsup")

"""Lines of a diff found by number and by position."""

import pytest

from towpath.forge.formats import spots
from towpath.forge.model.diffs import Diff, DiffFile, Hunk, Row

FIRST = Hunk(1, 1, "top", (
    Row("context", 1, 1, "a"), Row("removed", 2, None, "b"), Row("added", None, 2, "c"),
))  # fmt: skip
SECOND = Hunk(9, 9, "", (Row("context", 9, 9, "x"), Row("added", None, 10, "y")))
FILE = DiffFile(
    path="new", old_path="old", address="new", old_address="old", status="renamed",
    old_mode="100644", new_mode="100644", old_sha="a" * 40, new_sha="b" * 40,
    additions=2, deletions=1, hunks=(FIRST, SECOND),
)  # fmt: skip
DIFF = Diff((FILE,), 1, 2, 1)


def test_positions_count_from_the_first_hunk_over_the_headings_of_others():
    assert [(one.side, one.line, one.position) for one in spots.spots(FILE)] == [
        ("new", 1, 1), ("old", 1, 1), ("old", 2, 2), ("new", 2, 3),
        ("new", 9, 5), ("old", 9, 5), ("new", 10, 6),
    ]  # fmt: skip


@pytest.mark.parametrize("position", [1, 2, 3, 5, 6])
def test_a_position_leads_to_the_line_that_leads_back(position):
    found = spots.at_position(DIFF, "new", position)
    assert spots.at_line(DIFF, "new", found.side, found.line) == found
    assert found.path == ("old" if found.side == "old" else "new")


@pytest.mark.parametrize("position", [0, 4, 7])
def test_a_heading_and_what_is_outside_is_no_line(position):
    assert spots.at_position(DIFF, "new", position) is None


def test_a_file_is_found_by_its_old_name_and_no_other():
    assert spots.at_line(DIFF, "old", "old", 2)
    assert spots.at_line(DIFF, "other", "old", 2) is None


def test_an_excerpt_ends_at_its_line():
    assert spots.at_line(DIFF, "new", "old", 2).excerpt == "@@ -1,2 +1,2 @@ top\n a\n-b"
    assert spots.at_line(DIFF, "new", "new", 10).excerpt == "@@ -9,1 +9,2 @@\n x\n+y"


def test_of_a_long_hunk_the_end_is_shown():
    rows = tuple(Row("added", None, number, "x" * 90) for number in range(1, 301))
    long = DiffFile(**{**vars(FILE), "hunks": (Hunk(0, 1, "", rows),)})
    shown = spots.at_line(Diff((long,), 1, 300, 0), "new", "new", 250).excerpt.split("\n")
    assert shown[0] == "@@ -0,0 +1,300 @@"
    assert 10 < len(shown) < 60

"""Where a line is after more pushes, held against every line of both files."""

from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.forge.model.threads import (
    Anchor,
    Shift,
    Thread,
    line_now,
    read_shifts,
    require_anchor,
)
from towpath.kernel.errors import InvalidInput

SHA = "a" * 40
LINES = st.lists(st.sampled_from("abcdefghijklmnop"), unique=True)


def shifts_of(old, new):
    """As `git diff -U0` would tell them."""
    for kind, begin, end, start, stop in SequenceMatcher(None, old, new, False).get_opcodes():
        if kind != "equal":
            yield Shift(begin + (end > begin), end - begin, stop - start)


@given(LINES, LINES)
def test_a_line_is_where_the_same_text_is_unless_it_was_changed(old, new):
    shifts = list(shifts_of(old, new))
    for number, text in enumerate(old, start=1):
        now = line_now(number, shifts)
        changed = any(one.old <= number < one.old + one.removed for one in shifts)
        assert (now is None) == changed
        assert now is None or new[now - 1] == text


def test_a_patch_without_context_is_read():
    patch = (
        b"diff --git a/x b/x\n@@ -3 +3,2 @@ def\n-a\n+b\n+c\n"
        b"@@ -10,0 +12 @@\n+d\n@@ -20,2 +0,0 @@\n"
    )
    assert read_shifts(patch) == (Shift(3, 1, 2), Shift(10, 0, 1), Shift(20, 2, 0))


def test_a_line_behind_an_insertion_moves_and_the_one_before_stays():
    inserted = [Shift(10, 0, 3)]
    assert line_now(10, inserted) == 10
    assert line_now(11, inserted) == 14
    assert line_now(1, [Shift(0, 0, 2)]) == 3


def test_an_anchor_is_checked():
    assert require_anchor("a/b", "new", 3, SHA) == Anchor(
        path="a/b", side="new", line=3, commit=SHA
    )


@pytest.mark.parametrize(
    ("path", "side", "line", "commit"),
    [
        ("../a", "new", 1, SHA),
        ("a", "left", 1, SHA),
        ("a", "new", 0, SHA),
        ("a", "new", 10**9, SHA),
        ("a", "new", 1, "main"),
    ],
)
def test_what_is_no_anchor_is_refused(path, side, line, commit):
    with pytest.raises(InvalidInput):
        require_anchor(path, side, line, commit)


def test_a_thread_about_a_whole_file_says_so():
    anchor = Anchor(path="a", side="new", line=0, commit="a" * 40)
    thread = Thread(id="thread_1", anchor=anchor, remarks=(), resolved_by=None)
    assert (anchor.is_whole_file, thread.lines) == (True, "the whole file")

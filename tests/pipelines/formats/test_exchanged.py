"""The files through which steps speak."""

import pytest

from towpath.pipelines.formats.exchanged import Unreadable, assignments, paths


def test_lines_and_blocks_are_read():
    text = "a=1\n\nb=x=y\nc<<END\nfirst\n<<\nlast\nEND\nd<<E\nE\n"
    assert assignments(text) == {"a": "1", "b": "x=y", "c": "first\n<<\nlast", "d": ""}


@pytest.mark.parametrize("text", ["nonsense", "=1", "a<<END\nx", "a<<", " "])
def test_what_is_neither_is_refused_with_its_line(text):
    with pytest.raises(Unreadable, match="line 1"):
        assignments(text)


def test_paths_are_one_to_a_line():
    assert paths("/a\n\n /b \n") == ["/a", "/b"]


def test_only_line_feeds_end_lines_so_a_value_may_hold_whatever_else():
    text = "\ufeffa=1\x0b2\u2028b=3\r\nb<<END\r\nx\x85END\r\n=\r\nEND\r\n1 c=d\n"
    assert assignments(text) == {"a": "1\x0b2\u2028b=3", "b": "x\x85END\n=", "1 c": "d"}

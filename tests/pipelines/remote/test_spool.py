"""The log on the runner's own disk."""

import pytest

from towpath.pipelines.remote.spool import Spool


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "log", cap=100)
    yield made
    made.close()


def whole(spool):
    return spool.read(0, 10_000).decode()


def test_what_was_written_can_be_read_from_anywhere(spool):
    spool.write(b"hello ")
    spool.write(b"world\n")
    assert spool.size == 12
    assert spool.read(6, 3) == b"wor"
    assert spool.read(50, 3) == b""


def test_our_lines_begin_on_a_line_of_their_own(spool):
    spool.write(b"half a line")
    spool.note("ours")
    spool.note("more")
    assert whole(spool) == "half a line\nours\nmore\n"


def test_at_the_cap_a_line_says_so_once_and_the_rest_is_dropped(spool):
    spool.write(b"x" * 90 + b"\n")
    spool.write(b"y" * 50)
    spool.write(b"z" * 50)
    spool.note("the end")
    text = whole(spool)
    assert text.count("y") >= 9
    assert "z" not in text.replace("size", "")
    assert text.count("has reached 100 bytes") == 1
    assert text.endswith("dropped.\nthe end\n")


def test_growth_wakes_whoever_sends(spool):
    assert not spool.grown.is_set()
    spool.write(b"")
    assert not spool.grown.is_set()
    spool.write(b"x")
    assert spool.grown.is_set()

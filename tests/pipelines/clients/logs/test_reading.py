"""Pieces of a log, against splitting it all at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from towpath.pipelines.clients.logs import reading


@pytest.fixture
def log(tmp_path):
    def write(data):
        path = tmp_path / "a.log"
        path.write_bytes(data)
        return path

    return write


def texts(piece):
    return [line.text for line in piece.lines]


def test_lines_know_their_number_and_their_place(log):
    piece = reading.lines(log(b"one\ntwo\r\nthree"), 0, 14, most=9)
    assert [(line.number, line.at, line.text) for line in piece.lines] == [
        (1, 0, b"one"), (2, 4, b"two"), (3, 9, b"three")
    ]  # fmt: skip
    assert not piece.more


def test_a_piece_ends_where_it_is_told_and_says_that_more_follows(log):
    piece = reading.lines(log(b"a\nb\nc\nd\n"), 2, 8, most=2)
    assert texts(piece) == [b"b", b"c"]
    assert (piece.lines[0].number, piece.end, piece.more) == (2, 6, True)


def test_there_may_be_no_log_yet(tmp_path):
    path = tmp_path / "none"
    assert reading.size(path) == 0
    assert reading.read(path, 0, 9) == b""
    assert texts(reading.lines(path, 0, 0, most=9)) == []


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\n", b"x").replace(b"\r", b"y"))),
    st.integers(1, 8),
)
def test_the_tail_is_the_last_lines(tmp_path_factory, lines, most):
    path = tmp_path_factory.mktemp("logs") / "a.log"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    size = reading.size(path)
    start = reading.tail_start(path, 0, size, most)
    assert texts(reading.lines(path, start, size, most=99)) == lines[-most:]


@pytest.mark.parametrize("block", [1, 3, 1 << 20])
def test_line_numbers_are_counted_across_blocks(log, monkeypatch, block):
    monkeypatch.setattr(reading, "_BLOCK", block)
    path = log(b"a\nbb\n\nccc\n")
    size = reading.size(path)
    assert [reading.line_start(path, n, size) for n in (1, 2, 3, 4)] == [0, 2, 5, 6]
    assert reading.newlines(path, 6) == 3
    assert reading.line_start(path, 99, size) == size
    assert reading.tail_start(path, 0, size, 2) == 5


def test_a_line_without_end_is_cut_into_pieces(log, monkeypatch):
    monkeypatch.setattr(reading, "_BLOCK", 4)
    piece = reading.lines(log(b"abcdefgh\nx\n"), 0, 11, most=9)
    assert b"".join(texts(piece)) == b"abcdefghx"


def test_a_hundred_megabytes_are_paged_without_being_loaded(tmp_path):
    path = tmp_path / "big.log"
    line = b"x" * 99 + b"\n"
    with path.open("wb") as file:
        for _ in range(100):
            file.write(line * 10_000)
    start = reading.line_start(path, 900_001, path.stat().st_size)
    piece = reading.lines(path, start, path.stat().st_size, most=3, number=900_001)
    assert start == 90_000_000
    assert [found.number for found in piece.lines] == [900_001, 900_002, 900_003]

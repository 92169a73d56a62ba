"""A record can be read by whoever checks it, and replaces the one before it."""

import json

import pytest

from towpath.app.demo import record
from towpath.app.demo.record import End, Outcome, Request, Start

START = Start(
    seed=1, bare="p.git", branch="main", base="b", workflow="w", python="py", version="0"
)
LINES = [
    START,
    Request(number=1, title="t", part="fixes", branch="x", head="h", expected="landed"),
    Outcome(number=1, outcome="landed", base="b", commit="c", seconds=1.5, said="merged"),
    End(main="c", seconds=9.0),
]


@pytest.fixture
def bare(tmp_path):
    folder = tmp_path / "bare"
    (folder / "refs").mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


def test_each_line_says_what_it_is(tmp_path, bare):
    record.write(tmp_path / "out", LINES, bare)
    lines = [json.loads(line) for line in (tmp_path / "out/record.jsonl").read_text().splitlines()]
    assert [line["what"] for line in lines] == ["start", "request", "outcome", "end"]
    assert lines[2]["commit"] == "c"


def test_what_is_not_known_is_left_out(tmp_path, bare):
    record.write(tmp_path / "out", LINES, bare)
    assert "null" not in (tmp_path / "out/record.jsonl").read_text()


def test_the_repository_of_an_earlier_demo_is_replaced(tmp_path, bare):
    old = tmp_path / "out/p.git"
    old.mkdir(parents=True)
    (old / "stale").touch()
    (tmp_path / "out/notes").touch()
    record.write(tmp_path / "out", LINES, bare)
    assert (old / "HEAD").exists()
    assert not (old / "stale").exists()
    assert (tmp_path / "out/notes").exists()


def test_a_record_without_its_start_is_refused(tmp_path, bare):
    with pytest.raises(TypeError, match="how it started"):
        record.write(tmp_path / "out", LINES[1:], bare)


def test_an_outcome_in_one_word():
    refused = Outcome(number=1, outcome="refused", why="red", base="b", seconds=1, said="")
    assert refused.what == "red"
    assert LINES[2].what == "landed"

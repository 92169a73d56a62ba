"""Names of files and origins of lines; git itself is the judge of which are right."""

import os

import pytest

from towpath.forge.clients.embedded import searching
from towpath.kernel.errors import InvalidInput, NotFound, Unavailable


@pytest.fixture
def written(hosted):
    """A file whose middle line a later commit wrote."""
    first = hosted.copy.commit("first\n\nbody", a="1\n2\n3\n")
    second = hosted.copy.commit("second \u202e", a="1\nx\u202e\n3\n")
    return first, second, hosted.put("main")


def test_lines_stand_in_blocks_with_the_commit_they_come_from(hosted, written):
    first, second, head = written
    blocks = searching.blame(hosted.kernel, hosted.id, head, "a", first=1, count=3)
    told = [(block.origin.sha, [number for number, _ in block.lines]) for block in blocks]
    assert told == [(first, [1]), (second, [2]), (first, [3])]
    assert blocks[1].shown_lines == [(2, "x⟨U+202E⟩")]
    assert blocks[1].origin.shown_subject == "second ⟨U+202E⟩"
    assert (blocks[0].origin.author, blocks[0].origin.subject) == ("Alice", "first")
    assert blocks[0].origin.at > 10**15
    (last,) = searching.blame(hosted.kernel, hosted.id, head, "a", first=3, count=9)
    assert last.lines == ((3, "3"),)


def test_what_takes_too_long_or_is_not_there_is_told(hosted, written, monkeypatch):
    ends = (hosted.kernel, hosted.id, written[2])
    for path in ("none", "-x"):
        with pytest.raises(NotFound):
            searching.blame(*ends, path, first=1, count=1)
    with pytest.raises(InvalidInput):
        searching.blame(*ends, "../a", first=1, count=1)
    monkeypatch.setattr(searching, "_MOST_BLAME_BYTES", 10)
    with pytest.raises(Unavailable, match="takes too long"):
        searching.blame(*ends, "a", first=1, count=1)


def test_all_files_are_named_also_those_whose_names_are_no_text(hosted, monkeypatch):
    (hosted.copy.path / os.fsdecode(b"caf\xe9")).write_text("x")
    hosted.copy.commit("files", dir__deep__a="1")
    ends = (hosted.kernel, hosted.id, hosted.put("main"))
    assert searching.paths(*ends) == (["README", "caf\udce9", "dir/deep/a"], True)
    monkeypatch.setattr(searching, "_MOST_NAMES_BYTES", 10)
    assert searching.paths(*ends) == (["README"], False)

"""What git prints becomes rows; git itself is the judge of whether they are the right ones."""

import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.forge.conftest import Copy
from towpath.forge.formats import diffs
from towpath.forge.model.diffs import PROGRAMS, Diff, Limits, Row

COUNTS = ("additions", "deletions")


def changed(copy, before, after, most_bytes=10**9, limits=PROGRAMS):
    """Commit `before`, then `after` (None takes a file away), and read the difference."""
    for files in (before, after):
        for name, content in files.items():
            file = copy.path / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        copy.commit()
    return read(copy, most_bytes, limits)


def read(copy, most_bytes=10**9, limits=PROGRAMS):
    def git(*options):
        command = ["git", "-c", "core.quotePath=false", "diff", "-M", *options, "HEAD~1", "HEAD"]
        return subprocess.run(command, cwd=copy.path, capture_output=True, check=True).stdout

    files = diffs.changes(git("--raw", "-z", "--no-abbrev"), git("--numstat", "-z"))
    patch = git("--patch", "--full-index")
    whole = len(patch) <= most_bytes
    shown = diffs.fill(files, patch[:most_bytes], whole=whole, limits=limits)
    added, removed = (sum(getattr(file, of) or 0 for file in files) for of in COUNTS)
    return Diff(tuple(shown), len(files), added, removed)


def test_lines_have_numbers_on_both_sides(copy):
    found = changed(copy, {"a": b"1\n2\n3\n"}, {"a": b"1\nx\n3\n"})
    (file,) = found.files
    assert (file.path, file.status, file.additions, file.deletions) == ("a", "modified", 1, 1)
    assert file.hunks[0].rows == (
        Row("context", 1, 1, "1"),
        Row("removed", 2, None, "2"),
        Row("added", None, 2, "x"),
        Row("context", 3, 3, "3"),
    )


def test_each_kind_of_change_is_told(copy):
    found = changed(
        copy,
        {"gone": b"lost\n", "old": b"same\n" * 9, "bytes": b"a\0b"},
        {"gone": None, "old": None, "new": b"same\n" * 9, "made": b"1\n2\n", "bytes": b"c\0d"},
    )
    told = {file.path: (file.status, file.old_path, file.binary) for file in found.files}
    assert told == {
        "gone": ("removed", None, False),
        "new": ("renamed", "old", False),
        "made": ("added", None, False),
        "bytes": ("modified", None, True),
    }
    assert (found.count, found.additions, found.deletions, found.cut) == (4, 2, 1, False)


def test_a_file_that_becomes_a_link_does_not_shift_the_others(copy):
    copy.commit(a="one\n", b="1\n")
    (copy.path / "a").unlink()
    (copy.path / "a").symlink_to("b")
    copy.commit(b="2\n")
    files = {file.path: file for file in read(copy).files}
    assert files["a"].status == "changed"
    assert [row.text for hunk in files["a"].hunks for row in hunk.rows if row.new] == ["b"]
    assert [row.text for row in files["b"].hunks[0].rows] == ["1", "2"]


def test_a_missing_newline_is_a_note(copy):
    (file,) = changed(copy, {"a": b"1\n"}, {"a": b"1"}).files
    assert [row.kind for row in file.hunks[0].rows] == ["removed", "added", "note"]


def test_lines_that_look_like_headers_stay_lines(copy):
    hostile = b"diff --git a/x b/x\n@@ -1 +1 @@\n--- a/x\n+++ b/x\n\\ No newline at end of file\n"
    (file,) = changed(copy, {"a": b""}, {"a": hostile}).files
    assert [row.text for row in file.hunks[0].rows] == hostile.decode().splitlines()


@pytest.mark.parametrize(
    "name",
    ["tab\there", "line\nbreak", 'quo"te', "back\\slash", "sp ace", "a => b", "é", "-x", ":x"],
)
def test_strange_paths_arrive_as_they_are(copy, name):
    (file, other) = changed(copy, {name: b"1\n", "z": b"1\n"}, {name: b"2\n", "z": b"2\n"}).files
    assert {file.path, other.path} == {name, "z"}
    assert [hunk.rows[1].text for hunk in file.hunks + other.hunks] == ["2", "2"]


def test_what_is_too_long_is_cut_and_says_so(copy):
    many = dict.fromkeys("abc", b"1\n2\n3\n4\n")
    found = changed(copy, {"x": b""}, many, limits=Limits(2, 3, 100))
    assert (len(found.files), found.count, found.additions) == (2, 3, 12)
    assert [(len(file.hunks[0].rows), file.cut) for file in found.files] == [(3, True)] * 2


def test_a_patch_that_was_cut_off_marks_what_is_missing(copy):
    found = changed(copy, {"x": b""}, {"a": b"1\n", "b": b"line\n" * 1000}, most_bytes=1000)
    assert [(file.path, file.cut) for file in found.files] == [("a", False), ("b", True)]
    assert found.files[1].additions == 1000


def test_a_file_in_whose_middle_the_patch_ends_is_marked(copy):
    many = dict.fromkeys("abc", b"line\n" * 100)
    found = changed(copy, {"x": b""}, many, most_bytes=900)
    assert [file.cut for file in found.files] == [False, True, True]


def test_a_long_row_says_how_much_is_left_out(copy):
    (file,) = changed(copy, {"a": b""}, {"a": b"y" * 1_250 + b"\n"}).files
    assert [(len(row.text), row.more) for row in file.hunks[0].rows] == [(1_000, 250)]


def test_lists_that_were_cut_off_anywhere_are_read_as_far_as_they_go(copy):
    copy.commit(old="same\n" * 9)
    copy.git("mv", "old", "new")
    copy.commit(a="1\n")
    command = ("diff", "-M", "-z", "--no-abbrev", "HEAD~1", "HEAD")
    listed, counted = (copy.git(*command, form).stdout.encode() for form in ("--raw", "--numstat"))
    whole = diffs.changes(listed, counted)
    assert [(file.path, file.additions) for file in whole] == [("a", 1), ("new", 0)]
    for end in range(len(listed)):
        assert diffs.changes(listed[:end], counted) == whole[: listed[:end].count(b"a\0")]
    for end in range(len(counted)):
        found = [(file.path, file.additions) for file in diffs.changes(listed, counted[:end])]
        assert found in ([("a", None), ("new", None)], [("a", 1), ("new", None)])


LINES = st.lists(
    st.sampled_from([b"", b" ", b"a", b"+b", b"-c", b"\\ d", b"@@ -1 +1 @@"]), max_size=12
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    copy = Copy(tmp_path_factory.mktemp("scratch"))
    copy.git("init", "--quiet", "--initial-branch=main")
    return copy


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=LINES, after=LINES)
def test_the_rows_hold_both_sides(scratch, before, after):
    old, new = (b"".join(line + b"\n" for line in lines) for lines in (before, after))
    found = changed(scratch, {"a": old, "z": b"1"}, {"a": new, "z": b"2"})
    rows = [row for file in found.files if file.path == "a" for h in file.hunks for row in h.rows]
    if old == new:
        assert rows == []
        return
    sides = (
        {row.old: row.text for row in rows if row.old},
        {row.new: row.text for row in rows if row.new},
    )
    for lines, side in zip((before, after), sides, strict=True):
        assert all(lines[number - 1].decode() == text for number, text in side.items())
    assert sum(row.kind == "added" for row in rows) == found.files[0].additions

"""What differs between commits, within limits of bytes and size."""

import pytest

from towpath.forge.clients.embedded import comparing
from towpath.kernel.errors import NotFound


@pytest.fixture
def ends(hosted):
    """Two commits: a file of 600 kB and two small ones were added, one was renamed."""
    hosted.copy.commit("before", old="same\n" * 50)
    base = hosted.put("before")
    hosted.copy.git("mv", "old", "new")
    hosted.copy.commit("after", a="1\n", large="line\n" * 120_000, z="line\n" * 10_000)
    return hosted.kernel, hosted.id, base, hosted.put("topic")


def test_the_list_names_each_file_and_the_numbers_follow(ends):
    listed, is_all = comparing.changed(*ends)
    assert [part for part in listed.split(b"\0") if not part.startswith(b":")] == [
        *(b"a", b"large", b"old", b"new", b"z", b""),
    ]
    assert b"1\t0\ta\0-\t-\tlarge\0" in comparing.counted(*ends)[0]
    assert is_all


def test_a_large_file_is_counted_and_read_when_asked_for_alone(ends):
    assert comparing.counted(*ends, ["large"])[0] == b"120000\t0\tlarge\0"
    assert b"Binary files" in comparing.patch(*ends)[0]
    patch, whole = comparing.patch(*ends, only=["large"])
    assert (patch.count(b"\n+line"), whole) == (120_000, True)


def test_a_patch_is_cut_at_its_limit_and_begins_where_asked(ends):
    patch, whole = comparing.patch(*ends, first="z", limit=1_000)
    assert (len(patch), whole) == (1_000, False)
    assert patch.startswith(b"diff --git a/z b/z")


def test_a_renamed_file_is_read_alone_by_both_its_paths(ends):
    assert b"rename from old" in comparing.patch(*ends, only=["old", "new"])[0]


def test_bytes_that_are_no_text_and_magic_are_only_a_path(hosted):
    base = hosted.copy.sha()
    (hosted.copy.path / ":(glob)*").write_text("1\n")
    hosted.copy.commit("odd", a="1\n")
    ends = (hosted.kernel, hosted.id, base, hosted.put("odd"))
    assert comparing.patch(*ends, only=["%3A%28glob%29%2A"])[0].count(b"diff --git") == 1
    assert comparing.patch(*ends, only=["caf%E9"]) == (b"", True)


def test_files_of_a_repository_run_no_program_of_ours(hosted):
    base = hosted.copy.sha()
    attributes = "* diff=evil filter=evil merge=evil\n"
    hosted.copy.commit("evil", **{".gitattributes": attributes, "x": "1\n"})
    patch, _ = comparing.patch(hosted.kernel, hosted.id, base, hosted.put("topic"))
    assert b"+1" in patch


def test_commits_that_are_gone_are_told_as_such(hosted):
    for ends in (("a" * 40, hosted.copy.sha()), (hosted.copy.sha(), "a" * 40)):
        for asked in (comparing.changed, comparing.counted, comparing.patch):
            with pytest.raises(NotFound, match="not kept"):
                asked(hosted.kernel, hosted.id, *ends)


def test_what_takes_too_long_is_ended_and_said():
    assert comparing.read_some(["sleep", "600"], {}, 100, 0.01) == (b"", False)


def test_mails_are_cut_like_a_patch(ends):
    assert comparing.raw_mails(*ends, limit=300).startswith(b"From ")
    assert len(comparing.raw_mails(*ends, limit=300)) == 300

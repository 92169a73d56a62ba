"""A page of a change at a time, one file alone, and sizes where there are no lines."""

import pytest

from towpath.forge import service
from towpath.forge.model.diffs import Limits
from towpath.kernel.errors import NotFound


@pytest.fixture
def ends(hosted):
    hosted.copy.commit("before", picture=b"\0" * 10, old="same\n" * 50)
    base = hosted.put("before")
    hosted.copy.git("mv", "old", "new")
    hosted.copy.commit("after", a="1\n", b="2\n", picture=b"\0" * 30, z="line\n" * 9_000)
    return hosted.kernel, hosted.id, base, hosted.put("topic")


def test_pages_of_a_change_hold_each_file_once_with_its_lines(ends):
    whole = service.diff(*ends)
    seen, at = [], 0
    while at is not None:
        page = service.diff(*ends, skip=at, limits=Limits(2, 1_500, 12_000))
        assert (page.count, page.additions, page.skipped) == (whole.count, whole.additions, at)
        seen += page.files
        at = page.following
    assert tuple(seen) == whole.files
    assert [file.path for file in seen] == ["a", "b", "new", "picture", "z"]
    assert (seen[-1].additions, seen[-1].cut, whole.exact) == (9_000, True, True)


def test_a_page_beyond_the_end_is_empty(ends):
    page = service.diff(*ends, skip=99)
    assert (page.files, page.skipped, page.following) == ((), 5, None)


def test_what_has_no_lines_has_sizes(ends):
    sizes = {file.path: (file.old_size, file.new_size) for file in service.diff(*ends).files}
    assert sizes["picture"] == (10, 30)
    assert sizes["a"] == (None, None)


def test_one_file_alone_has_more_lines_than_on_a_page(ends):
    found = service.diff_file(*ends, "z")
    assert (found.count, found.additions) == (1, 9_000)
    assert sum(len(hunk.rows) for hunk in found.files[0].hunks) == 8_000
    assert found.cut


def test_a_renamed_file_alone_is_still_renamed(ends):
    (file,) = service.diff_file(*ends, "new").files
    assert (file.status, file.old_path, file.like, file.additions) == ("renamed", "old", 100, 0)


def test_a_file_that_did_not_change_is_told(ends):
    with pytest.raises(NotFound, match="is not changed here"):
        service.diff_file(*ends, "README")

"""Folders, files, branches and history, asked of real git."""

import os

import pytest

from towpath.forge.clients.embedded import trees
from towpath.kernel.errors import InvalidInput, NotFound

ODD = os.fsdecode(b"caf\xe9\n")


@pytest.fixture
def sha(hosted):
    """A commit with folders, a link, a submodule, and a name that is not UTF-8."""
    (hosted.copy.path / "link").symlink_to("/etc/passwd")
    (hosted.copy.path / ODD).write_text("odd")
    entry = f"160000,{'1' * 40},module"
    hosted.copy.commit("files", **{"dir__a.py": "a\n", "dir__sub__b.py": "b\n", "*": "star\n"})
    hosted.copy.git("update-index", "--add", "--cacheinfo", entry)
    hosted.copy.git("commit", "--quiet", "--message", "a module")
    return hosted.put("files")


def test_a_folder_lists_folders_first(hosted, sha):
    entries = trees.folder(hosted.kernel, hosted.id, sha, "")
    assert [(one.kind, one.path) for one in entries] == [
        ("folder", "dir"),
        ("file", "*"),
        ("file", "README"),
        ("file", ODD),
        ("link", "link"),
        ("submodule", "module"),
    ]
    assert entries[3].shown == "caf⟨U+DCE9⟩⟨U+000A⟩"
    inner = trees.folder(hosted.kernel, hosted.id, sha, "dir")
    assert [one.path for one in inner] == ["dir/sub", "dir/a.py"]
    assert inner[1].name == "a.py"


def test_a_name_is_found_whatever_it_is(hosted, sha):
    for kind, path in [("file", "dir/a.py"), ("folder", "dir/sub"), ("file", ODD), ("file", "*")]:
        assert trees.find(hosted.kernel, hosted.id, sha, path).kind == kind


@pytest.mark.parametrize("path", ["none", "dir/none", "?", "READ*", ":x", "link/x"])
def test_what_is_not_there_is_told(hosted, sha, path):
    with pytest.raises(NotFound, match="There is no"):
        trees.find(hosted.kernel, hosted.id, sha, path)
    with pytest.raises(NotFound):
        trees.folder(hosted.kernel, hosted.id, sha, path)


def test_a_file_is_no_folder_and_a_way_out_is_refused(hosted, sha):
    with pytest.raises(NotFound):
        trees.folder(hosted.kernel, hosted.id, sha, "README")
    for path in ("../x", "/etc", "a//b"):
        with pytest.raises(InvalidInput):
            trees.folder(hosted.kernel, hosted.id, sha, path)


def test_a_file_comes_in_pieces_and_may_be_left_half_read(hosted):
    big = b"0123456789" * 50_000
    hosted.copy.commit("big", big=big)
    sha = hosted.put("big")
    blob = trees.find(hosted.kernel, hosted.id, sha, "big").object
    assert trees.size(hosted.kernel, hosted.id, blob) == len(big)
    assert b"".join(trees.content(hosted.kernel, hosted.id, blob)) == big
    pieces = trees.content(hosted.kernel, hosted.id, blob)
    assert next(pieces)
    pieces.close()


def test_branches_come_with_their_newest_commit_the_newest_first(hosted):
    later = {"GIT_COMMITTER_DATE": "2037-01-01T00:00:00Z"}
    hosted.copy.git("commit", "--quiet", "--allow-empty", "--message", "late\n\nbody", **later)
    late = hosted.put("late/one")
    found = trees.branches(hosted.kernel, hosted.id)
    assert [one.name for one in found] == ["late/one", "main"]
    assert (found[0].sha, found[0].subject, found[0].author) == (late, "late", "Alice")


def test_history_is_of_a_path_and_goes_on_where_it_stopped(hosted):
    for number in range(3):
        hosted.copy.commit(f"a {number}", a=str(number))
        hosted.copy.commit(f"b {number}", b=str(number))
    sha = hosted.put("main")

    def subjects(path, skip=0, limit=2):
        listed = trees.history(hosted.kernel, hosted.id, sha, path, skip=skip, limit=limit)
        return [one.subject for one in listed]

    assert subjects("a") == ["a 2", "a 1"]
    assert subjects("a", skip=2) == ["a 0"]
    assert subjects("", limit=9)[0] == "b 2"
    assert subjects("none") == []

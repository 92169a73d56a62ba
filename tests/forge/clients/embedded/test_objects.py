"""Files and commits by object name, within limits."""

import pytest

from towpath.forge.clients.embedded import objects
from towpath.kernel.errors import InvalidInput, NotFound, TooLarge


@pytest.fixture
def sha(hosted):
    """A commit with a file, a folder, a link out of the repository, and an executable."""
    (hosted.copy.path / "link").symlink_to("/etc/passwd")
    (hosted.copy.path / "run").write_text("#!/bin/sh\n")
    (hosted.copy.path / "run").chmod(0o755)
    hosted.copy.commit("files", **{"dir__a.yml": "a\n", "dir__sub__b.yml": "b\n", "*": "star\n"})
    return hosted.put("files")


def test_a_file_is_read(hosted, sha):
    assert objects.read_file(hosted.kernel, hosted.id, sha, "dir/a.yml") == b"a\n"
    assert objects.read_file(hosted.kernel, hosted.id, sha, "run") == b"#!/bin/sh\n"
    assert objects.read_file(hosted.kernel, hosted.id, sha, "*") == b"star\n"


@pytest.mark.parametrize(
    "path", ["none", "dir", "link", "dir/a.yml/x", "?", "README*", ":x", "link/x"]
)
def test_what_is_no_file_is_none(hosted, sha, path):
    assert objects.read_file(hosted.kernel, hosted.id, sha, path) is None


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "", "a//b", "./a", "a/..", "a\0b", ":/"])
def test_what_is_no_path_is_refused(hosted, sha, path):
    with pytest.raises(InvalidInput):
        objects.read_file(hosted.kernel, hosted.id, sha, path)


def test_a_large_file_is_refused_without_reading_it(hosted, sha):
    with pytest.raises(TooLarge, match="has 2 bytes, more than 1"):
        objects.read_file(hosted.kernel, hosted.id, sha, "dir/a.yml", limit=1)


def test_a_folder_lists_its_own_files(hosted, sha):
    def listed(folder):
        return objects.list_files(hosted.kernel, hosted.id, sha, folder)

    assert listed("dir") == ["dir/a.yml"]
    assert listed("dir/sub") == ["dir/sub/b.yml"]
    assert listed("") == ["*", "README", "run"]
    assert listed("none") == []
    with pytest.raises(InvalidInput):
        listed("..")


def test_an_unknown_commit_holds_nothing(hosted):
    assert objects.read_file(hosted.kernel, hosted.id, "a" * 40, "README") is None
    assert objects.list_files(hosted.kernel, hosted.id, "a" * 40, "dir") == []


def test_commits_are_told_newest_first(hosted):
    base = hosted.copy.sha()
    hosted.copy.commit("one")
    hosted.copy.commit("two\n\nbody \n")
    head = hosted.put("topic")
    two, one = objects.commits(hosted.kernel, hosted.id, base, head)
    assert (two.sha, two.parents, two.subject, two.message) == (
        head, (one.sha,), "two", "two\n\nbody",
    )  # fmt: skip
    assert (one.author.name, one.author.email, one.parents) == (
        "Alice", "alice@example.test", (base,),
    )  # fmt: skip
    assert one.author.at > 10**15
    assert len(objects.commits(hosted.kernel, hosted.id, None, head, limit=1)) == 1


def test_a_commit_with_strange_bytes_is_still_told(hosted):
    tree = hosted.copy.sha("HEAD^{tree}")
    raw = b"tree %b\nauthor  <> 0 +0000\ncommitter \xff\xfe <x> 99999999999 +0000\n\n\xff\xfe"
    (hosted.copy.path / "raw").write_bytes(raw.replace(b"%b", tree.encode()))
    made = hosted.copy.git(
        "hash-object", "-w", "--literally", "-t", "commit", "raw"
    ).stdout.strip()
    hosted.put("odd", made)
    (told,) = objects.commits(hosted.kernel, hosted.id, None, made)
    assert told.subject == "\ufffd\ufffd"
    assert objects.subject(hosted.kernel, hosted.id, made) == "\ufffd\ufffd"


def test_a_branch_offers_its_newest_first_line_as_title(hosted):
    hosted.copy.commit("  spaced   title  \n\nmore")
    hosted.put("topic")
    assert objects.branch_subject(hosted.kernel, hosted.id, "topic") == "spaced title"
    assert objects.branch_subject(hosted.kernel, hosted.id, "none") == "none"


def test_commits_that_are_gone_are_told_as_such(hosted):
    for ends in (("a" * 40, hosted.copy.sha()), (hosted.copy.sha(), "a" * 40)):
        with pytest.raises(NotFound, match="not kept"):
            objects.commits(hosted.kernel, hosted.id, *ends)

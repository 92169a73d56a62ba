"""Commits of one file, made without a working tree."""

import pytest

from towpath.forge.clients.embedded import objects, writing
from towpath.forge.clients.embedded.objects import Signature
from towpath.forge.clients.embedded.writing import Wish
from towpath.kernel.errors import InvalidInput

BY = Signature("Zoë", "zoe@example.test", 1_700_000_000_000_000)


def commit(hosted, path, content=b"1", parent=None):
    wish = Wish(path, content, "a message", BY, BY)
    return writing.commit_file(hosted.kernel, hosted.id, parent, wish)


def test_the_same_wish_gives_the_same_commit(hosted):
    main = hosted.copy.sha("main")
    one, other = (commit(hosted, "a/b c/ü", parent=main) for _ in range(2))
    assert one == other
    (made,) = objects.commits(hosted.kernel, hosted.id, main, one)
    assert (made.parents, made.author, made.message) == ((main,), BY, "a message")
    assert objects.read_file(hosted.kernel, hosted.id, one, "a/b c/ü") == b"1"
    assert objects.read_file(hosted.kernel, hosted.id, one, "README") == b"hello\n"


def test_a_first_commit_has_no_parent(hosted):
    made = commit(hosted, "a")
    assert objects.commits(hosted.kernel, hosted.id, None, made)[0].parents == ()


@pytest.mark.parametrize(
    "path",
    [".git/x", "a/.GIT/x", "a/../b", "/a", "a/", "README/x", "a\nb", "\u202e", "git~1/x", ""],
)
def test_a_path_that_is_none_makes_no_commit(hosted, path):
    with pytest.raises(InvalidInput):
        commit(hosted, path, parent=hosted.copy.sha("main"))


def test_nothing_is_left_lying_about(hosted):
    before = sorted(path.name for path in hosted.kernel.data.iterdir())
    commit(hosted, "a", parent=hosted.copy.sha("main"))
    assert sorted(path.name for path in hosted.kernel.data.iterdir()) == before

"""Git's objects as they lie."""

import pytest

from towpath.forge.clients.embedded import plumbing
from towpath.kernel.errors import InvalidInput, NotFound, TooLarge


def test_refs_are_told_with_what_they_name(hosted):
    hosted.copy.git("tag", "-a", "v1", "-m", "one")
    fetch = ("fetch", "--quiet", str(hosted.copy.path), "v1:refs/tags/v1")
    hosted.copy.git(f"--git-dir={hosted.path}", *fetch)
    hosted.put("maintenance/1")
    found = plumbing.kinds(hosted.kernel, hosted.id, "refs/heads/main")
    assert found.keys() == {"refs/heads/main", "refs/heads/maintenance/1"}
    kinds = plumbing.kinds(hosted.kernel, hosted.id, "refs/tags/")
    assert kinds == {"refs/tags/v1": ("tag", hosted.copy.sha("v1^{tag}"))}
    assert "refs/heads/maintenance/1" in plumbing.kinds(hosted.kernel, hosted.id, "refs/heads/m")


def test_a_tree_is_listed_flat_or_deep_and_says_when_it_is_cut(hosted):
    sha = hosted.copy.commit("deep", a__b="1")
    hosted.put("work")
    flat, whole = plumbing.tree(hosted.kernel, hosted.id, sha, deep=False)
    assert ([one.path for one in flat], whole) == (["README", "a"], True)
    deep, _ = plumbing.tree(hosted.kernel, hosted.id, sha, deep=True)
    assert [(one.path, one.kind) for one in deep][1:] == [("a", "tree"), ("a/b", "blob")]
    cut, whole = plumbing.tree(hosted.kernel, hosted.id, sha, deep=True, limit=1)
    assert (len(cut), whole) == (1, False)
    assert plumbing.sizes(hosted.kernel, hosted.id, sha, "a") == {"a/b": 1}
    with pytest.raises(NotFound):
        plumbing.tree(hosted.kernel, hosted.id, "a" * 40, deep=False)


def test_a_blob_beyond_the_limit_never_comes_into_memory(hosted):
    blob = hosted.copy.sha("main:README")
    assert plumbing.blob(hosted.kernel, hosted.id, blob) == b"hello\n"
    with pytest.raises(TooLarge):
        plumbing.blob(hosted.kernel, hosted.id, blob, limit=3)


@pytest.mark.parametrize("sha", ["--batch", "HEAD", "a" * 39, "a" * 40 + "\nHEAD"])
def test_what_is_no_object_name_reaches_no_command_line(hosted, sha):
    for ask in (plumbing.blob, plumbing.tag):
        with pytest.raises(InvalidInput):
            ask(hosted.kernel, hosted.id, sha)


def test_commits_apart_are_counted_both_ways(hosted):
    main, topic = hosted.copy.sha("main"), hosted.branch("topic", a="1")
    assert plumbing.apart(hosted.kernel, hosted.id, main, topic) == (1, 0)
    assert plumbing.apart(hosted.kernel, hosted.id, topic, main) == (0, 1)


def test_sizes_of_blobs_come_in_one_answer_and_leave_out_what_is_not_here(hosted):
    name = hosted.copy.sha("HEAD:README")
    asked = {name, "1" * 40}
    assert plumbing.blob_sizes(hosted.kernel, hosted.id, asked) == {name: len("hello\n")}
    assert plumbing.blob_sizes(hosted.kernel, hosted.id, set()) == {}


def test_the_beginning_of_a_commit_s_name_is_made_whole(hosted):
    sha, tree = hosted.copy.sha(), hosted.copy.sha("HEAD^{tree}")
    asked = [sha[:7], "1234567", sha, tree]
    found = plumbing.commits_named(hosted.kernel, hosted.id, asked)
    assert found == {sha[:7]: sha, sha: sha}
    assert plumbing.commits_named(hosted.kernel, hosted.id, []) == {}
    for wrong in ("main", "abcdef1\nabcdef2", "--all", "HEAD"):
        with pytest.raises(InvalidInput):
            plumbing.commits_named(hosted.kernel, hosted.id, [wrong])

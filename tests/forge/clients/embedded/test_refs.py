"""Refs move all or none, from where the caller saw them, and are on disk then."""

import os
from pathlib import Path

import pytest

from towpath.forge.clients.embedded import git, refs
from towpath.forge.model.refs import RefUpdate
from towpath.kernel.errors import InvalidInput, NotFound, Stale, Unavailable

MAIN = "refs/heads/main"


def test_creating_again_changes_nothing(hosted):
    before = refs.refs(hosted.kernel, hosted.id)
    refs.create(hosted.kernel, hosted.id, "main")
    assert refs.refs(hosted.kernel, hosted.id) == before


def test_a_new_repository_is_on_disk_with_every_name_that_leads_to_it(kernel, monkeypatch):
    synced, real = set(), os.fsync

    def note(descriptor):
        real(descriptor)
        synced.add(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", note)
    refs.create(kernel, "repo_" + "0" * 26, "main")
    bare = git.path(kernel, "repo_" + "0" * 26)
    needed = {bare / "HEAD", bare / "config", bare, bare / "refs", bare / "objects"}
    assert needed | {bare.parent, kernel.data} <= synced


def test_refs_are_listed_below_a_prefix(hosted):
    sha = hosted.put("feature/one")
    assert refs.refs(hosted.kernel, hosted.id, "refs/heads/feature/") == {
        "refs/heads/feature/one": sha
    }
    with pytest.raises(InvalidInput):
        refs.refs(hosted.kernel, hosted.id, "--all/")


def test_people_do_not_see_our_refs_among_theirs(hosted):
    main = hosted.copy.sha("main")
    refs.move(hosted.kernel, hosted.id, [RefUpdate("refs/towpath/gate/1", None, main)])
    assert refs.branches_and_tags(hosted.kernel, hosted.id) == {MAIN: main}


def test_a_name_or_a_sha_resolves_to_a_commit(hosted):
    main = hosted.copy.sha("main")
    assert refs.resolve(hosted.kernel, hosted.id, MAIN) == main
    assert refs.resolve(hosted.kernel, hosted.id, main) == main
    assert refs.resolve(hosted.kernel, hosted.id, "refs/heads/none") is None
    assert refs.resolve(hosted.kernel, hosted.id, hosted.copy.sha("main^{tree}")) is None
    with pytest.raises(NotFound):
        refs.require_commit(hosted.kernel, hosted.id, "a" * 40)


@pytest.mark.parametrize("name", ["main", "HEAD", "--all", "main@{1}", "refs/heads/../x", ":/x"])
def test_a_revision_expression_does_not_resolve(hosted, name):
    with pytest.raises(InvalidInput):
        refs.resolve(hosted.kernel, hosted.id, name)


def test_all_move_or_none(hosted):
    main, topic = hosted.copy.sha("main"), hosted.branch("topic", a="1")
    moves = [RefUpdate("refs/heads/new", None, topic), RefUpdate(MAIN, topic, topic)]
    with pytest.raises(Stale, match=f"{MAIN} is at {main}, not at {topic}"):
        refs.move(hosted.kernel, hosted.id, moves)
    refs.move(hosted.kernel, hosted.id, [moves[0], RefUpdate(MAIN, main, topic)])
    assert set(refs.refs(hosted.kernel, hosted.id).values()) == {topic}
    refs.move(hosted.kernel, hosted.id, [RefUpdate("refs/heads/new", topic, None)])
    assert "refs/heads/new" not in refs.refs(hosted.kernel, hosted.id)


def test_a_ref_that_exists_is_not_created(hosted):
    main = hosted.copy.sha("main")
    with pytest.raises(Stale, match="not at no commit"):
        refs.move(hosted.kernel, hosted.id, [RefUpdate(MAIN, None, main)])


def test_a_ref_does_not_move_to_what_is_not_there(hosted):
    main = hosted.copy.sha("main")
    with pytest.raises(NotFound, match="no commit"):
        refs.move(hosted.kernel, hosted.id, [RefUpdate(MAIN, main, "a" * 40)])


@pytest.mark.parametrize("ref", ["refs/heads/x y", "refs/heads/x\nx", "refs/../x", "main"])
def test_a_hostile_ref_never_reaches_git(hosted, ref):
    with pytest.raises(InvalidInput):
        refs.move(hosted.kernel, hosted.id, [RefUpdate(ref, None, "a" * 40)])


def test_the_lock_of_a_dead_process_does_not_stop_us_for_ever(hosted):
    main, topic = hosted.copy.sha("main"), hosted.branch("topic", a="1")
    (hosted.path / f"{MAIN}.lock").touch()
    refs.move(hosted.kernel, hosted.id, [RefUpdate(MAIN, main, topic)])
    assert refs.resolve(hosted.kernel, hosted.id, MAIN) == topic


def test_the_lock_of_a_living_writer_is_respected(hosted):
    main, topic = hosted.copy.sha("main"), hosted.branch("topic", a="1")
    (hosted.path / f"{MAIN}.lock").touch()
    with git.writing(hosted.path), pytest.raises(Unavailable, match="locked by another push"):
        refs.move(hosted.kernel, hosted.id, [RefUpdate(MAIN, main, topic)])


def test_the_folders_that_name_a_ref_are_flushed(hosted, monkeypatch):
    flushed = []
    fsync = os.fsync
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: (flushed.append(str(Path(f"/proc/self/fd/{fd}").readlink())), fsync(fd)),
    )
    main = hosted.copy.sha("main")
    refs.move(hosted.kernel, hosted.id, [RefUpdate("refs/heads/a/b", None, main)])
    wanted = {"", "refs", "refs/heads", "refs/heads/a", "objects", "objects/pack"}
    assert {str(hosted.path / folder) for folder in wanted} <= set(flushed)


def test_a_stacked_request_begins_where_the_one_below_it_landed(hosted):
    below = hosted.branch("below", a="1")
    hosted.copy.git("checkout", "--quiet", "-b", "above", "below")
    hosted.copy.commit("above", b="1")
    hosted.put("above")
    hosted.sync()
    request = hosted.open("above")
    assert refs.base_of(hosted.kernel, request) == request.base != below
    hosted.land(below)
    assert refs.base_of(hosted.kernel, request) == below
    hosted.land(request.head)
    assert refs.base_of(hosted.kernel, hosted.request()) == request.base


def test_ancestors_and_bases(hosted):
    kernel, id_ = hosted.kernel, hosted.id
    main, topic = hosted.copy.sha("main"), hosted.branch("topic", a="1")
    other = hosted.branch("other", b="1")
    assert refs.is_ancestor(kernel, id_, main, topic)
    assert not refs.is_ancestor(kernel, id_, topic, main)
    assert refs.merge_base(kernel, id_, topic, other) == main
    hosted.copy.git("checkout", "--quiet", "--orphan", "alone")
    hosted.copy.commit("alone")
    assert refs.merge_base(kernel, id_, hosted.put("alone"), main) is None

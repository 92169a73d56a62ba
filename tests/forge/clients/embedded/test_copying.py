import subprocess

import pytest

from tests.kill.harness import GIT_ENV, Git
from towpath.forge.clients.embedded import copying
from towpath.kernel.errors import Unavailable

ID = "repo_" + "0" * 26


@pytest.fixture
def bare(tmp_path):
    folder = tmp_path / "repositories" / f"{ID}.git"
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], env=GIT_ENV, check=True)
    clone = tmp_path / "clone"
    subprocess.run(["git", "init", "-q", str(clone)], env=GIT_ENV, check=True)
    return Git(clone, str(folder))


def push(bare, words, ref="refs/heads/main"):
    commit = bare.commit(None, {"file": f"{words}\n"}, words)
    bare("push", "-q", "-f", bare.remote, f"{commit}:{ref}")
    return commit


def put(kept, target):
    """Do what a restore does, after the source has moved on."""
    for each in kept:
        place = target / each.name
        if each.source is None:
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(each.source, bytes):
            place.write_bytes(each.source)
        elif each.source.exists():
            place.write_bytes(each.source.read_bytes())
    return Git(target / "repositories" / f"{ID}.git")


def test_the_copy_has_the_refs_of_the_rows_though_git_has_moved_on(bare, tmp_path):
    first = push(bare, "first")
    push(bare, "second")
    push(bare, "third", "refs/heads/later")
    copy = put(copying.kept(tmp_path, ID, {"refs/heads/main": first}), tmp_path / "copy")
    assert copy("for-each-ref", "--format=%(objectname) %(refname)") == f"{first} refs/heads/main"
    assert copy("show", "main:file") == "first"
    copy("fsck", "--connectivity-only", "--no-dangling")


def test_refs_of_ours_come_from_git(bare, tmp_path):
    candidate = push(bare, "candidate", "refs/towpath/gate/queue")
    copy = put(copying.kept(tmp_path, ID, {}), tmp_path / "copy")
    assert copy("rev-parse", "refs/towpath/gate/queue") == candidate


def test_an_empty_repository_is_one_again(bare, tmp_path):
    copy = put(copying.kept(tmp_path, ID, {}), tmp_path / "copy")
    assert copy("rev-parse", "--is-bare-repository") == "true"


def test_objects_packed_while_they_are_copied_are_found_again_in_the_pack(bare, tmp_path):
    heads = {f"refs/heads/b{n}": push(bare, f"commit {n}", f"refs/heads/b{n}") for n in range(9)}
    source = Git(tmp_path / "repositories" / f"{ID}.git")

    def packed_meanwhile():
        for number, each in enumerate(copying.kept(tmp_path, ID, heads)):
            if number == 8:  # past the refs, amid the loose objects
                source("-c", "gc.cruftPacks=false", "repack", "-adq")
                source("prune-packed", "-q")
            yield each

    copy = put(packed_meanwhile(), tmp_path / "copy")
    copy("fsck", "--connectivity-only", "--no-dangling")
    assert [copy("rev-parse", ref) for ref in heads] == list(heads.values())


def test_a_repository_that_never_holds_still_is_an_error_not_a_hole(bare, tmp_path):
    push(bare, "commit")
    objects = tmp_path / "repositories" / f"{ID}.git" / "objects"

    def vanishing():
        for number, each in enumerate(copying.kept(tmp_path, ID, {})):
            if number > 4:
                each.source.unlink()
                fresh = objects / "00" / f"{number:038x}"
                fresh.parent.mkdir(exist_ok=True)
                fresh.write_bytes(b"")
            yield each

    with pytest.raises(Unavailable, match="packed over and over"):
        put(vanishing(), tmp_path / "copy")

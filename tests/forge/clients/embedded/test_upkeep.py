"""After a crash, and at night."""

import pytest

from towpath.forge.clients.embedded import git, upkeep

LEFT = [
    "refs/heads/main.lock",
    "packed-refs.lock",
    "packed-refs.new",
    "HEAD.lock",
    "gc.pid",
    "objects/tmp_objdir-incoming-x/pack/x.pack",
    "objects/pack/tmp_pack_x",
    "objects/ab/tmp_obj_x",
]


@pytest.fixture
def left(hosted):
    for name in LEFT:
        path = hosted.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return hosted


def test_what_a_crash_left_is_cleared_and_nothing_else(left):
    before = git.run(left.path, "for-each-ref").text
    assert upkeep.clear_locks(left.kernel, left.id)
    assert [name for name in LEFT if (left.path / name).exists()] == []
    assert git.run(left.path, "for-each-ref").text == before
    git.run(left.path, "fsck", "--strict")


def test_nothing_is_cleared_while_somebody_writes(left):
    with git.writing(left.path):
        assert not upkeep.clear_locks(left.kernel, left.id)
    assert all((left.path / name).exists() for name in LEFT)


def test_a_tidy_repository_is_left_alone(hosted):
    assert not upkeep.collect(hosted.kernel, hosted.id)


def test_many_packs_become_few_and_every_commit_stays(hosted, monkeypatch):
    monkeypatch.setattr(upkeep, "MOST_PACKS", 3)
    also = git.configured(fetch__unpackLimit="1", protocol__allow="always")
    heads = []
    for number in range(5):
        hosted.copy.commit(str(number))
        sha = hosted.copy.sha()
        source = (str(hosted.copy.path), f"{sha}:refs/heads/t{number}")
        git.run(hosted.path, "fetch", "--quiet", *source, also=also)
        heads.append(sha)
    unreachable = hosted.branch("gone", gone="1")
    git.run(hosted.path, "update-ref", "-d", "refs/heads/gone")
    assert upkeep.collect(hosted.kernel, hosted.id)
    assert not upkeep.collect(hosted.kernel, hosted.id)
    for sha in [*heads, unreachable]:
        assert git.run(hosted.path, "cat-file", "-t", sha).text == "commit\n"
    git.run(hosted.path, "fsck", "--strict")

"""One git process: what it sees, and who may write at the same time."""

import fcntl
import os
import subprocess

import pytest

from towpath.forge.clients.embedded import git
from towpath.kernel.errors import InvalidInput, Unavailable


@pytest.fixture
def bare(kernel, repository):
    return git.path(kernel, repository.id)


@pytest.mark.parametrize("id_", ["", "..", "repo_../../x", "repo_" + "A" * 26, "repo_x", "/etc"])
def test_only_our_ids_are_paths(kernel, id_):
    with pytest.raises(InvalidInput):
        git.path(kernel, id_)


def test_the_users_configuration_and_environment_stay_outside(bare, monkeypatch, tmp_path):
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Mallory\n[core]\n\tfsync = none\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    listed = git.run(bare, "config", "--list").text
    assert "Mallory" not in listed
    assert "core.fsync=all" in listed
    assert set(git.environment()) & set(os.environ) <= {"PATH", "HOME", "TZ", "LC_ALL"}


@pytest.mark.parametrize(
    "setting",
    [
        "core.fsync=all",
        "core.fsyncmethod=fsync",
        "transfer.fsckobjects=true",
        "core.protecthfs=true",
        "core.protectntfs=true",
        "receive.autogc=false",
        "gc.auto=0",
        "protocol.allow=never",
    ],
)
def test_what_keeps_data_safe_is_set_for_every_process(bare, setting):
    assert setting in git.run(bare, "config", "--list").text.splitlines()


def test_a_setting_can_be_overridden_for_one_call(bare):
    told = git.run(bare, "config", "core.fsync", also=git.configured(core__fsync="none"))
    assert told.text == "none\n"


def test_a_failure_carries_gits_words(bare):
    with pytest.raises(git.GitError, match="ended with 128: fatal: Not a valid object"):
        git.run(bare, "cat-file", "-p", "--end-of-options", "nothing")


def test_a_process_that_takes_too_long_is_ended(bare):
    with pytest.raises(Unavailable, match="took more than 0 s"):
        git.run(bare, "cat-file", "--batch", data=b"x\n" * 1_000_000, timeout=0.001)


def test_writers_share_and_the_cleaner_wants_nobody(bare):
    with git.writing(bare), git.writing(bare), git.alone(bare) as nobody_writes:
        assert not nobody_writes
    with git.alone(bare) as nobody_writes:
        assert nobody_writes


def test_an_orphan_still_holds_the_lock(bare):
    """A git process of a killed server may live on; its lock lives with it."""
    with git.writing(bare) as held:
        orphan = subprocess.Popen(["sleep", "60"], pass_fds=[held])
    with git.alone(bare) as nobody_writes:
        assert not nobody_writes
    orphan.kill()
    orphan.wait()
    with git.alone(bare) as nobody_writes:
        assert nobody_writes


def test_releasing_gives_the_lock_back(bare):
    held = git.hold(bare)
    git.release(held)
    with pytest.raises(OSError, match="Bad file descriptor"):
        fcntl.flock(held, fcntl.LOCK_UN)

"""The token of one push, and the hook as git finds it."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from towpath.forge.clients.embedded import hook
from towpath.forge.model.refs import Push
from towpath.kernel.errors import Denied, Unavailable

PUSH = Push("push_1", "repo_1", "alice", trusted=True)


@pytest.fixture
def installed(kernel):
    hook.install_hook(kernel)
    return kernel


def token(kernel):
    return hook.environment(kernel, PUSH)["TOWPATH_PUSH"]


def test_a_token_names_its_push(installed):
    assert hook.push_of(installed, token(installed)) == PUSH


def test_a_token_that_was_tampered_with_is_refused(installed):
    claim, _, signature = token(installed).partition(".")
    forged = hook.base64.urlsafe_b64encode(
        hook.base64.urlsafe_b64decode(claim).replace(b"alice", b"admin")
    ).decode()
    for wrong in (f"{forged}.{signature}", claim, f"{claim}.", f"{claim}.{'0' * 64}", "", "é"):
        with pytest.raises(Denied):
            hook.push_of(installed, wrong)


def test_a_token_ends_with_its_push(installed, clock):
    old = token(installed)
    clock.advance(hook.LONGEST_PUSH_SECONDS + 1)
    with pytest.raises(Denied):
        hook.push_of(installed, old)


def test_a_token_answers_one_question(installed):
    once = token(installed)
    assert hook.push_of(installed, once) == PUSH
    with pytest.raises(Denied):
        hook.push_of(installed, once)


def test_a_token_is_nothing_once_its_push_has_ended_whether_it_asked_or_not(installed):
    kept = token(installed)
    hook.end(PUSH)
    with pytest.raises(Denied):
        hook.push_of(installed, kept)
    hook.end(PUSH)


@pytest.mark.parametrize("left", [b"", b"half a key"])
def test_a_key_that_a_power_failure_left_short_is_made_anew_and_signs_nothing(installed, left):
    path = installed.data / "hooks" / "key"
    path.write_bytes(left)
    with pytest.raises(Unavailable):
        token(installed)
    claim = hook.base64.urlsafe_b64encode(b"{}")
    forged = hook.hmac.new(left, claim, hook.hashlib.sha256).hexdigest()
    with pytest.raises(Unavailable):
        hook.push_of(installed, f"{claim.decode()}.{forged}")
    hook.install_hook(installed)
    assert len(path.read_bytes()) == 32
    assert hook.push_of(installed, token(installed)) == PUSH


def test_the_key_and_the_hook_are_on_disk_when_they_are_installed(kernel, monkeypatch):
    synced, real = [], os.fsync

    def note(descriptor):
        real(descriptor)
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))

    monkeypatch.setattr(os, "fsync", note)
    hook.install_hook(kernel)
    folder = str(kernel.data / "hooks")
    names = {path.removeprefix(f"{folder}/.").rpartition(".")[0] for path in synced}
    assert {"key", "pre-receive", "pre_receive.py"} <= names
    assert synced[-1] == folder
    assert str(kernel.data) in synced


def test_the_key_survives_a_restart_and_nobody_else_reads_it(installed):
    old = token(installed)
    hook.install_hook(installed)
    assert hook.push_of(installed, old) == PUSH
    folder = installed.data / "hooks"
    assert (folder / "key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert os.access(folder / "pre-receive", os.X_OK)


def test_without_a_server_the_hook_refuses_and_says_what_to_do(installed):
    environment = {"PATH": "/usr/bin:/bin", **hook.environment(installed, PUSH)}
    done = subprocess.run(
        [installed.data / "hooks" / "pre-receive"],
        env=environment,
        input=b"0 1 refs/heads/x\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"could not be asked" in done.stderr
    assert b"Nothing was changed" in done.stderr


def test_servers_that_start_together_agree_on_one_key(kernel):
    with ThreadPoolExecutor(4) as servers:
        list(servers.map(hook.install_hook, [kernel] * 4))
    assert hook.push_of(kernel, token(kernel)) == PUSH
    assert [path.name for path in (kernel.data / "hooks").glob(".*")] == []


def test_each_host_runs_the_hook_by_its_own_python(installed, tmp_path):
    """The last host that started wrote the script; its path to Python need not be here."""
    script = installed.data / "hooks" / "pre-receive"
    script.write_text(script.read_text().replace(sys.executable, "/opt/elsewhere/python"))
    python = tmp_path / "python here"
    python.symlink_to(shutil.which("echo"))
    environment = {"PATH": "/usr/bin:/bin", **hook.environment(installed, PUSH)}
    environment["TOWPATH_HOOK_PYTHON"] = str(python)
    done = subprocess.run([script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"-I -S {installed.data}/hooks/pre_receive.py\n"

"""Files that runner and steps pass each other, and what steps may put in their place."""

import os
import stat
from pathlib import Path

import pytest

from towpath.kernel.errors import InvalidInput, TooLarge
from towpath.pipelines.remote.directories import Exchange, make_layout, make_private, remove


@pytest.fixture
def files(tmp_path: Path):
    layout = make_layout(make_private(tmp_path), "/workspace/x", ())
    exchange = Exchange(layout)
    yield exchange, layout.private / "files"
    exchange.close()


def test_a_file_goes_in_and_what_a_step_made_of_it_comes_out(steps):
    path = steps.box.put("output", b"name=")
    steps.say(f"echo value >> {path}")
    assert steps.box.take("output") == b"name=value\n"


def test_a_script_can_be_run(steps):
    path = steps.box.put("script.sh", b"echo $0")
    assert steps.say(f"bash {path}") == path == f"{steps.box.files}/script.sh"


def test_a_file_that_is_not_there_is_empty(steps):
    assert steps.box.take("never") == b""


def test_a_file_may_be_put_again(steps):
    steps.box.put("output", b"long ago")
    steps.box.put("output", b"now")
    assert steps.box.take("output") == b"now"


@pytest.mark.parametrize(
    "replace",
    [
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: path.symlink_to(path.name),
        os.mkfifo,
        os.mkdir,
    ],
    ids=["link", "loop", "pipe", "directory"],
)
def test_what_is_no_file_is_refused(files, replace):
    exchange, directory = files
    replace(directory / "output")
    with pytest.raises(InvalidInput, match="something else"):
        exchange.take("output", 1000)


def test_a_directory_in_the_place_of_a_file_is_told(files):
    exchange, directory = files
    (directory / "output").mkdir()
    with pytest.raises(InvalidInput, match="something else"):
        exchange.put("output")


def test_a_link_in_the_place_of_a_file_is_not_written_through(files, tmp_path):
    exchange, directory = files
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (directory / "env").symlink_to(victim)
    exchange.put("env", b"yours")
    assert victim.read_text() == "mine"
    assert (directory / "env").read_text() == "yours"


def test_a_file_that_is_too_large_is_refused(files):
    exchange, directory = files
    with (directory / "output").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TooLarge, match="1000 bytes"):
        exchange.take("output", 1000)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/b", "", ".", "..", "x\n", "-x", "x" * 101]
)
def test_only_plain_names_are_files(files, name):
    exchange, _ = files
    with pytest.raises(InvalidInput, match="plain file name"):
        exchange.put(name)
    with pytest.raises(InvalidInput, match="plain file name"):
        exchange.take(name, 1000)


def test_the_system_comes_after_the_tools_on_the_path(tmp_path):
    layout = make_layout(make_private(tmp_path), "/w", (Path("/opt/tool"), Path("/usr")))
    assert layout.path == (
        "/opt/tool/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    )


def test_removing_follows_no_link(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").touch()
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone/link").symlink_to(tmp_path / "kept")
    (tmp_path / "gone/closed/deep").mkdir(parents=True)
    (tmp_path / "gone/closed").chmod(0)
    remove(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()
    assert (tmp_path / "kept/file").exists()


def test_removing_what_is_gone_changes_nothing_above_it(tmp_path):
    before = tmp_path.stat().st_mode
    tmp_path.chmod(0o755)
    remove(tmp_path / "gone")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    tmp_path.chmod(before)

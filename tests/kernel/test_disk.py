"""What was written is on disk, with its name, when the call returns."""

import os
import stat
from pathlib import Path

import pytest

from towpath.kernel import disk


@pytest.fixture
def events(monkeypatch):
    """What was synced, by name, and what was renamed, in order."""
    seen, sync, rename = [], os.fsync, Path.replace

    def note_sync(descriptor):
        sync(descriptor)
        seen.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink()))

    def note_rename(path, target):
        seen.append(("rename", path))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_rename)
    return seen


def test_content_is_synced_before_the_name_and_the_name_before_we_return(events, tmp_path):
    disk.replace_file(tmp_path / "key", b"new", 0o600)
    (_, beside), (_, renamed), _ = events
    assert beside == renamed != tmp_path / "key"
    assert [kind for kind, _ in events] == ["sync", "rename", "sync"]
    assert events[-1] == ("sync", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_file_is_replaced_whole_with_the_mode_it_was_given(tmp_path):
    path = tmp_path / "hook"
    path.write_bytes(b"something much longer")
    disk.replace_file(path, b"new", 0o700)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o700)


def test_what_somebody_else_wrote_is_synced_by_name(events, tmp_path):
    (tmp_path / "HEAD").write_text("ref\n")
    disk.sync_file(tmp_path / "HEAD")
    disk.sync_directory(tmp_path)
    assert events == [("sync", tmp_path / "HEAD"), ("sync", tmp_path)]


def test_a_link_is_not_followed_and_a_file_is_no_directory(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OSError, match="link"):
        disk.sync_file(tmp_path / "link")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        disk.sync_directory(tmp_path / "file")

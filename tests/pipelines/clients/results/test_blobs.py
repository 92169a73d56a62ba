"""Bytes by their digest: whole or not there, and swept only when nothing needs them."""

import errno
import hashlib
import os

import pytest

from towpath.kernel.errors import InvalidInput, NotFound, Unavailable
from towpath.pipelines.clients.results import blobs

OLD = 2 * 86_400


def kept(data, content: bytes) -> str:
    came = blobs.Arriving(data)
    came.write(content)
    digest = came.keep()
    came.close()
    return digest


def aged(data, digest: str) -> None:
    path = blobs.path_of(data, digest)
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - OLD))


def nothing(_):
    return set()


def test_bytes_are_found_under_their_sha256(tmp_path):
    digest = kept(tmp_path, b"oak")
    assert digest == hashlib.sha256(b"oak").hexdigest()
    assert blobs.is_there(tmp_path, digest)
    assert b"".join(blobs.read(tmp_path, [(digest, 3)], 0, 3)) == b"oak"
    assert blobs.path_of(tmp_path, digest).stat().st_mode & 0o777 == 0o600


def test_what_was_not_kept_leaves_nothing(tmp_path):
    came = blobs.Arriving(tmp_path)
    came.write(b"oak")
    came.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_range_may_cross_pieces(tmp_path):
    pieces = [(kept(tmp_path, content), len(content)) for content in (b"abc", b"defg", b"h")]
    for start in range(8):
        for stop in range(start, 9):
            read = b"".join(blobs.read(tmp_path, pieces, start, stop))
            assert read == b"abcdefgh"[start:stop]
    assert blobs.digest_of(tmp_path, pieces) == hashlib.sha256(b"abcdefgh").hexdigest()
    assert blobs.digest_of(tmp_path, []) == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("digest", ["", "../x", "A" * 64, "a" * 63, "a" * 65])
def test_only_a_digest_becomes_a_path(tmp_path, digest):
    with pytest.raises(InvalidInput):
        blobs.path_of(tmp_path, digest)


def test_bytes_that_are_gone_are_told_in_words(tmp_path):
    with pytest.raises(NotFound, match="gone"):
        list(blobs.read(tmp_path, [("a" * 64, 3)], 0, 3))


def test_a_full_disk_is_told_in_words(tmp_path, monkeypatch):
    came = blobs.Arriving(tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(blobs.os, "write", full)
    with pytest.raises(Unavailable, match=r"full.*make room"):
        came.write(b"oak")
    monkeypatch.undo()
    came.close()
    monkeypatch.setattr(blobs, "free_bytes", lambda _: 0)
    with pytest.raises(Unavailable, match="full"):
        blobs.Arriving(tmp_path)


def test_the_sweep_takes_what_nothing_needs_once_it_is_old(tmp_path):
    wanted, unwanted, young = (kept(tmp_path, content) for content in (b"1", b"2", b"3"))
    aged(tmp_path, wanted)
    aged(tmp_path, unwanted)
    assert blobs.sweep(tmp_path, lambda digests: {wanted} & set(digests)) == 1
    assert [blobs.is_there(tmp_path, each) for each in (wanted, unwanted, young)] == [
        True, False, True,
    ]  # fmt: skip


def test_what_turns_out_to_be_needed_while_it_is_swept_comes_back(tmp_path):
    digest = kept(tmp_path, b"oak")
    aged(tmp_path, digest)
    asked = []

    def wanted(digests):
        asked.append(digests)
        return set() if len(asked) == 1 else set(digests)

    blobs.sweep(tmp_path, wanted)
    assert blobs.is_there(tmp_path, digest)


def test_a_sweep_that_was_cut_short_is_finished_by_the_next(tmp_path):
    lost, found = kept(tmp_path, b"1"), kept(tmp_path, b"2")
    leaving = tmp_path / "results" / "leaving"
    leaving.mkdir()
    for digest in (lost, found):
        blobs.path_of(tmp_path, digest).rename(leaving / digest)
    blobs.sweep(tmp_path, lambda digests: {found} & set(digests))
    assert blobs.is_there(tmp_path, found)
    assert list(leaving.iterdir()) == []
    assert not blobs.is_there(tmp_path, lost)


def test_what_never_arrived_goes_after_a_day(tmp_path):
    came = blobs.Arriving(tmp_path)
    arriving = tmp_path / "results" / "arriving"
    blobs.sweep(tmp_path, nothing)
    assert len(list(arriving.iterdir())) == 1
    for path in arriving.iterdir():
        os.utime(path, (1, 1))
    blobs.sweep(tmp_path, nothing)
    assert list(arriving.iterdir()) == []
    came.close()

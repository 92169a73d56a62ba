"""Zips, also hostile ones."""

import io
import os
import struct
import zipfile

import pytest

from towpath.pipelines.remote.aboard import packing
from towpath.pipelines.remote.aboard.speaking import Failed


def packed(tmp_path, *entries, **options):
    file = tmp_path / "made.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries:
            made.writestr(name, content)
    return file


def test_what_is_packed_comes_out_again(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "ä.txt").write_text("oak")
    made = io.BytesIO()
    os.utime(tmp_path / "deep" / "ä.txt", (0, 0))  # before zips knew time
    packing.pack(made, str(tmp_path), [str(tmp_path / "deep" / "ä.txt")], 6)
    file = tmp_path / "made.zip"
    file.write_bytes(made.getvalue())
    assert packing.unpack(file, str(tmp_path / "out")) == 1
    assert (tmp_path / "out" / "deep" / "ä.txt").read_text() == "oak"


@pytest.mark.parametrize(
    "name", ["../evil", "/evil", "a/../../evil", "a\\..\\evil", "..", "a/..", "/"]
)
def test_names_that_lead_outside_are_refused_before_anything_is_written(tmp_path, name):
    info = zipfile.ZipInfo("x")
    info.filename = name
    file = packed(tmp_path, ("good", "1"), (info, "2"))
    with pytest.raises(Failed, match="outside"):
        packing.unpack(file, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_links_are_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    with pytest.raises(Failed, match="link"):
        packing.unpack(packed(tmp_path, (info, "/etc/passwd")), str(tmp_path / "out"))


def test_a_file_does_not_go_through_a_link_that_is_there(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to(tmp_path / "victim")
    packing.unpack(packed(tmp_path, ("a", "new")), str(tmp_path / "out"))
    assert not (tmp_path / "victim").exists()
    assert (tmp_path / "out" / "a").read_text() == "new"


def test_a_zip_that_says_it_becomes_more_than_any_zip_can_is_a_trap(tmp_path):
    file = packed(tmp_path, ("a", b"x"))
    data = bytearray(file.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 4_000_000_000)
    file.write_bytes(data)
    with pytest.raises(Failed, match="trap"):
        packing.unpack(file, str(tmp_path / "out"))


def test_an_entry_that_holds_more_than_it_claims_is_cut_there_and_told(tmp_path):
    file = packed(tmp_path, ("a", b"x" * 1000))
    data = bytearray(file.read_bytes())
    for sign, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.index(sign)
        data[at + offset : at + offset + 4] = struct.pack("<I", 10)
    file.write_bytes(data)
    with pytest.raises(Failed, match="cannot be read"):
        packing.unpack(file, str(tmp_path / "out"))
    assert (tmp_path / "out" / "a").stat().st_size <= 10


def test_too_many_entries_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "MOST_ENTRIES", 2)
    with pytest.raises(Failed, match="3 entries"):
        packing.unpack(packed(tmp_path, *((str(n), "") for n in range(3))), str(tmp_path / "out"))


def test_what_is_no_zip_is_told(tmp_path):
    file = tmp_path / "made.zip"
    for content in (b"", b"PK\x03\x04 nothing more", b"words"):
        file.write_bytes(content)
        with pytest.raises(Failed, match="cannot be read"):
            packing.unpack(file, str(tmp_path / "out"))

import contextlib
import io
import os
import stat
import subprocess
import sys
import tarfile

import pytest

from towpath.app.backup import archive
from towpath.kernel.errors import InvalidInput, Unavailable

ABOUT = {
    "towpath": "0.1.0", "created": "2026-01-01T00:00:00+00:00", "store": "sqlite",
    "revisions": {"kernel": "0001"}, "versions": {}, "secrets": True,
}  # fmt: skip


def silent(_, __):
    pass


def write(path, **content):
    with archive.writing(path, silent) as (writer, _):
        writer.add_folder("data/empty")
        for name, text in content.items():
            writer.add_bytes(f"data/{name}", text.encode())
        writer.seal(**ABOUT)
    return path


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tgz"])
def test_what_was_added_comes_back_for_us_alone(tmp_path, name):
    path = write(tmp_path / name, log="line\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    manifest = archive.verify(path, silent)
    assert (manifest.towpath, manifest.revisions) == ("0.1.0", {"kernel": "0001"})
    archive.extract(path, manifest, tmp_path / "out", silent)
    assert (tmp_path / "out/data/log").read_text() == "line\n"
    assert stat.S_IMODE((tmp_path / "out/data/log").stat().st_mode) == 0o600
    assert (tmp_path / "out/data/empty").is_dir()
    assert {each.name for each in tmp_path.iterdir()} == {name, "out"}


def test_what_fails_half_way_leaves_the_earlier_backup_and_nothing_else(tmp_path):
    path = write(tmp_path / "a.tar", log="earlier")
    before = path.read_bytes()
    with contextlib.suppress(ZeroDivisionError), archive.writing(path, silent) as (writer, copy):
        copy.write_text("copy")
        writer.add_bytes("data/log", 1 // 0)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_killed_half_way_leaves_no_file_of_the_name_asked_for(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from towpath.app.backup import archive\n"
        "with archive.writing(Path(sys.argv[1]), lambda *_: None) as (writer, scratch):\n"
        "    writer.add_bytes('data/log', b'x' * 100_000)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "a.tar"
    environment = {**os.environ, "PYTHONPATH": "src"}
    subprocess.run([sys.executable, "-c", code, str(path)], env=environment, check=False)
    assert [each.name for each in tmp_path.iterdir()] == ["a.tar.partial"]
    with pytest.raises(InvalidInput, match="not a whole backup"):
        archive.verify(tmp_path / "a.tar.partial", silent)
    write(path, log="x")
    assert [each.name for each in tmp_path.iterdir()] == ["a.tar"]


def test_two_writers_of_one_file_do_not_mix(tmp_path):
    path = tmp_path / "a.tar"
    with (
        pytest.raises(Unavailable, match="Another backup"),
        archive.writing(path, silent),
        archive.writing(path, silent),
    ):
        pass


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    with (
        pytest.raises(Unavailable, match="could not be written"),
        archive.writing(tmp_path / "no" / "a.tar", silent),
    ):
        pass


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_a_file_cut_short_or_with_one_wrong_byte_is_refused(tmp_path, name):
    whole = write(tmp_path / name, log="a line of a log\n" * 400).read_bytes()
    bad = tmp_path / f"bad-{name}"
    step = len(whole) // 23
    for end in range(0, len(whole) - 1024, step):
        bad.write_bytes(whole[:end])
        with pytest.raises(InvalidInput, match="not a whole backup"):
            archive.verify(bad, silent)
    true, refused = archive.verify(tmp_path / name, silent), 0
    flips = range(12, len(whole), step // 2)
    for at in flips:
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            assert archive.verify(bad, silent) == true  # a byte of the packing, not of the content
        except InvalidInput:
            refused += 1
    assert refused > len(flips) / 2


def forged(path, *infos):
    with tarfile.open(path, "w") as tar:
        for info in infos:
            info.size = 1 if info.isreg() else 0
            tar.addfile(info, io.BytesIO(b"x"))
    return path


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "data/../../evil", "data/..", "data\\..\\evil"]
)
def test_a_name_that_leads_out_is_refused_before_anything_is_written(tmp_path, name):
    path = forged(tmp_path / "a.tar", tarfile.TarInfo(name))
    with pytest.raises(InvalidInput, match="leads out of the target"):
        archive.verify(path, silent)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_links_devices_and_pipes_are_refused(tmp_path, kind):
    info = tarfile.TarInfo("data/evil")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(InvalidInput, match="not a plain file"):
        archive.verify(forged(tmp_path / "a.tar", info), silent)


def test_a_folder_of_the_manifest_that_leads_out_is_refused(tmp_path):
    path = tmp_path / "a.tar"
    with archive.writing(path, silent) as (writer, _):
        writer.add_folder("../evil")
        writer.seal(**ABOUT)
    manifest = archive.verify(path, silent)
    with pytest.raises(InvalidInput, match="leads out"):
        archive.extract(path, manifest, tmp_path / "out", silent)
    assert not (tmp_path / "evil").exists()


def test_the_same_name_twice_and_members_after_the_seal_are_refused(tmp_path):
    twice = forged(tmp_path / "a.tar", tarfile.TarInfo("data/x"), tarfile.TarInfo("data/x"))
    with pytest.raises(InvalidInput, match="one member too many"):
        archive.verify(twice, silent)
    after = write(tmp_path / "b.tar", log="x")
    with tarfile.open(after, "a") as tar:
        tar.addfile(tarfile.TarInfo("data/late"))
    with pytest.raises(InvalidInput, match="one member too many"):
        archive.verify(after, silent)


def test_a_manifest_of_another_format_names_the_release_to_use(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "FORMAT", 2)
    path = tmp_path / "a.tar"
    with archive.writing(path, silent) as (writer, _):
        writer.seal(**{**ABOUT, "towpath": "9.1"})
    monkeypatch.setattr(archive, "FORMAT", 1)
    with pytest.raises(InvalidInput) as refused:
        archive.verify(path, silent)
    assert "Towpath 9.1 or newer" in refused.value.next_step


def test_what_is_not_a_backup_at_all_is_said_in_words(tmp_path):
    (tmp_path / "text").write_text("hello")
    for path in (tmp_path / "text", tmp_path / "missing", tmp_path):
        with pytest.raises(InvalidInput, match="not a whole backup"):
            archive.verify(path, silent)

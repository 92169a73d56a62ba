"""upload-artifact and download-artifact, input by input."""

import io
import zipfile

import pytest

from towpath.pipelines.remote.aboard import artifacts
from towpath.pipelines.remote.aboard.speaking import Failed


def names(deck, artifact="artifact"):
    with zipfile.ZipFile(io.BytesIO(deck.storage.blobs[artifact])) as packed:
        return sorted(packed.namelist())


def leave(deck, **inputs):
    deck.give(**inputs)
    artifacts.upload()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("out", ["a.txt", "deep/b.txt"]),
        ("out/a.txt", ["a.txt"]),
        ("out/**/*.txt", ["a.txt", "deep/b.txt"]),
        ("out/*", ["a.txt", "deep/b.txt"]),
        ("out/a.txt\nother/c.txt", ["other/c.txt", "out/a.txt"]),
        ("out\n!out/deep", ["a.txt"]),
    ],
)
def test_files_are_named_below_what_their_paths_have_in_common(deck, path, expected):
    deck.put(**{"out/a.txt": "a", "out/deep/b.txt": "b", "other/c.txt": "c", "out/.env": "x"})
    leave(deck, path=path)
    assert names(deck) == expected
    said = deck.said()
    assert said["artifact-id"] == "1"
    assert len(said["artifact-digest"]) == 64
    assert said["artifact-url"].endswith("/runs/run_1/artifacts/1")


def test_hidden_files_come_along_only_when_asked_for(deck):
    deck.put(**{"out/a": "", "out/.env": "", "out/.git/config": ""})
    leave(deck, path="out", name="plain")
    assert names(deck, "plain") == ["a"]
    leave(deck, path="out", name="all", include_hidden_files="true")
    assert names(deck, "all") == [".env", ".git/config", "a"]


def test_finding_nothing_warns_fails_or_says_so(deck, capsys):
    leave(deck, path="none")
    assert capsys.readouterr().out.startswith("::warning::No file matches none.")
    leave(deck, path="none", if_no_files_found="ignore")
    assert "::warning::" not in capsys.readouterr().out
    for wish, told in (("error", "No file matches"), ("shout", "must be warn, error or ignore")):
        with pytest.raises(Failed, match=told):
            leave(deck, path="none", if_no_files_found=wish)
    assert deck.storage.asked == []


def test_a_name_that_is_there_is_refused_or_replaced(deck):
    deck.put(**{"out/a": "1"})
    leave(deck, path="out")
    with pytest.raises(Failed, match="already there"):
        leave(deck, path="out")
    leave(deck, path="out", overwrite="true")
    assert [method for method, _ in deck.storage.asked].count("DeleteArtifact") == 1


def test_compression_and_days_are_passed_on(deck):
    deck.put(**{"out/a": "a" * 10_000})
    leave(deck, path="out", name="stored", compression_level="0")
    leave(deck, path="out", name="packed", compression_level="9", retention_days="3")
    blobs = deck.storage.blobs
    assert len(blobs["stored"]) > 10_000
    assert len(blobs["packed"]) < 1000
    wishes = [body for method, body in deck.storage.asked if method == "CreateArtifact"]
    assert ["expires_at" in each for each in wishes] == [False, True]
    with pytest.raises(Failed, match="between 0 and 9"):
        leave(deck, path="out", compression_level="11")


def test_one_file_may_go_as_it_is(deck):
    deck.put(**{"out/a.bin": "bytes", "out/b": ""})
    leave(deck, path="out/a.bin", archive="false")
    assert deck.storage.blobs["a.bin"] == b"bytes"
    with pytest.raises(Failed, match="one file"):
        leave(deck, path="out", archive="false")


def fetched(deck):
    below = deck.here / "in"
    return sorted(str(path.relative_to(below)) for path in below.rglob("*") if path.is_file())


@pytest.fixture
def three(deck):
    for name in ("linux-a", "linux-b", "mac"):
        deck.put(**{f"{name}/{name}.txt": name})
        leave(deck, path=name, name=name)
    deck.give(name="", path="in")
    return deck


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"name": "mac"}, ["mac.txt"]),
        ({}, ["linux-a/linux-a.txt", "linux-b/linux-b.txt", "mac/mac.txt"]),
        ({"pattern": "linux-*"}, ["linux-a/linux-a.txt", "linux-b/linux-b.txt"]),
        ({"pattern": "linux-*", "merge_multiple": "true"}, ["linux-a.txt", "linux-b.txt"]),
        ({"pattern": "none-*"}, []),
        ({"artifact_ids": "3"}, ["mac.txt"]),
        ({"artifact_ids": "1, 3"}, ["linux-a/linux-a.txt", "mac/mac.txt"]),
    ],
)
def test_artifacts_are_chosen_and_placed(three, inputs, expected):
    three.give(**inputs)
    artifacts.download()
    assert fetched(three) == expected
    assert three.said()["download-path"] == str(three.here / "in")


def test_what_is_not_there_is_told_in_the_servers_words(three):
    for inputs, told in (
        ({"name": "gone"}, "gone expired at noon"),
        ({"name": "", "artifact_ids": "9"}, "Of the artifacts 9 this run has 0"),
        ({"name": "mac", "artifact_ids": "3"}, "not both"),
        ({"run_id": "run_2"}, "other runs"),
    ):
        three.give(**inputs)
        with pytest.raises(Failed, match=told):
            artifacts.download()


def test_bytes_of_another_digest_are_an_error_unless_told_otherwise(three, capsys):
    three.storage.artifacts["mac"]["digest"] = "sha256:" + "0" * 64
    three.give(name="mac")
    with pytest.raises(Failed, match="digest"):
        artifacts.download()
    three.give(digest_mismatch="warn")
    artifacts.download()
    assert "::warning::" in capsys.readouterr().out


def test_what_is_no_zip_is_kept_as_it_is(deck):
    deck.put(**{"out/a.bin": "bytes"})
    leave(deck, path="out/a.bin", archive="false")
    deck.storage.artifacts["a.bin"]["raw"] = True
    deck.give(name="a.bin", path="in")
    artifacts.download()
    assert (deck.here / "in" / "a.bin").read_text() == "bytes"


def test_a_path_may_begin_at_home(three):
    three.give(name="mac", path="~/got")
    artifacts.download()
    assert (three.home / "got" / "mac.txt").read_text() == "mac"

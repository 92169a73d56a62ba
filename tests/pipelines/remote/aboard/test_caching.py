"""cache, cache/restore and cache/save, input by input."""

import hashlib
import io
import shutil
import tarfile

import pytest

from towpath.pipelines.remote.aboard import caching
from towpath.pipelines.remote.aboard.speaking import Failed


@pytest.fixture
def kept(deck):
    deck.put(**{"modules/a/index": "1", "modules/b": "2"})
    deck.give(path="modules", key="npm-1")
    caching.save()
    shutil.rmtree(deck.here / "modules")
    return deck


def test_what_is_kept_comes_back(kept):
    caching.restore()
    assert (kept.here / "modules" / "a" / "index").read_text() == "1"
    assert kept.said()["cache-hit"] == "true"
    assert kept.said()["cache-primary-key"] == kept.said()["cache-matched-key"] == "npm-1"


def test_a_key_that_only_begins_alike_is_no_hit(kept):
    kept.give(key="npm-2", restore_keys="yarn-\nnpm-")
    caching.restore()
    assert (kept.here / "modules" / "b").exists()
    assert kept.said()["cache-hit"] == "false"


def test_a_look_alone_brings_nothing(kept):
    kept.give(lookup_only="true")
    caching.restore()
    assert kept.said()["cache-hit"] == "true"
    assert not (kept.here / "modules").exists()


def test_nothing_found_says_so_or_fails(kept, capsys):
    kept.give(key="cargo")
    caching.restore()
    assert kept.said()["cache-hit"] == ""
    assert "Nothing is cached for cargo" in capsys.readouterr().out
    kept.give(fail_on_cache_miss="true")
    with pytest.raises(Failed, match="Nothing is cached"):
        caching.restore()


def test_other_paths_are_another_cache(kept):
    kept.give(path="elsewhere")
    caching.restore()
    assert kept.said()["cache-hit"] == ""


def test_the_end_of_a_job_keeps_what_was_not_found(deck, capsys):
    deck.give(path="modules", key="npm-1")
    caching.restore()
    deck.put(**{"modules/a": "1"})
    deck.set("STATE_CACHE_KEY", deck.said("GITHUB_STATE")["CACHE_KEY"])
    caching.save_at_end()
    assert list(deck.storage.caches) == ["npm-1"]
    caching.restore()
    deck.set("STATE_CACHE_RESULT", deck.said("GITHUB_STATE")["CACHE_RESULT"])
    caching.save_at_end()
    assert "already" in capsys.readouterr().out


def test_the_end_of_a_job_does_not_fail_over_a_cache(deck, capsys):
    deck.give(path="none", key="k")
    deck.set("STATE_CACHE_KEY", "k")
    caching.save_at_end()
    assert "::warning::Nothing was cached: None of none is there." in capsys.readouterr().out


def test_what_is_kept_already_is_only_told(kept, capsys):
    kept.put(**{"modules/a": "other"})
    caching.save()
    assert "::warning::kept already" in capsys.readouterr().out


def test_archive_and_version_are_those_of_githubs_client(deck):
    deck.put(**{"modules/a": "1"})
    (deck.home / "tools").mkdir()
    deck.give(path="modules\n~/tools", key="k")
    caching.save()
    expected = hashlib.sha256(b"modules|~/tools|gzip|1.0").hexdigest()
    assert deck.storage.caches == {"k": expected}
    with tarfile.open(fileobj=io.BytesIO(deck.storage.blobs["k"])) as archive:
        assert archive.getnames() == ["../home/tools", "modules", "modules/a"]


def test_an_archive_that_is_damaged_is_told(kept):
    kept.storage.blobs["npm-1"] = b"no tar at all"
    with pytest.raises(Failed, match="tar ended with exit code"):
        caching.restore()


def test_paths_may_be_patterns(deck):
    deck.put(**{"a.cache": "1", "b.cache": "2", "c.txt": "3"})
    deck.give(path="*.cache\n!b.cache", key="k")
    caching.save()
    with tarfile.open(fileobj=io.BytesIO(deck.storage.blobs["k"])) as archive:
        assert archive.getnames() == ["a.cache"]

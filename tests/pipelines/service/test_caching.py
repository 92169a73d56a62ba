"""Caches: who reads what, who writes where, and what goes when there is no room."""

from dataclasses import replace

import pytest

from tests.pipelines.leaving import ONE, leaver
from towpath.pipelines import service
from towpath.pipelines.store import caches

REQUEST = ONE.replace("on: push", "on: [push, pull_request]")


@pytest.fixture
def canal(make_kernel, store, canal_of):
    return canal_of(make_kernel(store))


def on(canal, branch: str, key: str, **payload):
    """A job of a run on a branch."""
    sha = canal.commit(branch, **{".towpath/workflows/ci.yml": REQUEST})
    event = "pull_request" if payload else "push"
    canal.kernel.db.write(
        lambda tx: service.trigger(
            tx, canal.repository.id, sha, f"refs/heads/{branch}", event, key=key, payload=payload
        )
    )
    canal.work()
    from tests.pipelines.leaving import next_leaver

    return next_leaver(canal)


def test_a_branch_reads_its_own_and_the_default_branchs_and_writes_its_own(canal):
    main, work, other = (on(canal, name, name) for name in ("main", "work", "other"))
    main.keep("deps-main")
    work.keep("deps-work")
    assert work.find("deps-work", "deps-main") == "deps-work"
    assert work.find("deps-main") == "deps-main"
    assert other.find("deps-main") == "deps-main"
    assert other.find("deps-work") == ""
    assert main.find("deps-work") == ""


def test_a_merge_request_reads_what_its_target_keeps(canal):
    on(canal, "next", "next").keep("deps")
    asked = on(canal, "work", "mr", source="refs/heads/work", target="refs/heads/next")
    assert asked.find("deps") == "deps"
    assert on(canal, "apart", "apart").find("deps") == ""


def test_what_a_fork_keeps_reaches_nobody_else(canal):
    fork = on(canal, "main", "fork", source="refs/heads/main", target="refs/heads/main", fork=True)
    main = on(canal, "main", "main")
    fork.keep("deps", b"poison")
    assert main.find("deps") == ""
    assert main.keep("deps", b"good")["ok"]
    assert fork.find("deps") == "deps"
    later = on(canal, "work", "work")
    assert later.find("deps") == "deps"
    found = later.call("CacheService/GetCacheEntryDownloadURL", key="deps", version="v")
    assert later.client.get(found["signed_download_url"]).content == b"good"


def test_what_was_used_longest_ago_makes_room(canal):
    settings = replace(canal.kernel.settings, cache_bytes=25)
    canal = replace(canal, kernel=replace(canal.kernel, settings=settings))
    boat = leaver(canal)
    for key in ("a", "b"):
        boat.keep(key, b"x" * 10)
    canal.kernel.clock.advance(60) if hasattr(canal.kernel.clock, "advance") else None
    assert boat.find("a") == "a"
    boat.keep("c", b"x" * 10)
    assert [boat.find(key) for key in ("a", "b", "c")] == ["a", "", "c"]
    wish = {"key": "d", "version": "v"}
    boat.call("CacheService/CreateCacheEntry", **wish)
    answer = boat.ask("CacheService/FinalizeCacheEntryUpload", size_bytes="26", **wish)
    assert answer.status_code == 422
    assert "25 bytes" in answer.json()["msg"]


def test_an_entry_that_its_job_never_finished_is_begun_anew(canal):
    lost = leaver(canal)
    lost.call("CacheService/CreateCacheEntry", key="k", version="v")
    other = leaver(canal, key="k2")
    assert other.keep("k")["ok"] is False
    canal.finish(lost.taken)
    assert other.keep("k")["ok"]
    repository = canal.repository.id
    kept = canal.kernel.db.read(lambda tx: caches.of_repository(tx, repository))
    assert [each.job for each in kept] == [other.taken.job]

"""What becomes of bytes over time: expired, given up, swept, backed up."""

import os

import pytest

from tests.pipelines.leaving import block_id, leaver
from towpath.kernel.errors import Unavailable
from towpath.pipelines import service
from towpath.pipelines.clients.results import blobs
from towpath.pipelines.plugin import PLUGIN

DAY = 86_400


@pytest.fixture
def boat(canal):
    return leaver(canal)


def files(canal):
    return [path for path in (canal.kernel.data / "results").rglob("*") if path.is_file()]


def age(canal):
    for path in files(canal):
        os.utime(path, (1, 1))


def test_an_artifact_expires_and_says_when(canal, boat, clock):
    boat.leave(expires_at="2023-11-15T00:00:00Z")
    clock.advance(DAY)
    answer = boat.ask("ArtifactService/GetSignedArtifactURL", name="boat")
    assert answer.status_code == 410
    assert "expired at 2023-11-15 00:00 UTC" in answer.json()["msg"]
    age(canal)
    assert service.sweep(canal.kernel) == 1
    assert files(canal) == []
    assert boat.ask("ArtifactService/GetSignedArtifactURL", name="boat").status_code == 410


def test_what_two_uploads_have_in_common_stays_while_one_needs_it(canal, boat):
    boat.leave(b"same", name="a")
    boat.leave(b"same", name="b")
    assert len(files(canal)) == 1
    boat.call("ArtifactService/DeleteArtifact", name="a")
    age(canal)
    assert service.sweep(canal.kernel) == 0
    assert boat.client.get(boat.address("b")).content == b"same"


def test_an_upload_that_belongs_to_nothing_is_given_up_after_a_day(canal, boat, clock):
    url = boat.begin()
    boat.put(url, b"oak", comp="block", blockid=block_id(1))
    boat.call("ArtifactService/CreateArtifact", name="boat")  # begins again
    assert boat.put(url, b"tar").status_code == 403
    age(canal)
    clock.advance(2 * DAY)
    assert service.sweep(canal.kernel) == 1


def test_an_entry_of_a_cache_that_never_became_whole_is_given_up_after_a_day(canal, boat, clock):
    boat.keep("whole", b"tar")
    made = boat.call("CacheService/CreateCacheEntry", key="begun", version="v")
    boat.put(made["signed_upload_url"], b"oak")
    age(canal)
    assert service.sweep(canal.kernel) == 0, "its job may still be sending it"
    clock.advance(2 * DAY)
    assert service.sweep(canal.kernel) == 1
    assert boat.find("whole") == "whole"


def test_bytes_that_a_sweep_took_meanwhile_are_not_acknowledged(boat, monkeypatch):
    monkeypatch.setattr(blobs, "is_there", lambda *_: False)
    answer = boat.put(boat.begin(), b"oak")
    assert answer.status_code == Unavailable.status


def test_a_backup_holds_artifacts_and_leaves_caches_out(canal, boat):
    boat.leave(b"oak")
    boat.keep("key", b"modules")
    kernel = canal.kernel
    kept = kernel.db.read(lambda tx: list(PLUGIN.kept(kernel.data, tx)))
    found = [each.source.read_bytes() for each in kept if each.name.startswith("results/")]
    assert found == [b"oak"]


def test_a_run_that_is_forgotten_takes_its_artifacts_along(canal, boat, clock):
    boat.leave()
    canal.finish(boat.taken)
    clock.advance(40 * DAY)
    now = canal.kernel.db.read(lambda tx: tx.now)
    service.forget(canal.kernel, now)
    age(canal)
    service.sweep(canal.kernel)
    assert files(canal) == []

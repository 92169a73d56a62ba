"""Rows of caches."""

from dataclasses import replace

import pytest

from tests.pipelines.model.test_results import MAIN, entry
from towpath.pipelines.store import caches, uploads


@pytest.fixture
def db(make_kernel, store):
    return make_kernel(store).db


def test_entries_are_found_by_the_beginning_of_a_key_as_it_is_written(db):
    def add(tx):
        for number, key in enumerate(("a%b", "axb", "a_b", "A%b"), 1):
            upload = uploads.begin(tx).id
            caches.add(tx, replace(entry(number, key), upload=upload))

    db.write(add)

    def found(*keys):
        kept = db.read(lambda tx: caches.answering(tx, "r", (MAIN,), "v", keys))
        return [each.key for each in kept]

    assert found("a%") == ["a%b"]
    assert found("a_", "ax") == ["a_b", "axb"]
    assert found("b") == []
    assert db.read(lambda tx: caches.of_repository(tx, "r", MAIN, "A"))[0].key == "A%b"
    assert db.read(lambda tx: caches.of_repository(tx, "r", "refs/heads/other")) == []


def test_what_is_of_use_is_remembered_and_what_goes_takes_its_upload_along(db):
    def add(tx):
        caches.add(tx, replace(entry(1, "key"), upload=uploads.begin(tx).id, whole=False))
        return caches.at(tx, "r", MAIN, "key", "v")

    made = db.write(add)
    assert db.read(lambda tx: caches.answering(tx, "r", (MAIN,), "v", ("key",))) == []
    assert db.read(lambda tx: caches.unfinished(tx, made.created, 9)) == []
    assert db.read(lambda tx: caches.unfinished(tx, made.created + 1, 9)) == [made]
    db.write(lambda tx: caches.make_whole(tx, 1, size=7))
    db.write(lambda tx: caches.use(tx, made))
    (found,) = db.read(lambda tx: caches.of_repository(tx, "r"))
    assert found.size == 7
    assert found.used == db.read(lambda tx: tx.now) or found.used > made.used
    assert db.read(lambda tx: caches.unfinished(tx, found.used + 1, 9)) == []
    db.write(lambda tx: caches.remove(tx, [found]))
    assert db.read(lambda tx: caches.at(tx, "r", MAIN, "key", "v")) is None
    assert db.read(lambda tx: uploads.abandoned(tx, found.used + 1)) == []

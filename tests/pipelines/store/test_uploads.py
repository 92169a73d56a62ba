"""Uploads and blocks, on both stores."""

import pytest

from towpath.kernel.errors import Conflict, NotFound
from towpath.pipelines.model.results import Block
from towpath.pipelines.store import uploads


@pytest.fixture
def db(make_kernel, store):
    return make_kernel(store).db


def block(upload, name, digit="a", size=1):
    return Block(upload=upload.id, name=name, digest=digit * 64, size=size)


def test_blocks_are_counted_replaced_and_placed(db):
    made = db.write(uploads.begin)
    for name, size in (("a", 1), ("b", 2), ("a", 4)):
        db.write(lambda tx: uploads.put_block(tx, block(made, name, size=size)))  # noqa: B023 - runs at once
    assert db.read(lambda tx: uploads.grown(tx, made.id, "")) == (6, 2)
    assert db.read(lambda tx: uploads.grown(tx, made.id, "a")) == (2, 1)
    ordered = [block(made, name) for name in ("b", "a", "b")]
    db.write(lambda tx: uploads.place_blocks(tx, made.id, ordered))
    found = db.read(lambda tx: uploads.blocks(tx, made.id))
    assert [(each.name, each.place) for each in found] == [("b", 0), ("a", 1), ("b#2", 2)]


def test_what_is_whole_does_not_open_again(db):
    made = db.write(uploads.begin)
    assert db.write(lambda tx: uploads.make_whole(tx, made.id, 3, "a" * 64))
    assert not db.write(lambda tx: uploads.make_whole(tx, made.id, 4, "b" * 64))
    with pytest.raises(Conflict):
        db.read(lambda tx: uploads.open_upload(tx, made.id))
    assert db.read(lambda tx: uploads.upload(tx, made.id)).size == 3


def test_forgetting_lets_go_of_bytes_that_nobody_else_has(db):
    one, two = db.write(uploads.begin), db.write(uploads.begin)
    for made, digit in ((one, "a"), (one, "b"), (two, "b")):
        db.write(lambda tx: uploads.put_block(tx, block(made, digit, digit)))  # noqa: B023 - runs at once
    db.write(lambda tx: uploads.forget(tx, [one.id]))
    asked = ["a" * 64, "b" * 64]
    assert db.read(lambda tx: uploads.wanted(tx, asked)) == {"b" * 64}
    with pytest.raises(NotFound, match="expired"):
        db.read(lambda tx: uploads.upload(tx, one.id))
    later = db.read(lambda tx: tx.now) + 1
    assert db.read(lambda tx: uploads.abandoned(tx, later)) == [two.id]
    assert db.read(lambda tx: uploads.abandoned(tx, 0)) == []

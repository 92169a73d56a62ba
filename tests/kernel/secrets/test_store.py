import pytest
from sqlalchemy.exc import IntegrityError

from towpath.kernel.secrets import store
from towpath.kernel.secrets.sealing import Place, Sealed

HOOK = Place("secret_1", "repository:1", "hook")


def put(db, place=HOOK, key="key_1", text="key_1:abc"):
    db.write(lambda tx: store.put(tx, place, Sealed(key, text)))


def row(db):
    return db.read(lambda tx: store.row(tx, "repository:1", "hook"))


def test_one_key_encrypts_at_a_time(db):
    for key in ("key_1", "key_2", "key_1"):
        db.write(lambda tx, key=key: store.use_key(tx, key))
        assert db.read(store.current_key) == key
    assert [encrypts for _, encrypts, _ in db.read(store.keys)] == [True, False]


def test_a_value_is_replaced_in_its_row(db):
    put(db)
    put(db, text="key_1:def")
    assert (row(db).place, row(db).sealed.text) == (HOOK, "key_1:def")


def test_a_name_is_used_once_by_an_owner(db):
    put(db)
    with pytest.raises(IntegrityError):
        put(db, Place("secret_2", "repository:1", "hook"))


def test_sealing_again_does_not_undo_what_was_set_meanwhile(db):
    put(db)
    seen = row(db)
    put(db, text="key_1:newer")
    db.write(lambda tx: store.seal_again(tx, seen, Sealed("key_2", "key_2:old")))
    assert row(db).sealed.text == "key_1:newer"


def test_rows_under_other_keys_are_found_in_batches_if_their_key_is_at_hand(db):
    for number, key in enumerate(["key_1", "key_2", "key_1", "key_lost"]):
        put(db, Place(f"secret_{number}", "site", f"n{number}"), key)

    def found(after):
        return [
            each.place.id
            for each in db.read(
                lambda tx: store.under_other_keys(tx, "key_2", ["key_1", "key_2"], after, 1)
            )
        ]

    assert (found(""), found("secret_0"), found("secret_2")) == (["secret_0"], ["secret_2"], [])
    assert db.read(store.counts) == {"key_1": 2, "key_2": 1, "key_lost": 1}
    assert [place.name for place in db.read(lambda tx: store.needing(tx, "key_1"))] == ["n0", "n2"]

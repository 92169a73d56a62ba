import json
import pickle
from dataclasses import replace

import pytest

from towpath.kernel.errors import PermanentError, Unavailable
from towpath.kernel.secrets import keys
from towpath.kernel.secrets.sealing import Hidden, Place, seal, unseal

PLACE = Place("secret_1", "repository:1", "hook")


@pytest.fixture
def ring(kernel):
    keys.add(keys.load(kernel))
    return keys.load(kernel)


def test_what_was_sealed_opens_at_its_place(ring):
    sealed = seal(ring, ring.newest, PLACE, "hünter2")
    assert sealed.text.startswith(f"{ring.newest}:")
    assert unseal(ring, sealed.text, PLACE).reveal() == "hünter2"


def test_the_same_value_never_looks_the_same_twice(ring):
    seen = {seal(ring, ring.newest, PLACE, "hunter2").text for _ in range(50)}
    assert len(seen) == 50


@pytest.mark.parametrize("moved", [{"id": "secret_2"}, {"owner": "site"}, {"name": "other"}])
def test_a_sealed_value_does_not_open_in_another_place(ring, moved):
    sealed = seal(ring, ring.newest, PLACE, "hunter2")
    with pytest.raises(PermanentError, match="was changed in the database"):
        unseal(ring, sealed.text, replace(PLACE, **moved))


def test_a_changed_byte_is_noticed(ring):
    text = seal(ring, ring.newest, PLACE, "hunter2").text
    flipped = text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:]
    with pytest.raises(PermanentError):
        unseal(ring, flipped, PLACE)
    with pytest.raises(PermanentError):
        unseal(ring, text[:-5], PLACE)


def test_a_key_that_is_not_at_hand_is_named_with_what_to_do(ring):
    sealed = seal(ring, ring.newest, PLACE, "hunter2")
    with pytest.raises(Unavailable, match=f"{ring.newest}.*Put that file back"):
        unseal(replace(ring, keys={}), sealed.text, PLACE)


def test_a_hidden_value_shows_itself_only_when_asked():
    hidden = Hidden("hunter2")
    assert "hunter2" not in f"{hidden} {hidden!r} {[hidden]}"
    assert not hasattr(hidden, "__dict__")
    for write in (pickle.dumps, json.dumps):
        with pytest.raises(TypeError):
            write(hidden)

"""Boxes that clients close and this server opens."""

from base64 import b64decode, b64encode

import pytest
from nacl.public import PublicKey, SealedBox

from towpath.forge import service
from towpath.kernel.errors import InvalidInput, NotFound
from towpath.kernel.secrets import service as secrets


@pytest.fixture
def sealing(kernel):
    secrets.prepare(kernel)
    return kernel


def sealed(key, value):
    return b64encode(SealedBox(PublicKey(b64decode(key.public))).encrypt(value)).decode()


def test_what_is_sealed_with_the_public_key_is_read_here_also_after_a_rotation(sealing):
    key = service.box_key(sealing)
    assert service.box_key(sealing) == key
    box = sealed(key, "hünter2".encode())
    secrets.rotate(sealing)
    assert service.open_box(sealing, key.id, box) == "hünter2"


def test_two_who_make_the_key_at_once_get_the_same(sealing, monkeypatch):
    names = secrets.names
    first = service.box_key(sealing)
    monkeypatch.setattr(secrets, "get", lost_once(secrets.get))
    assert service.box_key(sealing) == first
    assert len(sealing.db.read(lambda tx: names(tx, "forge:boxes"))) == 1


def lost_once(get):
    def found(*words):
        found.calls += 1
        if found.calls == 1:
            raise NotFound("not yet")
        return get(*words)

    found.calls = 0
    return found


@pytest.mark.parametrize("box", ["", "not base64!", "AAAA", b64encode(bytes(64)).decode()])
def test_what_cannot_be_opened_is_refused(sealing, box):
    with pytest.raises(InvalidInput, match="cannot be opened"):
        service.open_box(sealing, service.box_key(sealing).id, box)


def test_what_is_no_text_or_sealed_with_another_key_is_refused(sealing):
    key = service.box_key(sealing)
    with pytest.raises(InvalidInput, match="cannot be opened"):
        service.open_box(sealing, key.id, sealed(key, bytes([255])))
    with pytest.raises(InvalidInput, match="not in use"):
        service.open_box(sealing, "7", sealed(key, b"x"))

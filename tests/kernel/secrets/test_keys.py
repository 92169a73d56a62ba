import stat

import pytest

from towpath.kernel.errors import InvalidInput
from towpath.kernel.secrets import keys


def test_a_missing_file_is_a_ring_without_keys(kernel):
    ring = keys.load(kernel)
    assert (ring.path, dict(ring.keys), ring.newest) == (kernel.data / "secret.keys", {}, None)


def test_keys_are_added_last_and_read_back_by_nobody_else(kernel):
    first = keys.add(keys.load(kernel))
    second = keys.add(keys.load(kernel))
    ring = keys.load(kernel)
    assert list(ring.keys) == [first, second]
    assert ring.newest == second
    assert {len(raw) for raw in ring.keys.values()} == {32}
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600


def test_a_key_is_dropped_from_the_file(kernel):
    first = keys.add(keys.load(kernel))
    second = keys.add(keys.load(kernel))
    keys.drop(keys.load(kernel), first)
    assert list(keys.load(kernel).keys) == [second]


def test_a_ring_does_not_print_its_keys(kernel):
    keys.add(keys.load(kernel))
    ring = keys.load(kernel)
    raw = next(iter(ring.keys.values()))
    assert str(raw) not in repr(ring)
    assert "keys=" not in repr(ring)


@pytest.mark.parametrize("text", ["key_1", "key_1 !!!", "key_1 aGk=", "\xff", " aGk="])
def test_a_broken_file_says_what_a_whole_one_looks_like_but_not_what_it_holds(kernel, text):
    (kernel.data / "secret.keys").write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidInput, match="from your backup") as raised:
        keys.load(kernel)
    assert "aGk" not in str(raised.value)

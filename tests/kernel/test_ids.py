import re
import time

from towpath.kernel import ids


def test_an_id_is_its_prefix_and_26_characters_safe_anywhere():
    assert re.fullmatch(r"run_[0-9a-hjkmnp-tv-z]{26}", ids.new("run"))


def test_ids_differ_and_later_ones_sort_later():
    first = ids.new("run")
    time.sleep(0.002)
    second = ids.new("run")
    assert first < second
    assert len({ids.new("run") for _ in range(1000)}) == 1000


def test_an_id_sorts_by_time_even_across_the_digits(monkeypatch):
    moments = [2**47 - 1, 2**47, 0, 1]
    made = []
    for milliseconds in moments:
        monkeypatch.setattr(ids.time, "time_ns", lambda now=milliseconds: now * 1_000_000)
        made.append(ids.new("x"))
    assert sorted(made) == [made[2], made[3], made[0], made[1]]


def test_a_secret_has_256_random_bits_and_says_what_it_is_for():
    secret = ids.secret("tow")
    assert re.fullmatch(r"tow_[\w-]{43}", secret)
    assert secret != ids.secret("tow")

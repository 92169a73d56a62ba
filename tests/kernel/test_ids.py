import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from towpath.kernel import ids


def test_an_id_is_its_prefix_and_26_characters_safe_anywhere():
    assert re.fullmatch(r"run_[0-9a-hjkmnp-tv-z]{26}", ids.new("run"))


def test_ids_made_one_after_the_other_differ_and_sort_so_also_within_a_millisecond():
    made = [ids.new("run") for _ in range(5000)]
    assert made == sorted(set(made))


def test_threads_that_make_ids_at_once_never_get_the_same():
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new("run"), range(4000)))
    assert len(set(made)) == 4000


@pytest.mark.parametrize("moments", [[2**47 - 1, 2**47], [0, 1], [7, 7], [2**40, 3]])
def test_an_id_sorts_after_the_one_before_across_digits_and_when_the_clock_is_set_back(
    monkeypatch, moments
):
    monkeypatch.setattr(ids, "_numbers", ids._Numbers())
    made = []
    for milliseconds in moments:
        monkeypatch.setattr(ids.time, "time_ns", lambda now=milliseconds: now * 1_000_000)
        made.append(ids.new("x"))
    assert made[0] < made[1]


def test_a_secret_has_256_random_bits_and_says_what_it_is_for():
    secret = ids.secret("tow")
    assert re.fullmatch(r"tow_[\w-]{43}", secret)
    assert secret != ids.secret("tow")

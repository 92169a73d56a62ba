import re

from towpath.kernel import ids


def test_an_id_names_what_it_is_of_and_is_safe_in_a_path():
    assert re.fullmatch(r"run_[0-9a-hjkmnp-tv-z]{26}", ids.new("run"))


def test_ids_made_later_sort_later(monkeypatch):
    moments = iter(range(1_700_000_000_000, 1_700_000_000_050))
    monkeypatch.setattr(ids.time, "time_ns", lambda: next(moments) * 1_000_000)
    made = [ids.new("run") for _ in range(50)]
    assert made == sorted(made)


def test_ids_of_one_millisecond_differ(monkeypatch):
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_700_000_000_000_000_000)
    assert len({ids.new("run") for _ in range(1000)}) == 1000


def test_a_secret_cannot_be_guessed_and_says_what_it_is():
    first, second = ids.secret("tow"), ids.secret("tow")
    assert first != second
    assert first.startswith("tow_")
    assert len(first) >= 4 + 43  # 256 bits in base 64

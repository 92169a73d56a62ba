import pytest

from towpath.kernel.clock import SECOND
from towpath.kernel.pages import words

NOW = 1_700_000_000 * SECOND


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (86_400 * 2, "2 days ago"),
        (86_400 * 45, "1 month ago"),
        (86_400 * 800, "2 years ago"),
        (-30, "in a moment"),
        (-3600, "in 1 hour"),
    ],
)
def test_times_are_told_relative_to_now(seconds, said):
    assert words.ago(NOW - seconds * SECOND, NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "unknown"),
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (12.4, "12 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3600 * 2 + 240, "2 h 4 min"),
    ],
)
def test_lengths_of_time_carry_their_units(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (12_300, "12.3 kB"), (4_000_000, "4.0 MB")]
)
def test_sizes_carry_their_units(count, said):
    assert words.size(count) == said


def test_instants_are_written_for_people_and_for_machines():
    assert words.instant(NOW) == "2023-11-14 22:13:20 UTC"
    assert words.iso(NOW) == "2023-11-14T22:13:20Z"


def test_counts_agree_with_their_noun():
    assert [words.plural(n, "run") for n in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
    assert words.plural(2, "entry", "entries") == "2 entries"

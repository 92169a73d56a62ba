import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_markdown_becomes_html():
    html = words.markdown("**bold** `code`\n\n- one\n\n| a |\n|---|\n| b |\n\n[x](https://x.test)")
    assert "<strong>bold</strong>" in html
    assert "<li>one</li>" in html
    assert "<td>b</td>" in html
    assert 'rel="nofollow noopener noreferrer"' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](https://tracker.test/pixel)",
        "<a href='https://x.test' onclick='alert(1)'>x</a>",
        "<style>*{display:none}</style>",
        "[x](data:text/html;base64,xx)",
    ],
)
def test_nothing_from_strangers_runs_tracks_or_restyles(text):
    html = words.markdown(text)
    assert not any(
        bad in html for bad in ("<script", "<img", "<style", 'href="javascript', 'href="data')
    )
    assert "<a href='" not in html


@given(st.text(st.sampled_from("<>&\"'`*_[]()!#-|\n aj:/"), max_size=60))
def test_no_text_makes_a_tag_that_is_not_on_the_list(text):
    import re

    allowed = words._MARKDOWN_TAGS
    assert set(re.findall(r"</?([a-z0-9]+)", words.markdown(text))) <= allowed

"""Terminal output to HTML that cannot do harm."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.formats.ansi import Look, line_html, plain


def shown(text):
    return line_html(text)[0]


BOLD_THEN_NOT = '<span class="fg-green bold">a</span><span class="fg-green">b</span>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", '<span class="fg-red">red</span>'),
        ("\x1b[1;32ma\x1b[22mb", BOLD_THEN_NOT),
        ("\x1b[97;41mx", '<span class="fg-bright-white bg-red">x</span>'),
        ("\x1b[38;5;196mx", '<span class="fg-bright-red">x</span>'),
        ("\x1b[38;2;0;0;255mx", '<span class="fg-bright-blue">x</span>'),
        ("\x1b[48;5;2mx\x1b[49my", '<span class="bg-green">x</span>y'),
        ("\x1b[2K\x1b[1Gx\x1b[?25l", "x"),
        ("\x1b]8;;http://evil\x07link\x1b]8;;\x07", "link"),
        ("10%\r50%\r100%", "100%"),
        ("end\r", "end"),
        ("<script>&\"'", "&lt;script&gt;&amp;&quot;&#x27;"),
        ("a\x00\x07\x1bb", "ab"),
        ("x\u202ey", "x⟨U+202E⟩y"),
        ("\x1b[38mx", "x"),
        ("\x1b[999999999999mx", "x"),
    ],
)  # fmt: skip
def test_what_a_terminal_would_show(text, expected):
    assert shown(text) == expected


def test_a_look_goes_on_to_the_next_line():
    _, look = line_html("\x1b[31mone")
    assert look == Look(front="red")
    assert line_html("two", look)[0] == '<span class="fg-red">two</span>'


def test_without_colours_the_text_is_left():
    assert plain("\x1b[1mbold\x1b[0m") == "bold"


PIECES = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(["\x1b[31m", "\x1b[0m", "\x1b[38;5;", "\x1b]", "\x1b[", "<b>", '"', "\r"]),
        st.integers(0, 300).map(lambda n: f"\x1b[{n}m"),
    )
)


@given(PIECES)
def test_nothing_but_spans_with_our_classes_ever_comes_out(pieces):
    text = shown("".join(pieces))
    rest = re.sub(r'<span class="[a-z -]+">|</span>', "", text)
    assert "<" not in rest
    assert '"' not in rest
    assert text.count("<span") == text.count("</span>")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", html.unescape(rest))

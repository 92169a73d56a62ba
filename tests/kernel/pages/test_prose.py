"""Markdown: what it can do, what it may not, and that it costs little whatever it says."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.kernel.pages import prose
from towpath.kernel.pages.prose import Around, Prose, markdown

MOST_CPU_SECONDS = 10  # each takes about one at most; a slow machine may be slow


def around(words=(), images=("p.png",)):
    return Around(
        word={word: f"/there/{word.lstrip('#@')}" for word in words}.get,
        link=lambda address: f"/files/{address}" if ".." not in address else None,
        image=lambda address: f"/raw/{address}" if address in images else None,
    )


def test_markdown_becomes_html():
    html = markdown("**bold** `code`\n\n- one\n\n| a |\n|---|\n| b |\n\n[x](https://x.test)")
    assert "<strong>bold</strong>" in html
    assert "<li>one</li>" in html
    assert "<td>b</td>" in html
    assert 'rel="nofollow noopener noreferrer"' in html


def test_a_list_of_tasks_has_boxes():
    html = markdown("- [ ] open\n- [x] done\n- [y] else\n\n[ ] no item")
    assert "<li>☐ open</li>" in html
    assert "<li>☑ done</li>" in html
    assert "<li>[y] else</li>" in html
    assert "<p>[ ] no item</p>" in html


def test_headings_are_smaller_than_the_page_s_and_can_be_led_to():
    html = markdown("# How to use it\n\n## How to use it\n\n[up](#how-to-use-it)")
    assert '<h2 id="text-how-to-use-it">' in html
    assert '<h3 id="text-how-to-use-it-1">' in html
    assert 'href="#text-how-to-use-it"' in html


def test_only_words_that_are_known_become_links():
    text = "See #1, #2 and (@bob) or abcdef1; x#1 a@bob /#1 #1x `#1` [#1](https://x.test)"
    html = Prose(around(["#1", "@bob"]))(text)
    assert re.findall(r'href="(/there/[^"]*)"', html) == ["/there/1", "/there/bob"]
    assert list(prose.words_in(text))[:4] == ["#1", "#2", "@bob", "abcdef1"]


def test_a_word_without_a_place_of_its_own_stands_out():
    assert "<strong>@bob</strong>" in Prose(Around(word=lambda _: ""))("Thanks, @bob!")


def test_addresses_become_links_without_the_full_stop():
    html = markdown("Read https://x.test/a?b=c#d. <https://y.test> (https://z.test)")
    found = re.findall(r'href="([^"]*)"', html)
    assert found == ["https://x.test/a?b=c#d", "https://y.test", "https://z.test"]


def test_relative_links_and_pictures_lead_to_where_the_part_says():
    html = Prose(around())("[a](b/c.md) [up](../../x) ![see](p.png) ![no](q.png)")
    assert 'href="/files/b/c.md"' in html
    assert "<a rel" in html
    assert '<img src="/raw/p.png" alt="see">' in html
    assert "no</p>" in html


def test_a_picture_from_elsewhere_is_only_a_link():
    html = markdown(
        "![x](https://tracker.test/pixel) [![badge](https://b.test/i)](https://c.test)"
    )
    assert "<img" not in html
    assert re.findall(r'href="([^"]*)"', html) == ["https://tracker.test/pixel", "https://c.test"]


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](vbscript:x)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](https://tracker.test/pixel)",
    "![x](//tracker.test/pixel)",
    "![x](\\\\tracker.test/pixel)",
    "[x](data:text/html;base64,xx)",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://x.test "onmouseover=alert(1) \\"><script>")',
    '![" onerror="alert(1)](p.png)',
    "<a href='https://x.test' onclick='alert(1)'>x</a>",
    "<style>*{display:none}</style>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=x'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "`<img src=x onerror=alert(1)>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    '# " onmouseover="alert(1)',
    "# <script>\n\n[x](#<script>)",
    "| <script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "- [x] <script>alert(1)</script>",
    "https://x.test/<script>alert(1)</script>",
    'https://x.test/"onmouseover="alert(1)',
    "\u202e[x](https://x.test)\x00<script>",
]
LED = re.compile(r"(https?:)?//|mailto:|/\w|#text-")
_TAG = re.compile(r"<(/?)([a-z0-9]+)((?: [a-z-]+=\"[^\"<>]*\")*)>")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_from_strangers_runs_tracks_or_restyles(text):
    html = Prose(around())(text)
    assert _TAG.sub("", html).count("<") == 0, "only whole, plain tags"
    for _, tag, told in _TAG.findall(html):
        assert tag in prose._TAGS
        for name, value in re.findall(r'([a-z-]+)="([^"]*)"', told):
            assert name in {"href", "title", "class", "src", "alt", "id", "rel", "start"}
            assert name not in {"href", "src"} or LED.match(value)
            assert name != "src" or value.startswith("/raw/")


@given(st.text(st.sampled_from("<>&\"'`*_[]()!#-|\n aj:/x@1"), max_size=60))
def test_no_text_makes_a_tag_that_is_not_on_the_list(text):
    assert set(re.findall(r"</?([a-z0-9]+)", Prose(around())(text))) <= prose._TAGS


COSTLY = {
    "brackets": "[" * 1_000_000,
    "pictures": "![" * 500_000,
    "brackets within limits": "[" * 190_000,
    "pictures within limits": "![" * 95_000,
    "links": "[a](" * 45_000,
    "quotes": "> " * 95_000,
    "lists in lists": "".join("  " * depth + "- a\n" for depth in range(400)),
    "stars": "*a " * 60_000,
    "nested stars": "**a *" * 38_000,
    "ticks": "".join("`" * count + " " for count in range(600)),
    "angles": "<" * 190_000,
    "a wide table": "|a" * 45_000 + "|\n" + "|-" * 45_000 + "|",
    "a long table": "a|b\n-|-\n" + "a|b\n" * 45_000,
    "references": "[a]: /x\n" * 23_000,
    "words": "#1 @a abcdef1 " * 13_000,
    "addresses": "http://x " * 20_000,
    "blank lines": "\n" * 190_000,
    "headings": "# a\n" * 45_000,
    "entities": "&amp;" * 38_000,
    "escapes": "\\*" * 95_000,
}


@pytest.mark.parametrize("name", COSTLY)
def test_whatever_it_says_it_costs_little(name):
    before = time.process_time()
    html = Prose(around(["#1"]))(COSTLY[name])
    assert time.process_time() - before < MOST_CPU_SECONDS
    assert len(html) < 10 * len(COSTLY[name])


def test_texts_of_a_page_share_what_may_be_done_but_a_short_one_is_laid_out():
    rendered = Prose(steps=2_000)
    long = "**a** " * 400
    assert "<strong>a</strong>" in rendered(long)
    typed = [rendered(long) for _ in range(3)][-1]
    assert "as typed" in typed
    assert "**a**" in typed
    assert "<strong>" not in typed
    assert "<strong>b</strong>" in rendered("**b**")


def test_text_as_typed_is_only_text():
    typed = Prose(steps=0)("<script>" * 1_000)
    assert "as typed" in typed
    assert "&lt;script&gt;" in typed

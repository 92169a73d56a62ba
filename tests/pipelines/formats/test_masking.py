"""Values that no log may show."""

import base64
import json
import shlex
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.formats.masking import MOST_FORMS, Masks

SECRET = 'p"a\\s s&w0rd+/=é<'


def masks(*values):
    made = Masks()
    for value in values:
        assert made.add(value)
    return made


@pytest.mark.parametrize(
    "dressed",
    [
        SECRET,
        json.dumps({"a": SECRET}),
        json.dumps({"a": SECRET}, ensure_ascii=False),
        repr(SECRET),
        shlex.quote(SECRET),
        urllib.parse.quote(SECRET),
        urllib.parse.urlencode({"q": SECRET}),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        "p&quot;a\\s s&amp;w0rd+/=é&lt;",
    ],
)
def test_a_value_is_hidden_in_every_dress(dressed):
    assert "***" in masks(SECRET).text(dressed)


@given(st.binary(max_size=5), st.binary(max_size=5))
def test_a_value_is_hidden_in_base64_whatever_stands_around_it(before, after):
    made = masks(SECRET)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert b"***" in made.hide(encode(before + SECRET.encode() + after))


def test_each_line_of_a_value_is_hidden_and_the_longer_of_two_first():
    made = masks("first line\r\nsecond line\n", "second")
    assert made.text("a first line b second line c second d") == "a *** b *** c *** d"


def test_short_values_hide_themselves_alone():
    assert masks("ab").text("ab YWI= 6162") == "*** YWI= 6162"


def test_nothing_is_hidden_by_nothing_and_there_is_an_end():
    made = Masks()
    assert not made.add(" \n")
    assert made.text("as it was") == "as it was"
    assert any(not made.add(f"value number {n}") for n in range(MOST_FORMS))


@given(st.lists(st.integers(1, 9), max_size=9))
def test_the_open_end_holds_back_just_what_may_go_on(cuts):
    made = masks("secret")
    data = b"no secre se secret s"
    shown, held, at = b"", b"", 0
    for cut in [*cuts, len(data)]:
        held += data[at : at + cut]
        at += cut
        keep = made.open_end(held)
        shown += made.hide(held[: len(held) - keep])
        held = held[len(held) - keep :]
    assert shown + made.hide(held) == b"no secre se *** s"

"""Lines of output that are commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.formats.commands import KNOWN, may_become, may_hold, read


def test_a_command_has_properties_and_a_value_in_which_escapes_mean_what_they_stand_for():
    found = read("  ::error file=a%3Ab%2Cc,line=3, title=T::50%25 of%0Ait%0D%250A\r\n")
    assert (found.name, found.value) == ("error", "50% of\nit\r%0A")
    assert found.properties == {"file": "a:b,c", "line": "3", "title": "T"}


def test_the_older_manner_is_read_too():
    found = read("##[Warning file=a%3Bb;line=1]m%5D")
    assert (found.name, found.value, found.properties["file"]) == ("warning", "m]", "a;b")


@pytest.mark.parametrize(
    "line", ["", "::", "::::", "::error", "::what::x", "x ::error::y", "a::b::c", "##[error"]
)
def test_what_is_no_command_is_output(line):
    assert read(line) is None


def test_a_word_of_the_steps_own_is_a_command_while_it_is_waited_for():
    assert read("::My-Word::", "my-word").name == "my-word"
    assert read("::my-word::") is None


@given(st.sampled_from(sorted(KNOWN)), st.text("a:%=,;] "), st.text(" \t", max_size=3))
def test_no_command_escapes_the_quick_looks(name, value, before):
    line = f"{before}::{name} a=b::{value}".encode()
    assert read(line.decode()) is not None
    assert may_hold(b"first\n" + line)
    assert all(may_become(line[:length]) for length in range(len(line)))


def test_the_quick_look_does_not_grow_with_the_square_of_empty_lines():
    assert not may_hold(b"\n" * 3_000_000 + b"x::")

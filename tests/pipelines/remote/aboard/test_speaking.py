"""Inputs and outputs of an action."""

import pytest

from towpath.pipelines.remote.aboard import speaking
from towpath.pipelines.remote.aboard.speaking import Failed


def test_inputs_are_read_as_they_are_given(deck):
    deck.give(path=" a \n\n b\n", flag="True", count="7")
    assert speaking.lines("path") == ["a", "b"]
    assert speaking.is_set("flag")
    assert not speaking.is_set("absent")
    assert speaking.number("count", 0, 9) == 7
    assert speaking.number("absent", 0, 9) is None


def test_inputs_that_make_no_sense_fail_by_name(deck):
    deck.give(flag="maybe", count="ten", large="1000000")
    for read in (
        lambda: speaking.is_set("flag"),
        lambda: speaking.number("count", 0, 9),
        lambda: speaking.number("large", 0, 9),
    ):
        with pytest.raises(Failed, match="The input `"):
            read()


def test_values_with_lines_of_their_own_are_said_whole(deck):
    speaking.output("a", "1\n2")
    speaking.keep("b", "x=y")
    assert "\n1\n2\n" in deck._said["GITHUB_OUTPUT"].read_text()
    assert deck.said("GITHUB_STATE") == {"b": "x=y"}
    deck.set("STATE_b", "x=y")
    assert speaking.kept("b") == "x=y"


def test_a_warning_stays_one_line(capsys):
    speaking.warn("100%\nof it")
    assert capsys.readouterr().out == "::warning::100%25%0Aof it\n"


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (3 * 10**9, "3.0 GB")],
)
def test_sizes_are_said_in_words(count, words):
    assert speaking.size(count) == words

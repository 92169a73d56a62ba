"""The demo's lines say what happened, how long it took and what came of it."""

import io

import pytest
from rich.console import Console

from towpath.app.demo.record import Outcome, Request
from towpath.app.demo.telling import PROMISED_SECONDS, Row, Teller, table

REQUEST = Request(
    number=3, title="Call it [toll]", part="renames", branch="x", head="h", expected="red"
)
RED = Outcome(number=3, outcome="refused", why="red", base="b", seconds=4.25, said="step test")


@pytest.fixture
def teller():
    return Teller(Console(file=io.StringIO(), highlight=False))


def said(teller):
    return teller.console.file.getvalue()


def test_a_step_tells_what_the_result_and_the_time(teller):
    with teller.step("Push the project") as step:
        step.now("objects")
        step.result = "12 commits"
    line = said(teller)
    assert "✓ Push the project · 12 commits · " in line
    assert line.endswith(" s\n")


def test_a_failed_step_says_so(teller):
    with pytest.raises(OSError, match="boom"), teller.step("Start"):
        raise OSError("boom")
    assert "✗ Start" in said(teller)


def test_plain_output_has_no_control_characters(teller):
    with teller.step("Start"):
        pass
    teller.console.print(table([Row(REQUEST, RED)], 90))
    assert "\x1b" not in said(teller)


def test_an_outcome_is_told_as_it_happens(teller):
    teller.outcome(REQUEST, RED)
    assert "#3 Call it [toll] · refused: red ·    4.2 s" in said(teller)


def test_the_table_says_whether_all_was_expected(teller):
    landed = Outcome(number=3, outcome="landed", base="b", commit="c", seconds=1, said="")
    teller.console.print(table([Row(REQUEST, RED), Row(REQUEST, landed)], 90))
    assert "yes" in said(teller)
    assert "no: red" in said(teller)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (PROMISED_SECONDS, "All of it took 180 s, within the 3 minutes promised for two cores."),
        (200.4, "All of it took 200 s, longer than the 3 minutes promised for two cores."),
    ],
)
def test_the_table_says_whether_the_promised_time_was_kept(teller, seconds, words):
    teller.console.print(table([Row(REQUEST, RED)], seconds))
    assert words in " ".join(said(teller).split())


def test_the_address_and_the_log_in_are_told(teller):
    teller.address("http://127.0.0.1:1", [("alice", "pass[word]")])
    assert "Open http://127.0.0.1:1" in said(teller)
    assert "log in as alice with pass[word]" in said(teller)

"""What counts as a command, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.gate.model.commands import parse


@pytest.mark.parametrize(
    ("body", "verbs"),
    [
        ("/help", ["help"]),
        ("/STATUS", ["status"]),
        ("please\n/wait\nthanks", ["wait"]),
        ("/wait for the release", ["wait"]),
        ("/wait off", ["resume"]),
        ("/wait off.", ["resume"]),
        ("/resume", ["resume"]),
        ("/approve /retry", ["approve", "retry"]),
        ("/approve looks good\n/retry", ["approve", "retry"]),
        ("  /retry", ["retry"]),
        ("@towpath help", ["help"]),
        ("@towpath: /status", ["status"]),
        ("@towpath-gate retry please", ["retry"]),
        ("@towpath wait off", ["resume"]),
        ("/help\n/help", ["help"]),
        ("/launch", [None]),
        ("@towpath thank you", [None]),
    ],
)
def test_a_line_that_begins_with_a_command_is_one(body, verbs):
    assert [command.verb for command in parse(body)] == verbs


@pytest.mark.parametrize(
    "body",
    [
        "",
        "I would /wait here",
        "thanks, @towpath help",
        "/usr/bin/env is missing",
        "/ help",
        "//help",
        "`/retry`",
        "> /retry",
        "> @towpath retry",
        "    /retry",
        "\t/retry",
        "```\n/retry\n```",
        "~~~sh\n/retry\n~~~",
        "````\n```\n/retry\n```\n````",
        "```\n/retry",
        "<!-- /retry -->",
        "<!--\n/retry\n-->",
        "<!--\n/retry",
        "@towpathology help",
    ],
)
def test_code_quotes_and_ordinary_talk_are_not_for_us(body):
    assert parse(body) == []


def test_after_a_code_block_commands_count_again():
    assert [c.verb for c in parse("```\n/retry\n```\n/help")] == ["help"]


def test_an_unknown_word_is_kept_as_it_was_written():
    (command,) = parse("/Launch now")
    assert (command.verb, command.word) == (None, "Launch")


@given(st.text(alphabet="/@`~> \n\tabwaitoff<!->towpath:", max_size=200))
def test_no_text_is_too_strange(body):
    assert len(parse(body)) <= body.count("/") + body.count("@")

"""Between a step's output and the log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.pipelines.formats.masking import Masks
from towpath.pipelines.remote.listening import LONGEST_COMMAND, Ear

TEXT = b"plain\n ::notice::a\nx ::notice::b\n::add-mask::tok\n##[notice]c\n tok::\n::notice::d"


class Heard:
    def __init__(self):
        self.shown = b""
        self.commands = []
        self.masks = Masks()
        self.ear = Ear(self._out, self.masks, self._heed)

    def _out(self, data):
        self.shown += data

    def _heed(self, command):
        self.commands.append(command.value)
        if command.name == "add-mask":
            self.masks.add(command.value)
        return "<heard>" if command.name == "notice" else ""


@given(st.lists(st.integers(1, 12)))
def test_it_makes_no_difference_how_output_is_cut(cuts):
    heard, at = Heard(), 0
    for cut in [*cuts, len(TEXT)]:
        heard.ear.write(TEXT[at : at + cut])
        at += cut
    heard.ear.end()
    assert heard.shown == b"plain\n<heard>\nx ::notice::b\n<heard>\n ***::\n<heard>\n"
    assert heard.commands == ["a", "tok", "c", "d"]


@pytest.mark.parametrize("part", [b"50 %", b"a::", b": done"])
def test_a_line_that_cannot_be_a_command_is_shown_before_it_ends(part):
    heard = Heard()
    heard.ear.write(part)
    assert heard.shown == (b"" if part.startswith(b":") and part[:2] != b": " else part)


def test_a_line_without_end_is_not_held_for_ever():
    heard = Heard()
    heard.ear.write(b"::notice::" + b"x" * LONGEST_COMMAND)
    assert len(heard.shown) > LONGEST_COMMAND
    heard.ear.end()
    assert heard.commands == []


def test_a_secret_that_is_cut_short_is_shown_at_the_end():
    heard = Heard()
    heard.masks.add("password")
    heard.ear.write(b"is it pass")
    assert heard.shown == b"is it "
    heard.ear.end()
    assert heard.shown == b"is it pass"

"""Inputs of an action."""

from towpath.pipelines.model.action import Action, filled, missing, unknown, variables

ACTION = Action(inputs={"Who": "", "how": "loud"}, required=("Who", "how"))


def test_inputs_are_found_whatever_their_case_and_else_have_defaults():
    assert filled(ACTION, {"WHO": "Bob"}) == {"Who": "Bob", "how": "loud"}
    assert unknown(ACTION, {"who": "x", "odd": "y"}) == ["odd"]


def test_what_is_required_and_has_no_default_is_missed():
    assert missing(ACTION, {}) == ["Who"]
    assert missing(ACTION, {"who": ""}) == []


def test_a_program_reads_inputs_as_variables():
    assert variables({"two words": "x", "a-b": "y"}) == {"INPUT_TWO_WORDS": "x", "INPUT_A-B": "y"}

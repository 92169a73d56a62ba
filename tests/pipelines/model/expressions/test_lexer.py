"""Characters to tokens."""

import pytest

from towpath.pipelines.model.expressions.lexer import tokens
from towpath.pipelines.model.expressions.values import ExpressionError


def test_a_quote_is_doubled_inside_a_string():
    (token,) = tokens("'it''s'")
    assert token.value == "it's"


def test_a_dot_after_a_value_reaches_into_it_and_elsewhere_begins_a_number():
    assert [token.text for token in tokens("a.b")] == ["a", ".", "b"]
    assert [token.value for token in tokens("(.5")][1] == 0.5


def test_words_for_values_are_names_after_a_dot():
    assert tokens("a.true")[2].kind == "name"


@pytest.mark.parametrize("source", ["'open", "a @ b", '"double"', "1__0"])
def test_what_is_no_token_is_named_with_its_place(source):
    with pytest.raises(ExpressionError, match="Located at position") as caught:
        tokens(source)
    assert caught.value.stage == "lexing"

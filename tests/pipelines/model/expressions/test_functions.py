"""What functions refuse."""

import pytest

from towpath.pipelines.model.expressions.functions import (
    MAX_TEXT,
    format_text,
    from_json,
    join,
    to_json,
)
from towpath.pipelines.model.expressions.values import ExpressionError


def test_text_does_not_grow_without_bound():
    half = "x" * (MAX_TEXT // 2)
    with pytest.raises(ExpressionError, match="memory"):
        format_text("{0}{0}{0}", half)
    with pytest.raises(ExpressionError, match="memory"):
        join([half, half, half])


def test_a_hole_with_a_hostile_number_is_just_too_many():
    with pytest.raises(ExpressionError, match="more arguments"):
        format_text("{" + "9" * 10_000 + "}", "a")


def test_deep_or_broken_json_is_refused_in_words():
    with pytest.raises(ExpressionError, match="fromJSON"):
        from_json("[" * 100_000)
    with pytest.raises(ExpressionError, match="fromJSON"):
        from_json("{")


def test_json_goes_there_and_back():
    assert from_json(to_json({"a": [1.0, None, True]})) == {"a": [1.0, None, True]}


def test_nested_json_that_was_read_can_be_written():
    assert to_json(from_json("[" * 100 + "]" * 100)).startswith("[")
    with pytest.raises(ExpressionError, match="memory"):
        to_json(from_json("[" * 900 + "]" * 900))

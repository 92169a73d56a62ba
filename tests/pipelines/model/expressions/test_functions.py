"""What functions refuse."""

import math

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


def test_json_is_written_as_ecmascript_does():
    value = {"a": [], "b": {}, "c": [1e21, math.inf, -0.0, 1.5e-7], "d": "\u00e9\n"}
    assert to_json(value) == (
        '{\n  "a": [],\n  "b": {},\n  "c": [\n    1e+21,\n    null,\n    0,\n    1.5e-7\n  ],\n'
        '  "d": "\u00e9\\n"\n}'
    )


def test_json_that_python_alone_would_take_is_refused():
    for source in ("NaN", "[Infinity]", "-Infinity"):
        with pytest.raises(ExpressionError, match="not JSON"):
            from_json(source)


def test_of_keys_that_differ_in_case_alone_the_first_stays():
    assert from_json('{"a": 1, "A": 2, "b": 3}') == {"a": 1, "b": 3}


def test_half_a_character_becomes_one_that_can_be_written():
    assert from_json('{"\\ud83d": ["\\ud83d\\udea3", "\\udea3"]}') == {
        "\ufffd": ["\U0001f6a3", "\ufffd"]
    }

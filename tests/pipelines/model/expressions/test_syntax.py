"""Tokens to a tree: precedence, what may be named, and hostile depth."""

import pytest

from towpath.pipelines.model.expressions import functions, syntax
from towpath.pipelines.model.expressions.syntax import Literal, Operation
from towpath.pipelines.model.expressions.values import ExpressionError

SCOPE = syntax.Scope(frozenset({"github"}), functions.WITH_STATUS)


def test_and_binds_tighter_than_or_and_comparison_tighter_than_both():
    tree = syntax.parse("1 || 2 && 3 == 4", SCOPE)
    assert tree == Operation(
        "||",
        (
            Literal(1.0),
            Operation("&&", (Literal(2.0), Operation("==", (Literal(3.0), Literal(4.0))))),
        ),
    )


def test_an_empty_expression_is_null():
    assert syntax.parse("  ", SCOPE) == Literal(None)


def test_functions_are_known_in_any_case_and_counted_wherever_they_stand():
    tree = syntax.parse("Success() && (contains(github.ref, 'x') || FAILURE())", SCOPE)
    assert syntax.calls(tree) == {"success", "contains", "failure"}


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5_000, "!" * 20_000, "github" + ".a" * 9_000, "github" + "[1]" * 5_000,
        "1" + "==1" * 5_000, "contains(" * 2_000, "1" * 30_000,
    ],
)  # fmt: skip
def test_no_nesting_exhausts_the_stack(source):
    with pytest.raises(ExpressionError):
        syntax.parse(source, SCOPE)


def test_a_long_row_is_no_depth():
    assert syntax.parse(" && ".join(["1"] * 1_000), SCOPE)


def test_every_context_that_is_named_is_found():
    assert syntax.names(syntax.parse("GitHub.a[github.b] || !github", SCOPE)) == {"github"}


@pytest.mark.parametrize("source", ["'a'.b", "1[0]", "true.x"])
def test_nothing_reaches_into_a_literal_but_through_brackets(source):
    with pytest.raises(ExpressionError, match="Unexpected symbol"):
        syntax.parse(source, SCOPE)
    assert syntax.parse("('a').b", SCOPE)


def test_what_files_say_over_and_over_is_read_once_for_each_place():
    other = syntax.Scope(frozenset({"env"}), functions.PLAIN)
    assert syntax.parse("github.ref", SCOPE) is syntax.parse("github.ref", SCOPE)
    with pytest.raises(ExpressionError, match="named-value"):
        syntax.parse("github.ref", other)

"""Text with ${{ }} in it, and conditions."""

import pytest

from towpath.pipelines.model.expressions import functions, syntax, templates
from towpath.pipelines.model.expressions.evaluation import Status, Surroundings
from towpath.pipelines.model.expressions.values import ExpressionError

SCOPE = syntax.Scope(frozenset({"github"}), functions.WITH_STATUS)
AROUND = Surroundings({"github": {"ref": "main", "n": 2}})


def render(source):
    return templates.render(templates.parse(source, SCOPE), AROUND)


FINE = Status()


def holds(source, status=FINE):
    around = Surroundings(AROUND.contexts, status)
    return templates.holds(templates.parse_condition(source, SCOPE), around)


def test_pieces_are_put_together():
    assert render("on ${{ github.ref }}: ${{github.n}}!") == "on main: 2!"
    assert render("plain $HOME {x}") == "plain $HOME {x}"


def test_braces_inside_quotes_do_not_close():
    assert render("${{ format('{{{0}}}', 'a') }}") == "{a}"


def test_a_lone_expression_keeps_its_kind():
    assert templates.value(templates.parse("${{ github.n }}", SCOPE), AROUND) == 2


@pytest.mark.parametrize("source", ["${{ github.ref", "${{ }}", "${{ 'a }}"])
def test_what_is_not_closed_or_empty_is_refused(source):
    with pytest.raises(ExpressionError):
        templates.parse(source, SCOPE)


def test_success_is_implied_unless_a_status_is_asked_for():
    failed = Status(success=False, failure=True)
    assert holds("github.ref == 'main'")
    assert not holds("github.ref == 'main'", failed)
    assert holds("failure() && github.ref == 'main'", failed)
    assert holds("${{ always() }}", failed)
    assert holds("")
    assert not holds("", failed)


def test_text_around_a_condition_is_refused_for_it_would_always_hold():
    with pytest.raises(ExpressionError, match="one expression"):
        templates.parse_condition("${{ github.ref }} == 'main'", SCOPE)


def test_all_of_what_a_file_says_is_evaluated_at_any_depth():
    data = {"a": ["${{ github.n }}", 1, None], "b": {"c": "on ${{ github.ref }}"}}
    assert templates.filled(data, SCOPE, AROUND) == {"a": [2, 1, None], "b": {"c": "on main"}}


def test_whether_text_is_one_expression():
    assert templates.is_whole("${{ github.n }}")
    assert templates.is_whole("${{ '}}' }}")
    assert not templates.is_whole("${{ github.n }}x")
    assert not templates.is_whole("${{ github.n }}${{ github.n }}")
    assert not templates.is_whole("${{ 'a")

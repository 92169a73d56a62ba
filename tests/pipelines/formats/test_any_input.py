"""Whatever a file holds, the parser answers with its own error, soon, and without much stack."""

import contextlib
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipelines.formats import grammar
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.expressions import functions, syntax, templates
from towpath.pipelines.model.expressions.evaluation import Surroundings
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.workflow import InvalidWorkflow

_KEYS = sorted({key for place in grammar.places() for key in grammar.properties(place.name)})
_WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["${{ github.ref }}", "${{", "}}", "push", "a", "!!int x", "*a", "&a", "<<"]),
    st.sampled_from(_KEYS),
    st.none() | st.booleans() | st.integers() | st.floats(),
)
_VALUES = st.recursive(
    _WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)
_PLACES = [place for place in grammar.places() if place.above]
_TOKENS = st.lists(
    st.sampled_from(
        [*"()[].,!*'", "==", "<=", "&&", "||", "github", "toJSON(", "fromJSON(", "format('{0}',",
         "contains(", "1", "0x", "'a'", "null", ".5", "-", "case(", " ", "\0", "\ud800"]
    ),
    max_size=30,
).map("".join)  # fmt: skip
_SCOPE = syntax.Scope(frozenset({"github"}), functions.WITH_STATUS)
_AROUND = Surroundings({"github": {"a": [1, {"b": "\ud800"}], "json": "[1]"}})


def yaml(value):
    """Write a value as flow YAML, strings mostly bare so that they may be anything."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{yaml(key)}: {yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(yaml, value)) + "]"
    return "~" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def accepts(source):
    """Whether a file is a workflow; anything but our own error goes through."""
    found = _problems(source)
    assert all(each.line >= 1 and each.column >= 1 and each.message for each in found)
    return not found


def _problems(source):
    try:
        parse(source, "f.yml")
    except InvalidWorkflow as error:
        return error.problems or [None]
    return ()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_are_a_workflow_or_wrong(source):
    accepts(source)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_PLACES), _VALUES)
def test_anything_at_any_place_of_the_grammar_is_right_or_wrong(place, value):
    accepts(yaml(grammar.document(place, value)).encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(_TOKENS)
def test_any_expression_has_a_value_or_is_wrong(source):
    with contextlib.suppress(ExpressionError):
        templates.render(templates.parse(f"a ${{{{ {source} }}}}", _SCOPE), _AROUND)
    with contextlib.suppress(ExpressionError):
        templates.holds(templates.parse_condition(source, _SCOPE), _AROUND)


LAUGHS = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)
STEP = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: "
DEEP = {
    "laughs": LAUGHS,
    "lists": "[" * 100_000,
    "mappings": "{a: " * 100_000,
    "blocks": "".join(f"{' ' * depth}a:\n" for depth in range(600)),
    "brackets": f"{STEP}${{{{ {'(' * 20_000} }}}}",
    "indexes": f"{STEP}${{{{ github{'[github' * 3_000}{']' * 3_000} }}}}",
    "negations": f"{STEP}${{{{ {'!' * 20_000}1 }}}}",
    "calls": f"{STEP}${{{{ {'toJSON(' * 2_900}1{')' * 2_900} }}}}",
    "quotes": f"{STEP}${{{{ {chr(39) * 20_001} }}}}",
    "openings": STEP + "${{ 1 }}" * 2_600,
    "unclosed": STEP + "${{ '" * 4_000,
    "names": "on: push\njobs: {" + ", ".join(f"j{n}: {{}}" for n in range(5_000)) + "}",
    "needs": "on: push\njobs:\n"
    + "".join(
        f"  j{n}: {{runs-on: x, needs: [j{(n + 1) % 900}], steps: [{{run: a}}]}}\n"
        for n in range(900)
    ),
}


@pytest.mark.parametrize("source", DEEP.values(), ids=DEEP)
def test_no_nesting_costs_much_stack_or_time(source):
    limit, began = sys.getrecursionlimit(), time.process_time()
    sys.setrecursionlimit(_frames() + 700)
    try:
        accepts(source.encode())
    finally:
        sys.setrecursionlimit(limit)
    assert time.process_time() - began < 20  # of our own work, however busy the machine is


def _frames():
    frame, count = sys._getframe(), 0
    while frame:
        frame, count = frame.f_back, count + 1
    return count


def test_what_an_expression_makes_is_bounded():
    source = "${{ " + "format('{0}{0}{0}{0}', " * 12 + "'x'" + ")" * 12 + " }}"
    with pytest.raises(ExpressionError, match="memory"):
        templates.render(templates.parse(source, _SCOPE), _AROUND)

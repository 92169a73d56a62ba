"""How an expression came to its value."""

from towpath.pipelines.model import explaining
from towpath.pipelines.model.expressions import functions, syntax
from towpath.pipelines.model.expressions.evaluation import Surroundings

SCOPE = syntax.Scope(frozenset({"github", "matrix"}), functions.WITH_STATUS)
AROUND = Surroundings({"github": {"ref": "main", "event": {"n": 3.0}}, "matrix": {"a": [1.0]}})


def test_a_condition_is_told_with_all_that_is_named_in_it():
    source = "github.ref == 'a.b' || contains(matrix.a, github.event['n'])"
    assert list(explaining.condition(source, SCOPE, AROUND)) == [
        f"if: {source} → false",
        '    github.ref = "main"',
        "    matrix.a = [ 1 ]",
        "    github.event['n'] = 3",
    ]
    assert list(explaining.condition("", SCOPE, AROUND)) == ["if: success() → true"]


def test_a_condition_that_cannot_be_evaluated_says_why():
    (line,) = explaining.condition("fromJSON(github.ref)", SCOPE, AROUND)
    assert line.startswith("if: fromJSON(github.ref): ")


def test_each_expression_of_a_text_is_told():
    told = list(explaining.text("a ${{ github.ref }} ${{ github.event.n == 3 }}", SCOPE, AROUND))
    assert told == [
        'github.ref → "main"', "github.event.n == 3 → true", "    github.event.n = 3",
    ]  # fmt: skip
    long = Surroundings({"github": {"ref": "x" * 900}, "matrix": {}})
    assert len(next(explaining.text("${{ github.ref }}", SCOPE, long))) < 300

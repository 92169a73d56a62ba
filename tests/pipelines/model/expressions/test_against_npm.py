"""Our language beside npm's @actions/expressions, on made-up expressions."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pipelines.model.expressions.deviations import DEVIATIONS
from tests.pipelines.model.expressions.generated import CONTEXTS, Maker
from towpath.pipelines.model.expressions import functions, syntax
from towpath.pipelines.model.expressions.evaluation import Surroundings, evaluate
from towpath.pipelines.model.expressions.values import ExpressionError, kind, written

SERVER = Path(__file__).parents[3] / "node/expressions.mjs"
SCOPE = syntax.Scope(frozenset(CONTEXTS), functions.PLAIN)
AROUND = Surroundings(CONTEXTS)


def shown(value):
    match kind(value):
        case "null":
            return ["null"]
        case "number":
            return ["number", written(float(value))]
        case "array":
            return ["array", [shown(each) for each in value]]
        case "object":
            return ["object", [[key, shown(each)] for key, each in value.items()]]
        case other:
            return [other, value]


def ours(source):
    try:
        return {"value": shown(evaluate(syntax.parse(source, SCOPE), AROUND))}
    except ExpressionError as error:
        return {"error": str(error)}


def theirs(sources):
    """Ask npm's, in one process fed by lines."""
    lines = "".join(f"{json.dumps({'expr': each, 'contexts': CONTEXTS})}\n" for each in sources)
    done = subprocess.run(
        [shutil.which("node") or "node", str(SERVER)],
        input=lines, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def differences(sources):
    """Tell where we differ, but for what stands in the table of deviations."""
    for source, other in zip(sources, theirs(sources), strict=True):
        mine = ours(source)
        if mine.get("value") != other.get("value") and not _is_known(source):
            yield f"{source!r}\n    ours   {mine}\n    theirs {other}"


def _is_known(source):
    return any(each.pattern and re.search(each.pattern, source) for each in DEVIATIONS)


def test_made_up_expressions_come_to_the_same():
    assert list(differences(list(Maker(4).expressions(300)))) == []


@pytest.mark.slow
def test_ten_thousand_made_up_expressions_come_to_the_same():
    assert list(differences(list(Maker(1).expressions(10_000)))) == []


def test_most_made_up_expressions_have_a_value_and_some_are_broken():
    found = [ours(source) for source in Maker(4).expressions(2_000)]
    broken = sum("error" in each for each in found)
    assert 200 < broken < 800


def test_each_deviation_is_one():
    sources = [deviation.source for deviation in DEVIATIONS]
    for deviation, other in zip(DEVIATIONS, theirs(sources), strict=True):
        mine = ours(deviation.source)
        assert mine.get("value", ["error"]) == deviation.ours, deviation.name
        assert other.get("value", ["error"]) == deviation.theirs, deviation.name

"""The official vectors of actions/languageservices, when they are at hand."""

import json
import math
import os
from pathlib import Path

import pytest

from towpath.pipelines.model.expressions import functions, syntax
from towpath.pipelines.model.expressions.evaluation import Surroundings, evaluate
from towpath.pipelines.model.expressions.values import ExpressionError, kind

ROOT = Path(__file__).parents[4]
DATA = Path(os.environ.get("TOWPATH_TEST_DATA", ROOT / ".." / "shared" / "data"))
FOLDER = DATA / "actions-languageservices" / "expressions" / "testdata"


def _lowered(contexts):
    return {name.lower(): value for name, value in contexts.items()}


def _vectors():
    for file in sorted(FOLDER.glob("*.json")):
        for group, cases in json.loads(file.read_text()).items():
            for number, case in enumerate(cases):
                yield pytest.param(case, id=f"{file.stem}-{group}-{number}")


VECTORS = list(_vectors())


def test_the_vectors_are_at_hand():
    if not VECTORS:
        pytest.skip(f"the official expression vectors are not at {FOLDER}: 1,020 cases not run")
    assert len(VECTORS) > 1000


def _evaluated(case):
    contexts = _lowered(case.get("contexts") or {})
    scope = syntax.Scope(contexts, functions.PLAIN)
    return evaluate(syntax.parse(case["expr"], scope), Surroundings(contexts))


def _same(ours, theirs):
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_same, ours, theirs))
    if isinstance(ours, float) and math.isnan(ours):
        return theirs in {"NaN", None}
    return ours == theirs


@pytest.mark.parametrize("case", VECTORS)
def test_gives_what_github_gives(case):
    if expected := case.get("err"):
        with pytest.raises(ExpressionError) as caught:
            _evaluated(case)
        assert expected["value"] in str(caught.value)
        assert caught.value.stage == expected["kind"]
    else:
        result = _evaluated(case)
        wanted = case["result"]["kind"].lower().replace("dictionary", "object")
        assert kind(result) == wanted
        assert _same(result, case["result"]["value"])

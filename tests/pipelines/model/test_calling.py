"""What is told of a job that calls a workflow as it may not."""

import pytest

from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.calling import Rules, problems

CALLED = """
on:
  workflow_call:
    inputs:
      name: {type: string, required: true}
      count: {type: number}
      loud: {type: boolean}
      kind: {type: string, required: true, default: x}
    secrets:
      key: {required: true}
      more: ~
jobs:
  a: {runs-on: x, steps: [{run: a}]}
"""
GOOD = "with: {name: n, count: 3, loud: true}, secrets: {key: '${{ secrets.k }}'}"


def told(rest, called=CALLED, depth=10):
    job = f"{{uses: ./.github/workflows/b.yml, {rest}}}"
    text = f"on: push\njobs:\n  caller: {job}\n"
    known = {"./.github/workflows/b.yml": parse(called.encode(), "b.yml")}
    found = problems(parse(text.encode(), "a.yml"), Rules(known.get, depth=depth))
    assert {(each.file, each.line, each.column) for each in found} <= {("a.yml", 3, 3)}
    return [(each.key, each.message) for each in found]


def test_a_sound_call_is_sound():
    assert told(GOOD) == []
    assert told("with: {name: '${{ github.ref }}'}, secrets: inherit") == []


@pytest.mark.parametrize(
    ("rest", "key", "says"),
    [
        (GOOD.replace("name: n, ", ""), "name", "needs the input `name`"),
        (GOOD.replace("count", "cuont"), "cuont", "has no input `cuont`"),
        (GOOD.replace("3", "three"), "count", "must be a number"),
        (GOOD.replace("3", "true"), "count", "must be a number"),
        (GOOD.replace("true", "1"), "loud", "must be a boolean"),
        (GOOD.replace("{key:", "{kye:"), "kye", "has no secret `kye`"),
        (GOOD.replace("{key:", "{more:"), "key", "needs the secret `key`"),
    ],
)
def test_what_does_not_fit_is_named(rest, key, says):
    assert any(name == key and says in words for name, words in told(rest)), told(rest)


def test_a_called_workflow_gets_no_more_than_its_caller_has():
    called = CALLED.replace("{runs-on", "{permissions: {contents: write}, runs-on")
    ((key, words),) = told(GOOD, called)
    assert (key, "contents: write" in words) == ("permissions", True)
    assert told(f"{GOOD}, permissions: write-all", called) == []
    ((_, words),) = told(GOOD, f"permissions: write-all\n{CALLED}")
    assert words.startswith("The workflow of")


def test_only_what_may_be_called_is_called():
    ((_, words),) = told(
        "with: {}",
        CALLED.replace("workflow_call", "workflow_dispatch").split("    sec")[0]
        + "jobs: {a: {runs-on: x, steps: [{run: a}]}}",
    )
    assert "no `on: workflow_call`" in words


def test_workflows_that_call_each_other_without_end_are_refused():
    called = "on: workflow_call\njobs: {a: {uses: ./.github/workflows/b.yml}}\n"
    ((_, words),) = told("with: {}", called, depth=3)
    assert words.endswith("More than 3 workflows call each other in a row.")


def test_what_is_not_there_is_told():
    text = b"on: push\njobs: {a: {uses: ./.github/workflows/none.yml}}\n"
    (problem,) = problems(parse(text, "a.yml"), Rules({}.get))
    assert problem.message == "There is no workflow `./.github/workflows/none.yml`."

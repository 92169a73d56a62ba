"""A corpus of hostile workflow files: each is an error with a place, and soon."""

import time

import pytest

from towpath.pipelines.formats import workflow
from towpath.pipelines.model.workflow import InvalidWorkflow

HEAD = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = {
    "a billion laughs": LAUGHS,
    "an alias of itself": "on: &a [*a]\njobs: {}\n",
    "a thousand levels": "on: " + "[" * 1_000 + "]" * 1_000,
    "a hundred thousand levels": "on: " + "[" * 100_000,
    "seven hundred levels of blocks": "".join(f"{' ' * n}a:\n" for n in range(700)),
    "a megabyte": "on: push\n# " + "x" * 1_000_000,
    "a tag that makes an object": "on: !!python/object/apply:os.system ['touch x']\n",
    "a tag of its own": "on: !include /etc/passwd\n",
    "two documents": HEAD + "      - run: x\n---\non: push\n",
    "a key twice": "on: push\non: push\njobs: {}\n",
    "no UTF-8": b"on: push\n\xff\xfe\n",
    "UTF-16": "on: push\n".encode("utf-16"),
    "NUL": "on: push\n\0\n",
    "NUL by escape": HEAD + '      - run: "a\\0b"\n',
    "a tab for a blank": "on:\n\tpush: x\n",
    "a merge of itself": "a: &a {<<: *a}\non: push\n",
    "a directive": "%YAML 9.9\n---\non: push\n",
    "a list": "- a\n- b\n",
    "nothing": "",
    "a word": "please",
    "a needs of itself": HEAD.replace("runs-on", "needs: a\n    runs-on") + "      - run: x\n",
    "an expression of a thousand parentheses": HEAD
    + "      - run: x\n        if: "
    + "(" * 1_000
    + ")" * 1_000,
    "an expression without an end": HEAD + "      - run: x\n        if: ${{ github.sha\n",
    "ten thousand steps": HEAD + "      - run: x\n" * 10_000,
    "a binary key": "? !!binary aGk=\n: push\n",
    "a mapping as a key": "{a: b}: push\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_means_harm(text):
    began = time.monotonic()
    with pytest.raises(InvalidWorkflow) as told:
        workflow.parse(text if isinstance(text, bytes) else text.encode(), "ci.yml")
    assert time.monotonic() - began < 10
    assert all(problem.line >= 1 and problem.message for problem in told.value.problems)

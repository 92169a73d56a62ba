"""Inputs, secrets and outputs of a workflow."""

import pytest

from tests.pipelines.formats.reads import read, told
from towpath.pipelines.formats import triggers
from towpath.pipelines.model.workflow import Input


def test_a_person_may_be_asked_for_every_kind():
    (found,), reader = read(
        triggers.read,
        "{workflow_dispatch: {inputs: {a: ~, b: {type: boolean, default: true},"
        " c: {type: choice, options: [x, y], default: x, description: Which},"
        " d: {type: number, required: true, default: 3}, e: {type: environment}}}}",
    )
    assert told(reader) == []
    assert found.inputs == {
        "a": Input(),
        "b": Input(type="boolean", default=True),
        "c": Input(type="choice", options=("x", "y"), default="x", description="Which"),
        "d": Input(type="number", required=True, default=3.0),
        "e": Input(type="environment"),
    }


def test_a_caller_is_told_what_goes_in_and_what_comes_out():
    (found,), reader = read(
        triggers.read,
        "{workflow_call: {inputs: {a: {type: string, default: '${{ github.ref }}'}},"
        " secrets: {s: {required: true}, t: ~},"
        " outputs: {o: {value: '${{ jobs.x.outputs.y }}'}}}}",
    )
    assert told(reader) == []
    assert found.inputs["a"].default == "${{ github.ref }}"
    assert (found.secrets, found.outputs) == (
        {"s": True, "t": False},
        {"o": "${{ jobs.x.outputs.y }}"},
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{workflow_call: {inputs: {a: {default: x}}}}", "needs the key `type`"),
        ("{workflow_call: {inputs: {a: {type: choice}}}}", "cannot be `choice`"),
        ("{workflow_call: {inputs: {a: {type: string, options: [b]}}}}", "Unknown key `options`"),
        ("{workflow_call: {inputs: {a: {type: boolean, default: x}}}}", "must be a boolean"),
        ("{workflow_call: {inputs: {a: {type: number, default: x}}}}", "must be a number"),
        ("{workflow_call: {inputs: {a: {type: string, default: [x]}}}}", "must be text"),
        ("{workflow_call: {outputs: {o: {}}}}", "needs the key `value`"),
        ("{workflow_call: {outputs: {o: {value: '${{ needs.a }}'}}}}", "needs"),
        ("{workflow_call: {secrets: {s: {requird: true}}}}", "Did you mean `required`?"),
        ("{workflow_dispatch: {inputs: {a: {tpye: string}}}}", "Did you mean `type`?"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    _, reader = read(triggers.read, text)
    assert any(says in message for message in told(reader)), told(reader)

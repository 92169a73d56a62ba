"""What passes between a job and the workflow it calls."""

import pytest

from towpath.pipelines.model import handing
from towpath.pipelines.model.workflow import Call, Input, Job, Trigger, Workflow

DECLARED = {
    "word": Input(),
    "loud": Input(type="boolean"),
    "count": Input(type="number", default=3),
    "of": Input(default="${{ github.ref }}"),
}
THERE = {
    "b": Workflow(
        path="b.yml",
        name="b",
        triggers=(
            Trigger("workflow_call", inputs=DECLARED, outputs={"sum": "${{ jobs.a.outputs.n }}!"}),
        ),
    )
}
AROUND = {"github": {"ref": "main"}, "needs": {"a": {"outputs": {"n": "7"}}}, "inputs": {}}


def caller(**rest):
    return Job(id="a", line=1, call=Call(workflow="b", **rest))


def test_inputs_keep_their_kind_and_those_not_given_are_the_default():
    inputs = {"word": "n${{ needs.a.outputs.n }}", "loud": "${{ github.ref == 'main' }}"}
    found = handing.called(caller(inputs=inputs), THERE, AROUND).inputs
    assert found == {"word": "n7", "loud": True, "count": 3, "of": "main"}
    found = handing.called(caller(inputs={"word": 1.5}), THERE, AROUND).inputs
    assert (found["word"], found["loud"]) == ("1.5", False)


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"loud": "${{ needs.a.outputs.n }}"}, "must be a boolean, not '7'"),
        ({"count": "${{ needs.a.outputs.n }}"}, "must be a number, not '7'"),
        ({"word": "${{ fromJSON('[]') }}"}, "must be a string"),
        ({"word": "${{ fromJSON('{') }}"}, "`with` cannot be evaluated"),
    ],
)
def test_what_is_of_another_kind_is_refused_as_on_github(inputs, says):
    with pytest.raises(handing.HandingError, match=says.replace("[", r"\[")):
        handing.called(caller(inputs=inputs), THERE, AROUND)


def test_only_the_secrets_handed_down_are_known_there_unless_all_are():
    theirs = {"KEY": "k", "OTHER": "o"}
    some = caller(secrets={"mine": "${{ secrets.key }}", "token": "${{ secrets.GITHUB_TOKEN }}"})
    assert handing.secrets(some, AROUND, theirs, "t") == {"mine": "k", "token": "t"}
    assert handing.secrets(caller(inherit=True), AROUND, theirs, "t") == theirs
    assert handing.secrets(caller(), AROUND, theirs, "t") == {}


def test_outputs_are_made_of_what_the_jobs_there_put_out():
    results = {"a": {"result": "success", "outputs": {"n": "7"}}}
    assert handing.outputs(caller(), THERE, AROUND, results) == {"sum": "7!"}


def test_what_is_handed_in_by_hand_is_read_as_the_kind_it_should_be():
    read = handing.started(DECLARED, {"loud": "TRUE", "count": "12", "of": "x"})
    assert read == {"word": "", "loud": True, "count": 12.0, "of": "x"}
    assert handing.started(DECLARED, None)["count"] == 3
    for given, says in (({"loud": "yes"}, "boolean"), ({"none": "x"}, "no input `none`")):
        with pytest.raises(handing.HandingError, match=says):
            handing.started(DECLARED, given)
    with pytest.raises(handing.HandingError, match="`a` is needed"):
        handing.started({"a": Input(required=True)}, {})

"""Actions of the repository itself: found, read and used in a real box."""

import textwrap
import threading

import pytest

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.execution import Assignment, Source
from towpath.pipelines.model.workflow import InvalidWorkflow
from towpath.pipelines.remote import actions, bare, steps
from towpath.pipelines.remote.around import Surround
from towpath.pipelines.remote.place import Place
from towpath.pipelines.remote.spool import Spool

GITHUB = {"repository": "alice/boat", "sha": "1" * 40, "ref": "refs/heads/main", "job": "a"}
GREET = """
name: Greet
inputs:
  who: {required: true}
  how: {default: "${{ github.ref }}"}
outputs:
  said: {value: "${{ steps.say.outputs.said }} by ${{ inputs.how }}"}
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      env: {WHO: "${{ inputs.who }}"}
      run: |
        echo "said=hello $WHO" >> $GITHUB_OUTPUT
        echo "FROM_INSIDE=yes" >> $GITHUB_ENV
        echo "::warning::careful"
        test -f "$GITHUB_ACTION_PATH/action.yml"
        echo "outer is $OUTER, other steps: [${{ steps.outer.outputs.x }}]"
    - {shell: bash, run: "exit ${{ inputs.who == 'nobody' && 3 || 0 }}"}
    - {shell: bash, if: failure(), run: echo picked up}
"""
PROGRAM = {
    "tool/action.yml": """
inputs: {"two words": {default: d}}
runs: {using: node20, main: main.js, post: post.js, post-if: success() || failure()}
""",
    "tool/main.js": """
const fs = require('fs');
console.log('input ' + process.env.INPUT_TWO_WORDS);
fs.appendFileSync(process.env.GITHUB_STATE, 'pid=7\\n');
fs.appendFileSync(process.env.GITHUB_OUTPUT, 'v=42\\n');
""",
    "tool/post.js": "console.log('post ' + process.env.STATE_pid + process.env.INPUT_TWO_WORDS);",
}


@pytest.fixture
def use(tmp_path):
    """Run the steps of a job in a workspace that holds some files."""

    def run(text, **files):
        job = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
        workflow = parse((job + textwrap.indent(text, "      ")).encode(), "ci.yml")
        assert workflow.refusals == ()
        workspace = tmp_path / "job" / "boat"
        for name, content in files.items():
            file = workspace / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        given = Assignment(
            job="j", run="r", attempt=1, lease="l", name="a", spec=workflow.jobs[0],
            env={}, github=GITHUB, needs={}, source=Source(path="/a.git"),
        )  # fmt: skip
        spool = Spool(tmp_path / "log")
        with bare.open_box(Place(workspace, scratch=workspace.parent)) as box:
            around = Surround(box, spool, lambda *_: None, lambda *_: None, threading.Event())
            outcome = steps.Job(given, around).run()
        log = spool.read(0, 10**6).decode()
        spool.close()
        return outcome, log

    return run


def test_a_composite_action_has_inputs_outputs_and_steps_of_its_own(use):
    outcome, log = use(
        """
- {id: outer, run: "echo x=1 >> $GITHUB_OUTPUT"}
- {id: greet, uses: ./greet, with: {WHO: Bob}, env: {OUTER: set}}
- run: 'echo "[${{ steps.greet.outputs.said }}] $FROM_INSIDE [$OUTER] [$GITHUB_ACTION_PATH]"'
""",
        **{"greet/action.yml": GREET},
    )
    assert outcome.conclusion == "success", log
    assert "\nouter is set, other steps: []\n" in log
    assert "\n[hello Bob by refs/heads/main] yes [] []\n" in log
    assert [each.message for each in outcome.steps[1].annotations] == ["careful"]


def test_a_failure_inside_fails_the_step_that_uses_it(use):
    outcome, log = use(
        """
- {id: greet, uses: ./greet, with: {who: nobody}, continue-on-error: true}
- run: echo ${{ steps.greet.outcome }} ${{ steps.greet.conclusion }}
- {uses: ./greet}
""",
        **{"greet/action.yaml": GREET},
    )
    assert "\npicked up\n" in log
    assert "\nfailure success\n" in log
    assert outcome.steps[2].why == "The action needs the input `who`."
    assert outcome.conclusion == "failure"


def test_a_program_of_node_leaves_work_for_the_end_in_reverse_order(use):
    outcome, log = use(
        """
- {id: tool, uses: ./tool, with: {two words: first}}
- {uses: ./tool, with: {two words: second, odd: x}}
- run: echo ${{ steps.tool.outputs.v }}; exit 1
""",
        **PROGRAM,
    )
    assert "\ninput first\n" in log
    assert "The action has no input `odd`." in log
    assert log.index("\npost 7second\n") < log.index("\npost 7first\n")
    assert [(each.number, each.name, each.conclusion) for each in outcome.steps[3:]] == [
        (4, "Post Run ./tool", "success"), (5, "Post Run ./tool", "success"),
    ]  # fmt: skip
    assert outcome.conclusion == "failure"


def test_actions_that_use_each_other_come_to_an_end(use):
    loop = "runs: {using: composite, steps: [{uses: ./loop}]}"
    outcome, _ = use("- {uses: ./loop}\n", **{"loop/action.yml": loop})
    assert outcome.conclusion == "failure"


def test_what_cannot_be_used_is_named(tmp_path):
    (tmp_path / "boat").mkdir()
    (tmp_path / "boat" / "action.yml").write_text("runs: {using: docker, image: x}\n")
    with bare.open_box(Place(tmp_path / "boat", scratch=tmp_path)) as box:
        with pytest.raises(InvalidInput, match="There is no action"):
            actions.find(box, "./nowhere")
        with pytest.raises(InvalidWorkflow, match=r"action\.yml:1:15: `using: docker` is not run"):
            actions.find(box, "./")

"""Actions of the repository itself: found, read and used in a real box."""

import io
import tarfile
import textwrap
import threading

import pytest

from towpath.kernel.errors import Denied, InvalidInput
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

SHA = "2" * 40
OTHERS = {
    "action.yml": """
inputs: {who: {default: nobody}, token: {default: "${{ github.action_ref }}"}}
outputs: {said: {description: x}}
runs: {using: node20, pre: pre.js, main: main.js, post: main.js, post-if: always()}
""",
    "pre.js": """
require('fs').appendFileSync(process.env.GITHUB_STATE, 'from_pre=p\\n');
console.log('pre for ' + process.env.INPUT_WHO);
""",
    "main.js": """
const env = process.env, state = env.STATE_from_pre + (env.STATE_from_main || '');
console.log([state, env.INPUT_WHO, env.INPUT_ODD, env.INPUT_TOKEN.length].join(' '));
console.log(env.GITHUB_ACTION_REPOSITORY + ' ' + env.GITHUB_ACTION_PATH);
require('fs').appendFileSync(env.GITHUB_STATE, 'from_main=m\\n');
require('fs').appendFileSync(env.GITHUB_OUTPUT, 'said=' + env.INPUT_WHO + '\\n');
""",
    "deep/er/action.yml": """
outputs: {said: {value: "${{ steps.in.outputs.said }}"}}
runs:
  using: composite
  steps:
    - {id: in, uses: one/tool@SHA, with: {who: "${{ github.action_repository }}"}}
""".replace("SHA", SHA),
}


def _archive(contents):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, text in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


@pytest.fixture
def use(tmp_path):
    """Run the steps of a job in a workspace that holds some files."""

    def run(text, *, bring=lambda _: _archive(OTHERS), **files):
        job = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
        workflow = parse((job + textwrap.indent(text, "      ")).encode(), "ci.yml")
        assert workflow.refusals == ()
        workspace = tmp_path / "job" / "boat"
        workspace.mkdir(parents=True)
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
            around = Surround(
                box, spool, lambda *_: None, lambda *_: None, threading.Event(), bring=bring
            )
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


def test_an_action_of_others_begins_before_all_steps_and_ends_after_them(use):
    brought = []
    outcome, log = use(
        f"""
- run: echo first step
- {{id: tool, uses: one/tool@{SHA}, with: {{who: Bob, odd: yes}}}}
- {{id: deep, uses: one/tool/deep/er@{SHA}}}
- run: 'echo "said ${{{{ steps.tool.outputs.said }}}}, ${{{{ steps.deep.outputs.said }}}}"'
""",
        bring=lambda address: brought.append(str(address)) or _archive(OTHERS),
    )
    assert outcome.conclusion == "success", log
    assert brought == [f"one/tool@{SHA}"]
    assert log.index("\npre for Bob\n") < log.index("\nfirst step\n")
    assert "\np Bob yes 40\none/tool /" in log
    assert "\nsaid Bob, one/tool\n" in log
    assert log.index("\nundefined one/tool") < log.index("\npm Bob yes 40\n")
    names = [(each.number, each.name) for each in outcome.steps]
    assert names[0] == (0, f"Pre Run one/tool@{SHA}")
    assert [number for number, _ in names] == [0, 1, 2, 3, 4, 5, 6]


def test_what_may_not_be_used_fails_the_job_before_any_step(use):
    def refuse(address):
        raise Denied(f"{address} is not welcome.", next_step="Ask.")

    outcome, log = use(f"- run: echo never\n- uses: one/tool@{SHA}\n", bring=refuse)
    assert (outcome.conclusion, outcome.why) == ("failure", f"one/tool@{SHA} is not welcome. Ask.")
    assert "never" not in log


def test_files_that_cannot_be_unpacked_are_told(use):
    outcome, _ = use(f"- uses: one/tool@{SHA}\n", bring=lambda _: b"this is no archive")
    assert "cannot be unpacked" in outcome.why


def test_an_archive_cannot_write_outside_its_directory(use, tmp_path):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in ("../../../../../../job/boat/planted", str(tmp_path / "planted")):
            archive.addfile(tarfile.TarInfo(name))
    use(f"- uses: one/tool@{SHA}\n", bring=lambda _: made.getvalue())
    assert not [*tmp_path.rglob("planted")] or all(
        "_actions" in str(each) for each in tmp_path.rglob("planted")
    )


def test_actions_that_use_each_other_come_to_an_end(use):
    loop = "runs: {using: composite, steps: [{uses: ./loop}]}"
    outcome, _ = use("- {uses: ./loop}\n", **{"loop/action.yml": loop})
    assert outcome.conclusion == "failure"


def test_what_cannot_be_used_is_named(tmp_path):
    (tmp_path / "boat").mkdir()
    (tmp_path / "boat" / "action.yml").write_text("runs: {using: docker, image: x}\n")
    with bare.open_box(Place(tmp_path / "boat", scratch=tmp_path)) as box:
        shelf = actions.Shelf(box, lambda _: b"")
        with pytest.raises(InvalidInput, match="There is no action"):
            shelf.local("./nowhere")
        with pytest.raises(InvalidWorkflow, match=r"action\.yml:1:15: `using: docker` is not run"):
            shelf.local("./")

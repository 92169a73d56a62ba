"""The `steps` of a job."""

import pytest

from towpath.pipelines.formats import steps, tree
from towpath.pipelines.formats.reading import Reader
from towpath.pipelines.model.workflow import Checkout


def read(text):
    reader = Reader("f.yml")
    return steps.read(reader, tree.read(text.encode(), "f.yml")), reader.problems


def test_a_step_has_all_its_keys():
    (step,), problems = read(
        "[{name: N, id: i, if: always(), run: make, env: {A: b}, working-directory: d,"
        " shell: bash, timeout-minutes: 1.5, continue-on-error: true}]"
    )
    assert problems == []
    assert (step.name, step.id, step.condition, step.run) == ("N", "i", "always()", "make")
    assert (step.env, step.working_directory, step.shell) == ({"A": "b"}, "d", "bash")
    assert (step.timeout_minutes, step.continue_on_error) == (1.5, True)


def test_checkout_is_built_in():
    (step,), problems = read("[{uses: actions/checkout@v4, with: {fetch-depth: 0, path: sub}}]")
    assert problems == []
    assert step.checkout == Checkout(depth=0, path="sub")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[{name: x}]", "exactly one key"),
        ("[{run: a, uses: actions/checkout@v4}]", "exactly one key"),
        ("[{run: a, with: {x: y}}]", "Unknown key `with` in a step with `run`"),
        ("[{uses: actions/checkout@v4, shell: sh}]", "Unknown key `shell` in a step with `uses`"),
        ("[{uses: '$$docker://a:3.8'}]", "not the address of an action"),
        ("[{uses: repository@main}]", "not the address of an action"),
        ("[{uses: '${{ github.ref }}'}]", "plain text"),
        ("[{uses: actions/checkout@v4, with: {path: ../up}}]", "inside the workspace"),
        ("[{run: a, shell: fish}]", "shell `fish`"),
        ("[{run: a, shell: '${{ env.s }}'}]", "env"),
        ("[{run: a, id: 1x}]", "cannot name a step"),
        ("[{run: a, id: x}, {run: b, id: X}]", "Two steps"),
        ("[{run: '${{ jobs.a }}'}]", "jobs"),
        ("[{run: a, if: nope()}]", "Unrecognized function"),
        ("[]", "between 1 and"),
        ("[{cancel: ''}]", "may not be empty"),
        ("[{parallel: [{run: a, id: x}, {run: b, id: x}]}]", "Two steps"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    _, problems = read(text)
    assert any(says in problem.message for problem in problems), problems


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[{uses: docker://alpine:3}]", "1:9: `uses: docker://alpine:3` is not run yet"),
        ("[{uses: actions/checkout@v4, with: {token: x}}]", "1:37: `token` is not run yet"),
        ("[{run: a, background: true}]", "1:11: `background` is not run yet"),
        ("[{run: '${{ vars.a }}'}]", "1:8: `vars` is not run yet"),
        ("[{run: a, shell: cmd}]", "1:18: `shell: cmd` is not run yet"),
    ],
)
def test_what_is_understood_but_not_run_is_noted_with_its_place(text, says):
    reader = Reader("f.yml")
    assert steps.read(reader, tree.read(text.encode(), "f.yml"))
    assert reader.problems == []
    assert says in str(reader.unrun[0])


def test_an_action_keeps_its_inputs():
    (step,), problems = read("[{uses: ./.github/actions/a, with: {x: 1, y: '${{ github.ref }}'}}]")
    assert problems == []
    assert (step.uses, step.inputs) == (
        "./.github/actions/a",
        {"x": "1", "y": "${{ github.ref }}"},
    )


def test_steps_that_run_beside_others_are_understood():
    found, problems = read(
        "[{run: a, id: x, background: true}, {wait: x}, {wait-all: }, {cancel: x},"
        " {parallel: [{run: b}, {run: c}]}]"
    )
    assert problems == []
    assert [step.waits for step in found] == [None, ("x",), (), None, None]
    assert (found[0].background, found[3].cancels) == (True, "x")
    assert [step.run for step in found[4].parallel] == ["b", "c"]


def test_inputs_of_checkout_that_ask_for_what_happens_anyway_are_taken():
    reader = Reader("f.yml")
    text = b"[{uses: actions/checkout@v4, with: {persist-credentials: false, lfs: false}}]"
    steps.read(reader, tree.read(text, "f.yml"))
    assert (reader.problems, reader.unrun) == ([], [])


def test_a_shell_may_be_a_command_that_takes_the_script():
    (step,), problems = read("[{run: a, shell: 'perl {0}'}]")
    assert (step.shell, problems) == ("perl {0}", [])

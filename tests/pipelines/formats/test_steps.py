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
        ("[{uses: actions/setup-python@v5}]", "`actions/setup-python@v5` is not supported"),
        ("[{name: x}]", "either `run` or `uses`"),
        ("[{run: a, uses: actions/checkout@v4}]", "either `run` or `uses`"),
        ("[{run: a, with: {x: y}}]", "`with` needs `uses`"),
        ("[{uses: actions/checkout@v4, shell: sh}]", "`shell` needs `run`"),
        ("[{uses: actions/checkout@v4, with: {token: x}}]", "`token` in with is not supported"),
        ("[{uses: actions/checkout@v4, with: {path: ../up}}]", "inside the workspace"),
        ("[{run: a, shell: pwsh}]", "shell `pwsh`"),
        ("[{run: a, id: 1x}]", "cannot name a step"),
        ("[{run: a, id: x}, {run: b, id: X}]", "Two steps"),
        ("[{run: '${{ secrets.a }}'}]", "secrets"),
        ("[{run: a, if: nope()}]", "Unrecognized function"),
        ("[]", "between 1 and"),
        ("[{run: a, background: true}]", "background"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    _, problems = read(text)
    assert any(says in problem.message for problem in problems), problems


def test_a_shell_may_be_a_command_that_takes_the_script():
    (step,), problems = read("[{run: a, shell: 'perl {0}'}]")
    assert (step.shell, problems) == ("perl {0}", [])

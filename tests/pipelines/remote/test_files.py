"""Programs of ours beside the steps, in boxes of both kinds."""

import sys

import pytest

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.remote import files, hashing


def test_files_are_hashed_as_they_lie_in_the_box(steps, workspace):
    (workspace / "a.lock").write_text("one")
    (workspace / "b.lock").write_text("two")
    read = hashing.read("*.lock", str(workspace.resolve()), "/nonexistent")
    expected = hashing.digest(read, str(workspace.resolve()), follow=False)
    assert files.hashed(steps.box, ["*.lock"]) == expected != ""
    assert files.hashed(steps.box, ["b.lock", "a.lock"]) != expected
    assert files.hashed(steps.box, ["--follow-symbolic-links", "*.lock"]) == expected
    assert files.hashed(steps.box, ["nothing"]) == ""


@pytest.mark.parametrize(
    ("patterns", "says"),
    [(["../x"], "may not hold"), (["--fast", "x"], "no option but"), (["dangling"], "dangling")],
)
def test_what_cannot_be_hashed_is_an_error_of_the_expression(
    open_steps, workspace, patterns, says
):
    (workspace / "dangling").symlink_to("nowhere")
    with pytest.raises(ExpressionError, match=says):
        files.hashed(open_steps("bare").box, patterns)


def test_a_program_that_takes_too_long_or_says_too_much_is_bounded(open_steps, tmp_path):
    box = open_steps("bare").box
    (tmp_path / "wait.py").write_text("import time\ntime.sleep(60)\n")
    with pytest.raises(InvalidInput, match="longer than"):
        files.answer(box, str(tmp_path / "wait.py"), [], seconds=0.5)
    (tmp_path / "talk.py").write_text("import sys\nsys.stdout.write('x' * int(sys.argv[1]))\n")
    talk = str(tmp_path / "talk.py")
    said = files.answer(box, talk, ["300000"], seconds=60, python=[sys.executable])
    assert said == "x" * 65536


def test_a_file_is_read_as_the_job_would_read_it(steps, workspace):
    (workspace / "a").write_text("hello")
    assert files.read(steps.box, f"{steps.box.workspace}/a") == b"hello"
    assert files.read(steps.box, f"{steps.box.workspace}/a", 2) == b"he"
    assert files.read(steps.box, f"{steps.box.workspace}/b") is None

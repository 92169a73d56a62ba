"""`towpath run`, as a person and as a machine read it; `towpath runner`."""

import json
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from towpath.kernel.errors import Unavailable
from towpath.pipelines.cli import running
from towpath.pipelines.cli.running import run
from towpath.pipelines.remote import box

GOOD = "on: push\njobs:\n  a: {runs-on: x, steps: [{name: Say, run: echo hello}]}\n"
TWO = """
name: Both
on: push
jobs:
  a: {runs-on: x, steps: [{run: "echo from a; false"}]}
  b: {runs-on: x, needs: a, steps: [{run: echo}]}
"""


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree" / ".towpath" / "workflows"
    folder.mkdir(parents=True)

    def write(**files):
        for name, text in files.items():
            (folder / f"{name}.yml").write_text(text)
        return tmp_path / "tree"

    return write


def towpath_run(tree, *arguments):
    return CliRunner().invoke(run, [*arguments, "-C", str(tree)])


def test_the_only_workflow_runs_without_being_named(tree):
    done = towpath_run(tree(ci=GOOD))
    assert done.exit_code == 0, done.output
    assert "▸ Say" in done.output
    assert "\nhello\n" in done.output
    assert "✓ ci (.towpath/workflows/ci.yml) passed in" in done.output


def test_a_failure_is_named_and_is_the_exit_code(tree):
    done = towpath_run(tree(ci=TWO))
    assert done.exit_code == 1
    assert "a │ from a" in done.output
    assert "✗ a  failed" in done.output
    assert "○ b  skipped" in done.output


def test_several_workflows_are_listed(tree):
    done = towpath_run(tree(ci=GOOD, nightly=TWO))
    assert done.exit_code == 2
    assert "ci, nightly" in done.output


@pytest.mark.parametrize("name", ["nightly", "nightly.yml", "Both"])
def test_a_workflow_is_found_by_file_or_by_name(tree, name):
    done = towpath_run(tree(ci=GOOD, nightly=TWO), name)
    assert "Both (.towpath/workflows/nightly.yml) failed" in done.output


def test_one_job_can_be_run_alone(tree):
    done = towpath_run(tree(ci=TWO), "--job", "a")
    assert "from a" in done.output
    assert " b " not in done.output
    assert "a, b" in towpath_run(tree(ci=TWO), "--job", "zzz").output


def test_a_wrong_file_is_told_by_its_lines(tree):
    done = towpath_run(tree(ci="on: push\njobs:\n  a: {run-on: x, steps: []}\n"))
    assert done.exit_code == 2
    assert ".towpath/workflows/ci.yml:3:7: Unknown key `run-on` in job `a`." in done.output


def test_no_workflow_says_where_one_would_be(tmp_path):
    done = towpath_run(tmp_path)
    assert done.exit_code == 2
    assert ".towpath/workflows" in done.output


def test_machines_read_json_alone_on_standard_output(tree):
    done = towpath_run(tree(ci=TWO), "--json")
    result = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (result["workflow"], result["conclusion"]) == ("Both", "failure")
    assert [job["conclusion"] for job in result["jobs"]] == ["failure", "skipped"]
    assert result["jobs"][0]["steps"][0]["why"] == "The command ended with exit code 1."
    assert "from a" in done.stderr


SAYS = """
on: push
jobs:
  a:
    runs-on: x
    steps:
      - run: |
          echo "::error file=a.py,line=3::It is wrong"
          echo "# Report" >> $GITHUB_STEP_SUMMARY
"""


def test_annotations_and_summaries_are_told_at_the_end(tree):
    done = towpath_run(tree(ci=SAYS))
    end = done.output.partition("✓ a  passed")[2]
    assert "error: a.py:3: It is wrong" in end
    assert "│ # Report" in end
    step = json.loads(towpath_run(tree(ci=SAYS), "--json").stdout)["jobs"][0]["steps"][0]
    assert (step["annotations"][0]["file"], step["summary"]) == ("a.py", "# Report\n")


PROGRAM = "from towpath.pipelines.cli.running import run; run()"
WISHES = """
on: [push, pull_request]
jobs:
  a:
    runs-on: x
    if: github.event.number == 7
    steps:
      - {id: never, run: exit 1}
      - {name: Say, if: "github.head_ref == 'topic'", run: 'test "$KEY" = s3cret; echo "$KEY"'}
      - run: echo ::debug::${{ github.event_name }} of ${{ github.event.number }}
    env: {KEY: "${{ secrets.KEY }}"}
"""


def test_an_event_secrets_and_a_first_step_are_given_and_all_is_explained(tree, tmp_path):
    event, kept = tmp_path / "event.json", tmp_path / "secrets"
    event.write_text(json.dumps({"number": 7, "pull_request": {"head": {"ref": "topic"}}}))
    kept.write_text("KEY=s3cret\n")
    words = ["--event", str(event), "--secrets", str(kept), "--from-step", "Say"]
    done = towpath_run(tree(ci=WISHES), *words, "--explain", "--debug")
    assert done.exit_code == 0, done.output
    assert "? if: github.event.number == 7 → true" in done.output
    assert '? github.event_name → "pull_request"' in done.output
    assert "Debug: pull_request of 7" in done.output
    assert "\n***\n" in done.output
    assert "s3cret" not in done.output.replace("= s3cret; echo", "")


def test_an_event_or_secrets_that_make_no_sense_are_refused(tree, tmp_path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text("nonsense")
    for option in ("--event", "--secrets"):
        done = towpath_run(tree(ci=GOOD), option, str(wrong))
        assert done.exit_code == 2
        assert "wrong.json" in done.output


def test_a_tree_that_is_watched_is_run_again_when_it_changes(tree):
    made = tree(ci=GOOD)
    words = [sys.executable, "-c", PROGRAM, "--watch", "-C", str(made)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(words, **pipes) as ran:
        said = iter(ran.stdout.readline, "")
        assert any(line == "hello\n" for line in said)
        assert any("Waiting for a change" in line for line in said)
        tree(ci=GOOD.replace("hello", "again"))
        assert any(line == "again\n" for line in said)
        assert any("Waiting for a change" in line for line in said)
        ran.send_signal(signal.SIGINT)
        assert ran.wait(60) == 130


def test_help_shows_examples():
    done = CliRunner().invoke(run, ["--help"])
    assert "towpath run ci --job test" in done.output


def test_a_runner_of_the_command_line_is_the_runner_program(tmp_path):
    checked = CliRunner().invoke(running.runner, ["--check", "--work", str(tmp_path)])
    assert json.loads(checked.output)["level"] in {"namespaces", "none"}
    assert CliRunner().invoke(running.runner, []).exit_code == 2


def test_what_a_runner_is_told_is_passed_on_word_by_word():
    said = {"url": "http://t", "tool_path": ("/a", "/b"), "slots": 2, "check": True, "json": False}
    words = "--url http://t --tool-path /a --tool-path /b --slots 2 --check"
    assert list(running._words({**said, "name": None})) == words.split()


def test_a_runner_that_cannot_wall_jobs_off_as_asked_ends_with_words(tmp_path, monkeypatch):
    def refuse(_):
        raise Unavailable("Jobs cannot be walled off.", next_step="Install bubblewrap.")

    monkeypatch.setattr(box, "choose", refuse)
    token = tmp_path / "token"
    token.write_text("tow_x")
    words = ["--url", "http://127.0.0.1:9", "--token-file", str(token), "--work", str(tmp_path)]
    refused = CliRunner().invoke(running.runner, words)
    assert refused.exit_code == 1
    assert "Install bubblewrap." in refused.output


CALLING = """
on: push
jobs:
  call:
    strategy: {matrix: {v: [7]}}
    uses: ./.towpath/workflows/called.yml
    with: {version: "${{ matrix.v }}"}
    secrets: {inner: "${{ secrets.OUTER }}"}
  after: {needs: call, runs-on: x, steps: [{run: "echo got ${{ needs.call.outputs.built }}"}]}
"""
CALLED = """
on:
  workflow_call:
    inputs: {version: {type: string}}
    secrets: {inner: {required: true}}
    outputs: {built: {value: "${{ jobs.a.outputs.name }}"}}
env: {FILE: called}
jobs:
  a:
    runs-on: x
    outputs: {name: "${{ steps.s.outputs.name }}"}
    steps:
      - {id: s, run: 'echo "name=boat-${{ inputs.version }}-$FILE" >> "$GITHUB_OUTPUT"'}
      - {run: 'test "$KEY" = hunter2', env: {KEY: "${{ secrets.inner }}"}}
"""


def test_a_called_workflow_runs_with_what_it_is_handed_and_gives_back(tree, tmp_path):
    known = tmp_path / "secrets"
    known.write_text("OUTER=hunter2\n")
    done = towpath_run(tree(ci=CALLING, called=CALLED), "ci", "--secrets", str(known))
    assert done.exit_code == 0, done.output
    assert "got boat-7-called" in done.output
    assert "✓ call (7) / a  passed" in done.output


def test_a_workflow_that_lies_elsewhere_needs_a_server(tree):
    there = f"on: push\njobs: {{a: {{uses: 'al/lib/.github/workflows/b.yml@{'1' * 40}'}}}}\n"
    done = towpath_run(tree(ci=there))
    assert done.exit_code == 2
    assert "Let a server run it." in done.output
    outside = "on: push\njobs: {a: {uses: ./.github/workflows/../../b.yml}}\n"
    assert "is not the address of a workflow" in towpath_run(tree(ci=outside)).output


MACHINES = """
on: push
concurrency: one
permissions: {contents: write}
jobs:
  a:
    strategy: {matrix: {v: ["3.11", "3.12"], os: [ubuntu-latest, windows-latest]}}
    runs-on: ${{ matrix.os }}
    steps: [{run: "echo v is ${{ matrix.v }}"}]
"""


def test_only_what_was_asked_for_of_a_matrix_runs_and_what_belongs_elsewhere_is_told(tree):
    done = towpath_run(tree(ci=MACHINES), "--matrix", "v=3.12")
    assert done.exit_code == 0, done.output
    assert "v is 3.12" in done.output
    assert "v is 3.11" not in done.output
    assert "It wants windows-latest, and this machine runs Linux." in done.output
    assert "Only v 3.12 was asked for." in done.output
    assert "is no KEY=VALUE" in towpath_run(tree(ci=MACHINES), "--matrix", "v").output


def test_variables_are_handed_to_all_steps_and_the_file_overrules_them(tree):
    text = "on: push\nenv: {B: file}\njobs:\n  a: {runs-on: x, steps: [{run: 'echo $A $B'}]}\n"
    done = towpath_run(tree(ci=text), "--env", "A=given", "--env", "B=lost")
    assert "\ngiven file\n" in done.output


def test_jobs_that_can_run_alone_are_named_when_the_file_cannot(tree):
    text = "on: push\njobs:\n  a: {runs-on: x, steps: [{run: 'true'}]}\n"
    done = towpath_run(tree(ci=f"{text}  b: {{runs-on: x, container: c, steps: [{{run: x}}]}}\n"))
    assert done.exit_code == 2
    assert "These jobs can run, named by --job: a\n" in done.output
    assert ".towpath/workflows/ci.yml:4:19: `container` is not run yet" in done.output


def test_actions_of_others_are_refused_until_they_are_allowed(tree, tmp_path):
    uses = f"uses: one/tool@{'1' * 40}"
    text = f"on: push\njobs:\n  a: {{runs-on: x, steps: [{{{uses}}}]}}\n"
    done = towpath_run(tree(ci=text))
    assert done.exit_code == 2
    assert "ci.yml:3:" in done.output
    assert "Add the line `one/tool` to .towpath/actions." in done.output
    (tmp_path / "tree/.towpath/actions").write_text("one/tool\n")
    nowhere = ("--actions-url", f"file://{tmp_path}/nowhere/{{repository}}")
    done = towpath_run(tree(ci=text), *nowhere)
    assert done.exit_code == 1
    assert "cannot be fetched" in done.output

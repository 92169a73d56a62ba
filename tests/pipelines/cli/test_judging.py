"""`towpath pipelines lint` and `eval`, as a person and as a machine read them."""

import json
import subprocess

import pytest
from click.testing import CliRunner

from towpath.pipelines.cli.judging import pipelines

GOOD = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{ github.sha }}\n"


@pytest.fixture
def lint(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*texts, options=("--json",)):
        for number, text in enumerate(texts):
            (tmp_path / f"{number}.yml").write_text(text)
        names = [f"{number}.yml" for number in range(len(texts))]
        return CliRunner().invoke(pipelines, ["lint", *names, *options])

    return run


def evaluated(*arguments):
    return CliRunner().invoke(pipelines, ["eval", *arguments])


def test_a_file_with_nothing_wrong_is_an_empty_list(lint):
    done = lint(GOOD)
    assert (done.exit_code, json.loads(done.stdout)) == (0, [])


def test_each_problem_of_each_file_has_its_place_and_its_key(lint):
    done = lint(GOOD, GOOD.replace("runs-on", "run-on"))
    assert done.exit_code == 1
    first, second = json.loads(done.stdout)
    assert (first["file"], first["line"], first["column"], first["key"]) == (
        ("1.yml", 3, 3, "runs-on")
    )
    assert (second["line"], second["column"], second["key"]) == (4, 5, "run-on")
    assert "Did you mean `runs-on`?" in second["message"]
    assert "runs-on" in second["expected"]


def test_what_is_not_run_yet_is_an_error_too(lint):
    done = lint(GOOD.replace("    steps", "    container: debian\n    steps"))
    (problem,) = json.loads(done.stdout)
    assert (done.exit_code, problem["line"], problem["key"]) == (1, 5, "container")


def test_a_stranger_s_text_in_a_script_is_an_error_that_says_what_to_do(lint):
    done = lint(GOOD.replace("github.sha", "github.event.pull_request.title"))
    (problem,) = json.loads(done.stdout)
    assert (done.exit_code, problem["line"], problem["column"], problem["key"]) == (
        1,
        6,
        14,
        "run",
    )
    assert "`github.event.pull_request.title` is written by strangers" in problem["message"]
    assert "Pass it by `env:`" in problem["message"]


def test_it_is_no_error_where_it_stays_text(lint):
    text = GOOD + "        env: {T: '${{ github.event.pull_request.title }}'}\n"
    assert lint(text).exit_code == 0


def test_the_script_of_an_action_is_a_script(lint):
    step = "uses: actions/github-script@v7\n        with: {script: 'x(`${{ github.head_ref }}`)'}"
    done = lint(GOOD.replace("run: echo ${{ github.sha }}", step))
    assert "`github.head_ref` is written by strangers" in done.stdout


def test_warnings_alone_are_no_failure(lint):
    done = lint(GOOD.replace("push", "[push, release]"))
    (problem,) = json.loads(done.stdout)
    assert (done.exit_code, problem["level"], problem["line"]) == (0, "warning", 1)


def test_people_read_one_line_per_problem(lint):
    done = lint(GOOD.replace("x\n", "x\n    nope: 1\n"), options=())
    assert done.stdout.startswith("0.yml:5:5: error: Unknown key `nope` in job `a`. Expected: ")


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("${{ github.ref }}", "main"),
        ("GitHub.REF == 'MAIN'", True),
        ("on ${{ github.ref }}", "on main"),
        ("github.n", 2),
        ("fromJSON('[1, 2.5]')", [1, 2.5]),
        ("github.nothing", None),
        ("failure()", True),
    ],
)
def test_an_expression_is_printed_as_json(tmp_path, source, value):
    file = tmp_path / "c.json"
    file.write_text('{"GitHub": {"ref": "main", "n": 2}, "job": {"status": "failure"}}')
    done = evaluated(source, "--contexts", str(file))
    assert (done.exit_code, json.loads(done.stdout)) == (0, value)


@pytest.mark.parametrize(
    ("source", "says"),
    [("1 + 1", "Unexpected symbol: '+'"), ("fromJSON('{')", "fromJSON"), ("${{ 1", "not closed")],
)
def test_what_is_wrong_or_fails_is_told_and_has_no_value(source, says):
    done = evaluated(source)
    assert (done.exit_code, done.stdout) == (1, "")
    assert says in done.stderr


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000])
def test_contexts_that_are_none_are_refused_in_words(tmp_path, text):
    file = tmp_path / "c.json"
    file.write_text(text)
    done = evaluated("1", "--contexts", str(file))
    assert done.exit_code == 1
    assert "JSON" in done.stderr


def test_what_is_not_among_the_contexts_is_not_known():
    done = evaluated("github.ref")
    assert done.exit_code == 1
    assert "Unrecognized named-value: 'github'" in done.stderr


PLAN = """
on: {push: {branches: [main]}}
jobs:
  a: {runs-on: x, strategy: {matrix: {v: [1, 2]}}, steps: [{run: x}]}
  b: {needs: a, if: "false", runs-on: x, steps: [{run: x}]}
"""


def test_a_plan_lists_jobs_after_matrix_and_conditions(tmp_path):
    file, event = tmp_path / "ci.yml", tmp_path / "event.json"
    file.write_text(PLAN)
    event.write_text('{"ref": "refs/heads/main"}')
    done = CliRunner().invoke(pipelines, ["plan", str(file), "--event", str(event), "--json"])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["triggered"], told["event"]) == (0, True, "push")
    assert [(job["name"], job["fate"], job["matrix"]) for job in told["jobs"]] == [
        ("a (1)", "runs", {"v": 1}), ("a (2)", "runs", {"v": 2}), ("b", "skipped", {}),
    ]  # fmt: skip
    assert "skipped  b  (after a)" in CliRunner().invoke(pipelines, ["plan", str(file)]).output


def test_an_event_that_starts_nothing_plans_nothing(tmp_path):
    file, event = tmp_path / "ci.yml", tmp_path / "event.json"
    file.write_text(PLAN)
    event.write_text('{"ref": "refs/heads/dev"}')
    done = CliRunner().invoke(pipelines, ["plan", str(file), "--event", str(event)])
    assert done.exit_code == 0
    assert "is not started by push" in done.output


def test_what_is_not_run_yet_cannot_be_planned(tmp_path):
    file = tmp_path / "ci.yml"
    file.write_text(PLAN.replace("v: [1, 2]", "v: '${{ fromJSON(1) }}'"))
    assert CliRunner().invoke(pipelines, ["plan", str(file)]).exit_code == 1
    file.write_text("on: push\njobs:\n  a: {runs-on: x, services: {}, steps: [{run: x}]}\n")
    done = CliRunner().invoke(pipelines, ["plan", str(file)])
    assert done.exit_code == 1
    assert "ci.yml:3:19" in done.output


CALLING = "on: push\njobs: {a: {uses: ./.github/workflows/b.yml, with: {n: 1}}}\n"
CALLED = """
on: {workflow_call: {inputs: {n: {type: number}}}}
jobs:
  c: {runs-on: x, name: "c${{ inputs.n }}", steps: [{run: x}]}
  d: {runs-on: x, if: inputs.n > 1, steps: [{run: x}]}
"""


@pytest.fixture
def calling(tmp_path):
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (folder / "a.yml").write_text(CALLING)
    return folder


def test_a_plan_goes_into_what_is_called(calling):
    (calling / "b.yml").write_text(CALLED)
    done = CliRunner().invoke(pipelines, ["plan", str(calling / "a.yml"), "--json"])
    assert [(job["name"], job["fate"]) for job in json.loads(done.stdout)["jobs"]] == [
        ("a / c1", "runs"), ("a / d", "skipped")
    ]  # fmt: skip


def test_what_is_wrong_with_a_call_or_in_what_is_called_is_told(calling):
    done = CliRunner().invoke(pipelines, ["lint", str(calling / "a.yml")])
    assert (done.exit_code, "There is no workflow" in done.output) == (1, True)
    (calling / "b.yml").write_text(CALLED.replace("{n:", "{m:"))
    done = CliRunner().invoke(pipelines, ["lint", str(calling / "a.yml")])
    assert "a.yml:2:8: error: `./.github/workflows/b.yml` has no input `n`." in done.output

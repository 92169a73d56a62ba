"""What steps see."""

import pytest

from towpath.pipelines.model.execution import Assignment, Source
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.model.workflow import Job, Variant
from towpath.pipelines.remote.standing import Frame, Standing, StepError


class Walls:
    workspace = "/workspace/boat"
    environment = {"PATH": "/bin", "TMPDIR": "/tmp", "HOME": "/home"}  # noqa: RUF012 - only read

    def put(self, name, data):
        self.kept = {name: data}
        return f"/files/{name}"


class Said:
    def __init__(self, env, paths):
        self.env, self.paths = env, paths


@pytest.fixture
def standing():
    spec = Job(id="a", line=1, env={"OF_JOB": "${{ matrix.v }}"}, variant=Variant({"v": 3}, 1, 4))
    given = Assignment(
        job="j", run="r", attempt=1, lease="l", name="a", spec=spec, env={"TOP": "t"},
        github={"sha": "1" * 40, "job": "a"}, needs={}, source=Source(path="/a.git"),
    )  # fmt: skip
    made = Standing(given, Walls(), {"OURS": "1"})
    made.begin()
    return made


def test_a_step_sees_its_variant_and_what_was_said_before(standing):
    standing.learn(Said({"SAID": "x"}, ["/one", "/two"]))
    standing.learn(Said({}, ["/three"]))
    around = standing.surroundings(Frame(), standing.env, cancelled=False)
    text = "${{ matrix.v }} ${{ strategy.job-index }} ${{ env.OF_JOB }} ${{ env.SAID }}"
    assert standing.text(text, around) == "3 1 3 x"
    whole = standing.variables(Frame(), {**standing.env, "GITHUB_SHA": "forged", "CI": "no"})
    assert whole["PATH"] == "/three:/two:/one:/bin"
    assert (whole["GITHUB_SHA"], whole["CI"], whole["OURS"]) == ("1" * 40, "no", "1")


def test_limits_are_evaluated_and_must_be_of_their_kind(standing):
    around = standing.surroundings(Frame(), {}, cancelled=False)
    assert standing.minutes("${{ matrix.v }}", around) == 3
    assert standing.forgives("${{ matrix.v == 3 }}", around) is True
    for wrong in ("${{ github.sha == '' }}", "${{ github.sha }}"):
        with pytest.raises(ExpressionError, match="timeout-minutes"):
            standing.minutes(wrong, around)
    with pytest.raises(ExpressionError, match="continue-on-error"):
        standing.forgives("${{ matrix.v }}", around)


def test_no_command_gets_a_nul(standing):
    around = standing.surroundings(Frame(), {}, cancelled=False)
    with pytest.raises(StepError, match="NUL"):
        standing.text("${{ fromJSON('\"\\u0000\"') }}", around)


def test_a_step_finds_the_event_in_a_file_and_tools_in_a_directory_but_no_token(standing):
    whole = standing.variables(Frame(), standing.env)
    assert whole["GITHUB_EVENT_PATH"] == "/files/event.json"
    assert whole["RUNNER_TOOL_CACHE"] == "/home/_tools"
    assert "GITHUB_TOKEN" not in whole
    around = standing.surroundings(Frame(), standing.env, cancelled=False)
    assert standing.text("${{ github.token }}", around) == standing.secrets["GITHUB_TOKEN"]

"""The steps of a job in a real box: conditions, environment, shells, words to later steps."""

import threading

import pytest

from towpath.kernel.errors import TowpathError
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.execution import Assignment, Source
from towpath.pipelines.remote import bare
from towpath.pipelines.remote import steps as engine
from towpath.pipelines.remote.place import Place
from towpath.pipelines.remote.spool import Spool

GITHUB = {"repository": "alice/boat", "sha": "1" * 40, "ref": "refs/heads/main", "job": "a"}


class Ran:
    def __init__(self, outcome, log, reports):
        self.outcome, self.log, self.reports = outcome, log, reports

    @property
    def conclusions(self):
        return [step.conclusion for step in self.outcome.steps]


@pytest.fixture
def execute(tmp_path):
    """Run the steps of job `a` of a file."""

    def run(text, *, cancel=None, fetch=None, needs=None, during=None, secrets=None):
        head = "on: push\nenv: {TOP: top}\njobs:\n  a:\n    runs-on: x\n"
        workflow = parse((head + text).encode(), "ci.yml")
        workspace = tmp_path / "job" / "boat"
        workspace.mkdir(parents=True)
        given = Assignment(
            job="j", run="r", attempt=1, lease="l", name="a", spec=workflow.jobs[0],
            env=workflow.env, github=GITHUB, needs=needs or {}, secrets=secrets or {},
            source=Source(path="/a.git", token="tow_read"),
        )  # fmt: skip
        spool = Spool(tmp_path / "log")
        reports = []
        with bare.open_box(Place(workspace, scratch=workspace.parent)) as box:
            around = engine.Surround(
                box, spool, fetch or (lambda *_: None), reports.append, cancel or threading.Event()
            )
            if during:
                during(box)
            outcome = engine.Job(given, around).run()
        log = spool.read(0, 10**7).decode()
        spool.close()
        return Ran(outcome, log, reports)

    return run


def test_a_step_that_fails_skips_the_rest_except_what_asks_for_it(execute):
    ran = execute("""
    steps:
      - run: echo one
      - run: exit 3
      - run: echo never
      - {run: echo cleanup, if: failure()}
      - {run: echo always, if: always()}
      - {run: echo no, if: "github.ref == 'other'"}
""")
    assert ran.outcome.conclusion == "failure"
    assert ran.conclusions == ["success", "failure", "skipped", "success", "success", "skipped"]
    assert ran.outcome.steps[1].why == "The command ended with exit code 3."
    assert "never" not in ran.log
    assert "cleanup" in ran.log


def test_a_failure_that_may_be_is_forgiven_and_yet_known(execute):
    ran = execute("""
    steps:
      - {id: bad, run: "false", continue-on-error: true}
      - run: echo ${{ steps.bad.outcome }} ${{ steps.bad.conclusion }} ${{ job.status }}
""")
    assert ran.outcome.conclusion == "success"
    assert "\nfailure success success\n" in ran.log


def test_steps_speak_to_those_after_them(execute):
    ran = execute("""
    outputs: {v: "${{ steps.out.outputs.v }}", multi: "${{ steps.out.outputs.multi }}"}
    steps:
      - id: out
        run: |
          echo v=42 >> $GITHUB_OUTPUT
          printf 'multi<<END\\na\\nb\\nEND\\n' >> $GITHUB_OUTPUT
          echo COLOUR=red >> $GITHUB_ENV
          mkdir bin; printf '#!/bin/sh\\necho tool ran' > bin/tool; chmod +x bin/tool
          echo $PWD/bin >> $GITHUB_PATH
      - run: |
          tool
          echo $COLOUR ${{ env.COLOUR }} ${{ steps.out.outputs.v }}
""")
    assert "\ntool ran\nred red 42\n" in ran.log
    assert ran.outcome.outputs == {"v": "42", "multi": "a\nb"}


def test_environments_lie_one_on_the_other(execute):
    ran = execute(
        """
    env: {JOB: "job ${{ needs.b.outputs.x }}", BOTH: outer}
    steps:
      - env: {STEP: "step ${{ env.JOB }}", BOTH: inner}
        run: echo "$TOP/$JOB/$STEP/$BOTH/$CI/$GITHUB_SHA"
      - run: echo "[$STEP]"
""",
        needs={"b": {"result": "success", "outputs": {"x": "7"}}},
    )
    assert f"\ntop/job 7/step job 7/inner/true/{'1' * 40}\n" in ran.log
    assert "\n[]\n" in ran.log


@pytest.mark.parametrize(
    ("shell", "script", "passes"),
    [
        ("bash", "false | true", False),
        ("", "false | true", True),
        ("sh", "echo $0 | grep -q step-1.sh", True),
        ("python", "import sys; sys.exit(0)", True),
        ("'cat {0}'", "whatever", True),
    ],
)
def test_each_shell_has_its_manners(execute, shell, script, passes):
    line = f", shell: {shell}" if shell else ""
    ran = execute(f"    steps: [{{run: '{script}'{line}}}]\n")
    assert (ran.outcome.conclusion == "success") == passes


def test_a_directory_is_taken_from_the_step_or_else_from_the_job(execute):
    ran = execute("""
    defaults: {run: {working-directory: sub}}
    steps:
      - {run: "mkdir -p sub/deep", working-directory: .}
      - run: basename $PWD
      - {run: basename $PWD, working-directory: sub/deep}
""")
    assert "\nsub\n" in ran.log
    assert "\ndeep\n" in ran.log


def test_a_step_that_takes_too_long_fails_and_says_whose_limit_it_was(execute):
    ran = execute("""
    steps:
      - {run: sleep 60, timeout-minutes: 0.005}
      - {run: echo after, if: always()}
""")
    assert ran.conclusions == ["failure", "success"]
    assert "The step took longer than 0.005 minutes." in ran.log


def test_a_job_that_takes_too_long_fails_and_starts_nothing_more(execute):
    ran = execute("""
    timeout-minutes: 0.005
    steps: [{run: sleep 60}, {run: echo after, if: always()}]
""")
    assert ran.outcome.conclusion == "failure"
    assert ran.conclusions == ["failure", "skipped"]
    assert "The job took longer" in ran.outcome.why


def test_a_cancelled_job_stops_its_step_and_runs_only_what_cleans_up(execute):
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    ran = execute(
        """
    steps:
      - run: sleep 60
      - run: echo never
      - {run: echo cleaned, if: cancelled()}
      - {run: echo failed, if: failure()}
""",
        cancel=cancel,
    )
    assert ran.outcome.conclusion == "cancelled"
    assert ran.conclusions == ["cancelled", "cancelled", "success", "cancelled"]
    assert "\ncleaned\n" in ran.log


def test_checkout_is_asked_for_and_its_failure_is_the_steps(execute):
    asked = []

    def fetch(wanted, cancel, seconds):
        asked.append(wanted)
        if wanted.path == "bad":
            raise TowpathError("There is no such commit.")

    ran = execute(
        """
    steps:
      - {uses: actions/checkout@v4, with: {fetch-depth: 0, ref: "${{ github.sha }}"}}
      - {uses: actions/checkout@v4, with: {path: bad}}
""",
        fetch=fetch,
    )
    assert (asked[0].depth, asked[0].ref) == (0, "1" * 40)
    assert ran.conclusions == ["success", "failure"]
    assert "There is no such commit." in ran.log


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("{run: 'echo nonsense >> $GITHUB_OUTPUT'}", "line 1 is neither"),
        ("{run: 'rm $GITHUB_ENV; mkfifo $GITHUB_ENV'}", "replaced"),
        ("{run: 'echo ${{ fromJSON(github.ref) }}'}", "fromJSON"),
        ("{run: echo, if: fromJSON(github.ref)}", "fromJSON"),
        ("{run: 'kill -9 $$'}", "signal 9"),
        ("{run: echo, working-directory: nowhere}", "exit code 12"),
    ],
)
def test_what_goes_wrong_is_said_and_is_only_that_steps_fault(execute, step, why):
    ran = execute(f"    steps: [{step}, {{run: echo still here, if: always()}}]\n")
    assert ran.conclusions == ["failure", "success"]
    assert why in ran.outcome.steps[0].why


def test_steps_report_where_their_output_lies(execute):
    ran = execute("    steps: [{name: 'Say ${{ github.job }}', run: echo hello}]\n")
    running, finished = ran.reports
    assert (running.state, running.name) == ("running", "Say a")
    assert finished.log_from == running.log_from
    assert ran.log.encode()[finished.log_from : finished.log_to].endswith(b"hello\n")
    assert "▸ Say a" in ran.log


def test_a_long_script_is_shown_by_its_beginning(execute):
    script = "\n".join(["          true"] * 150)
    ran = execute(f"    steps:\n      - run: |\n{script}\n")
    assert ran.log.count("$ true") == 100
    assert "50 more lines" in ran.log


def test_a_box_that_is_gone_fails_the_job(execute):
    ran = execute(
        "    steps: [{run: sleep 60}, {run: echo x, if: always()}]\n",
        during=lambda box: threading.Timer(0.5, box.close).start(),
    )
    assert ran.outcome.conclusion == "failure"
    assert ran.conclusions == ["failure", "skipped"]


def test_a_step_speaks_by_commands_in_its_output(execute):
    ran = execute("""
    steps:
      - id: say
        run: |
          echo "::error file=src/a.py,line=3,endLine=4,col=2,title=Too long::one%0Atwo 100%25"
          echo "  ::warning::careful"
          echo "::notice file=b.py::look"
          echo "::debug::hidden"
          echo "::group::Inside"
          echo "::set-output name=v::42"
          echo "not ::error::a command"
          echo '::unknown::shown'
      - run: echo got ${{ steps.say.outputs.v }}
""")
    said = ran.outcome.steps[0].annotations
    assert [(each.level, each.message) for each in said] == [
        ("error", "one\ntwo 100%"), ("warning", "careful"), ("notice", "look"),
    ]  # fmt: skip
    place = said[0]
    assert (place.file, place.line, place.end_line, place.column) == ("src/a.py", 3, 4, 2)
    assert ran.outcome.conclusion == "success"
    assert "src/a.py:3: Too long: one\ntwo 100%" in ran.log
    for shown in ("▾ Inside", "not ::error::a command", "::unknown::shown", "\ngot 42\n"):
        assert shown in ran.log
    assert "\nhidden" not in ran.log


def test_what_is_masked_is_in_no_log_no_output_and_no_name(execute):
    ran = execute("""
    outputs: {leak: "${{ steps.s.outputs.v }}", fine: "${{ steps.s.outputs.w }}"}
    steps:
      - id: s
        run: |
          echo "::add-mask::hunter2secret"
          for part in hun ter2 secret; do printf %s $part; sleep 0.05; done; echo
          echo v=hunter2secret >> $GITHUB_OUTPUT; echo w=plain >> $GITHUB_OUTPUT
          echo "::error::it is hunter2secret"
          echo "# hunter2secret" >> $GITHUB_STEP_SUMMARY
          echo -n "xx hunter2secret yy" | base64
      - name: See ${{ steps.s.outputs.v }}
        run: echo ${{ steps.s.outputs.v }}
""")
    shown = ran.log.partition("▸ See")[2]
    assert "hunter2secret" not in shown
    assert "hunter2secret" not in ran.log.partition("| base64\x1b")[2]
    assert "aHVudGVyMnNlY3JldA" not in ran.log
    assert ran.outcome.outputs == {"fine": "plain"}
    first, second = ran.outcome.steps
    assert (first.annotations[0].message, first.summary) == ("it is ***", "# ***\n")
    assert second.name == "See ***"


def test_a_step_cannot_set_what_would_run_code_in_the_next(execute):
    ran = execute("""
    steps:
      - run: |
          echo "NODE_OPTIONS=--require ./evil.js" >> $GITHUB_ENV
          echo "GITHUB_SHA=forged" >> $GITHUB_ENV; echo "CI=false" >> $GITHUB_ENV
          printf 'HOSTILE<<END\\na\\u2028b=c\\n::error::x\\nEND\\n' >> $GITHUB_ENV
      - run: |
          echo "[$NODE_OPTIONS] $GITHUB_SHA $CI"
          printf %s "$HOSTILE" | wc -l
      - {id: old, continue-on-error: true, run: "echo ::set-env name=X::1; echo ::add-path::/x"}
      - run: 'echo "[$X] ${{ steps.old.outcome }}"; case $PATH in /x*) exit 1;; esac'
      - {env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: true}, run: "echo ::set-env name=X::1"}
      - run: echo "allowed $X"
""")
    assert ran.outcome.conclusion == "success"
    assert "NODE_OPTIONS" in ran.outcome.steps[0].annotations[0].message
    assert f"\n[] {'1' * 40} false\n1\n" in ran.log
    assert "\n[] failure\n" in ran.log
    assert "\nallowed 1\n" in ran.log


def test_commands_can_be_stopped_and_go_on(execute):
    ran = execute("""
    steps:
      - run: |
          echo "::stop-commands::pause-42"
          echo "::error::only text"
          echo "::pause-42::"
          echo "::error::meant"
          echo "::stop-commands::error"
          echo "::echo::on"; echo "::notice::seen"
""")
    messages = [each.message for each in ran.outcome.steps[0].annotations]
    assert messages[0] == "meant"
    assert "cannot be the word" in messages[1]
    assert "\n::error::only text\n" in ran.log
    assert "\n::notice::seen\n" in ran.log


def test_summaries_and_annotations_are_bounded_and_the_log_says_so(execute):
    ran = execute("""
    steps:
      - run: |
          for n in $(seq 15); do echo "::warning::w$n"; done
          echo '## Good' >> $GITHUB_STEP_SUMMARY
      - run: head -c 2000000 /dev/zero | tr '\\0' x >> $GITHUB_STEP_SUMMARY
""")
    first, second = ran.outcome.steps
    assert (len(first.annotations), first.summary) == (10, "## Good\n")
    assert "w15" in ran.log
    assert second.summary == ""
    assert "is not kept" in second.annotations[0].message
    assert ran.outcome.conclusion == "success"


def test_secrets_are_given_where_they_are_named_and_shown_nowhere(execute):
    ran = execute(
        """
    env: {KEY: "${{ secrets.KEY }}"}
    outputs: {leak: "${{ secrets.KEY }}"}
    steps:
      - name: Use ${{ secrets.KEY }}
        run: |
          test "$KEY" = "two words" && test "${{ secrets.key }}" = "two words"
          test -z "${{ secrets.OTHER }}" && test "${{ secrets.GITHUB_TOKEN }}" = tow_read
          echo "it is $KEY and $(printf %s "$KEY" | base64) and ${{ secrets.GITHUB_TOKEN }}"
""",
        secrets={"KEY": "two words"},
    )
    assert ran.outcome.conclusion == "success", ran.log
    assert "\nit is *** and *** and ***\n" in ran.log.replace("=", "")
    for hidden in ("two words", "tow_read"):
        assert hidden not in ran.log
    assert ran.outcome.steps[0].name == "Use ***"
    assert ran.outcome.outputs == {}


def test_problem_matchers_make_annotations_of_what_this_and_later_steps_print(execute):
    ran = execute("""
    steps:
      - run: |
          cat > m.json <<'END'
          {"problemMatcher": [{"owner": "cc", "pattern": [
            {"regexp": "^(.+):([0-9]+): (.+)$", "file": 1, "line": 2, "message": 3}]}]}
          END
          echo "::add-matcher::m.json"
          echo "a.c:1: in the same step"
      - run: |
          echo "b.c:2: in a later one"
      - run: |
          echo "::remove-matcher owner=cc::"
          echo "c.c:3: no more"
""")
    told = [str(said) for step in ran.outcome.steps for said in step.annotations]
    assert told == ["a.c:1: in the same step", "b.c:2: in a later one"]
    assert "\nb.c:2: in a later one\n" in ran.log

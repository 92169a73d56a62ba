"""The file as data."""

from towpath.pipelines.model.workflow import Checkout, InvalidWorkflow, Job, Problem, Step


def test_a_step_without_a_name_is_called_by_what_it_does():
    assert Step(number=1, line=1, run="\n  make\nmake install").title == "Run make"
    assert Step(number=1, line=1, checkout=Checkout()).title == "Checkout"
    assert Step(number=1, line=1, name="Build", run="make").title == "Build"
    assert Step(number=1, line=1, run=" ").title == "Run"


def test_a_problem_reads_like_a_compilers():
    problem = Problem("a.yml", 3, 7, "jbs", "Unknown key `jbs`.", ("jobs", "on"))
    assert str(problem) == "a.yml:3:7: Unknown key `jbs`. Expected: jobs, on."
    assert str(problem) in InvalidWorkflow((problem,)).detail


def test_a_job_that_only_checks_out_and_runs_uses_no_actions():
    plain = Step(number=1, line=1, run="true")
    checks_out = Step(number=2, line=1, uses="actions/checkout@v4", checkout=Checkout())
    uses = Step(number=3, line=1, uses="./mine")
    assert not Job(id="a", line=1, steps=(plain, checks_out)).uses_actions
    assert Job(id="a", line=1, steps=(plain, uses)).uses_actions

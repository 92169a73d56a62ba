"""The file as data."""

from towpath.pipelines.model.workflow import Checkout, InvalidWorkflow, Problem, Step


def test_a_step_without_a_name_is_called_by_what_it_does():
    assert Step(number=1, line=1, run="\n  make\nmake install").title == "Run make"
    assert Step(number=1, line=1, checkout=Checkout()).title == "Checkout"
    assert Step(number=1, line=1, name="Build", run="make").title == "Build"
    assert Step(number=1, line=1, run=" ").title == "Run"


def test_a_problem_reads_like_a_compilers():
    problem = Problem("a.yml", 3, 7, "jbs", "Unknown key `jbs`.", ("jobs", "on"))
    assert str(problem) == "a.yml:3:7: Unknown key `jbs`. Expected: jobs, on."
    assert str(problem) in InvalidWorkflow((problem,)).detail

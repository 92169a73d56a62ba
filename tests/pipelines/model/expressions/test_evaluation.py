"""Status functions and laziness."""

from towpath.pipelines.model.expressions import functions, syntax
from towpath.pipelines.model.expressions.evaluation import Status, Surroundings, evaluate

SCOPE = syntax.Scope(frozenset({"github", "steps"}), functions.WITH_STATUS)


FINE = Status()


def value(source, status=FINE, **contexts):
    return evaluate(syntax.parse(source, SCOPE), Surroundings(contexts, status))


def test_status_functions_answer_what_they_are_told():
    bad = Status(success=False, failure=True, cancelled=False)
    assert value("always()", bad) is True
    assert value("success()", bad) is False
    assert value("failure() && 'clean up'", bad) == "clean up"
    assert value("cancelled()", Status(cancelled=True)) is True


def test_the_other_side_is_not_evaluated_when_the_first_decides():
    assert value("true || fromJSON('{')") is True
    assert value("false && fromJSON('{')") is False


def test_what_is_absent_is_null_all_the_way_down():
    assert value("steps.none.outputs.what", steps={}) is None


def test_jobs_may_be_asked_for_by_name():
    needs = {"a": {"result": "success"}, "b": {"result": "failure"}, "c": {"result": "skipped"}}
    scope = syntax.Scope(frozenset({"needs"}), functions.STATUS_OF_NEEDS)

    def asked(source):
        return evaluate(syntax.parse(source, scope), Surroundings({"needs": needs}))

    assert asked("success('a')") is True
    assert asked("success('a', 'c')") is False
    assert asked("failure('a', 'b')") is True
    assert asked("failure('a', 'c')") is False


def test_a_container_is_as_large_as_itself():
    assert value("github >= github && github <= github", github={}) is True
    assert value("github > github || github >= steps", github={}, steps={}) is False


def test_a_null_that_is_there_is_kept_among_what_each_has():
    assert value("github.*.a", github=[{"a": None}, {}, {"a": 1}]) == [None, 1]

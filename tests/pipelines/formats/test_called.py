"""All that a workflow calls, read and judged before anything runs."""

import pytest

from towpath.kernel.errors import NotFound
from towpath.pipelines.formats.called import Address, address, gather
from towpath.pipelines.formats.workflow import parse
from towpath.pipelines.model.calling import MAX_CALLED

JOB = "{runs-on: x, steps: [{run: a}]}"
COMMIT = "1" * 40
THERE = f"al/lib/.github/workflows/b.yml@{COMMIT}"


def calls(*addresses):
    jobs = "".join(f"  j{at}: {{uses: '{each}'}}\n" for at, each in enumerate(addresses))
    return f"on: [push, workflow_call]\njobs:\n{jobs}"


def called(root, **files):
    known = {f".github/workflows/{name}.yml": text for name, text in files.items()}

    def read(where):
        if where.path not in known:
            raise NotFound(f"There is no workflow `{where}`.")
        return known[where.path].encode()

    return gather(parse(root.encode(), ".github/workflows/a.yml"), read)


def here(name):
    return f"./.github/workflows/{name}.yml"


LEAF = f"on: workflow_call\njobs: {{a: {JOB}}}\n"


def test_what_is_called_is_read_once_however_often_and_deep():
    found = called(calls(here("b"), here("b"), here("c")), b=calls(here("c")), c=LEAF)
    assert found.problems == ()
    assert sorted(found.workflows) == [here("b"), here("c")]


def test_a_file_beside_one_of_another_repository_lies_there_too():
    found = called(calls(THERE), b=calls("$/.github/workflows/c.yml"), c=LEAF)
    assert sorted(found.workflows) == [THERE, THERE.replace("b.yml", "c.yml")]
    assert address("./x", Address("y", "al/lib", COMMIT)) == Address("x", "al/lib", COMMIT)


@pytest.mark.parametrize("ref", ["v1", "main", COMMIT[:-1], COMMIT.replace("1", "A")])
def test_what_lies_elsewhere_is_pinned_by_its_full_commit(ref):
    (problem,) = called(calls(THERE.replace(COMMIT, ref)), b=LEAF).problems
    assert "is not pinned" in problem.message
    assert (problem.file, problem.line, problem.column) == (".github/workflows/a.yml", 3, 3)


def test_what_is_wrong_in_a_called_file_is_told_there_and_by_whom_it_is_called():
    wrong = "on: workflow_call\njobs: {a: {run-on: x, runs-on: y, steps: [{run: a}]}}\n"
    (problem,) = called(calls(here("b")), b=wrong).problems
    assert str(problem).startswith(".github/workflows/b.yml:2:12: Unknown key `run-on`")
    assert "Called by .github/workflows/a.yml, line 3, column 3." in str(problem)
    (problem,) = called(
        calls(here("b")), b=LEAF.replace("runs-on: x", "runs-on: x, container: y")
    ).problems
    assert "`container` is not run yet" in problem.message
    (problem,) = called(calls(here("b")), b=calls(here("none"))).problems
    assert str(problem).startswith(".github/workflows/b.yml:3:3: There is no workflow")


def test_calls_without_end_and_too_many_files_are_refused():
    round_and_round = called(calls(here("b")), b=calls(here("c")), c=calls(here("b")))
    assert "workflows call each other in a row" in round_and_round.problems[0].message
    names = [f"f{n}" for n in range(MAX_CALLED + 1)]
    many = called(calls(*map(here, names)), **dict.fromkeys(names, LEAF))
    assert [f"More than {MAX_CALLED}" in each.message for each in many.problems] == [True]


def test_files_that_call_each_other_in_all_ways_come_to_an_end():
    names = [f"f{n}" for n in range(MAX_CALLED)]
    files = {
        name: calls(*(here(other) for other in names[at + 1 :] * 3)) if at < 49 else LEAF
        for at, name in enumerate(names)
    }
    assert called(calls(*map(here, names)), **files).problems

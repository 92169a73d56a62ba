"""One value at a time: a problem for each that is wrong, a sound default instead."""

import pytest

from towpath.pipelines.formats import tree
from towpath.pipelines.formats.reading import MAX_TEXT, Reader


@pytest.fixture
def reader():
    return Reader("f.yml")


def node(text):
    return tree.read(text.encode(), "f.yml")


def told(reader):
    return [problem.message for problem in reader.problems]


def test_an_unknown_key_names_the_nearest_and_all_there_are(reader):
    reader.known(node("{nmae: x, zzz: y}"), "a step", ("name", "run"))
    near, far = reader.problems
    assert "Did you mean `name`?" in near.message
    assert "Did you mean" not in far.message
    assert near.expected == ("name", "run")


def test_what_is_not_run_is_noted_with_its_place_and_is_no_problem(reader):
    reader.unrun_keys(reader.mapping(node("{name: x, snapshot: y}"), "a job"), "jobs.*.")
    assert reader.problems == []
    assert [str(each) for each in reader.unrun] == [
        "f.yml:1:11: `snapshot` is not run yet: jobs leave no images behind."
    ]


def test_one_value_may_be_an_expression_but_not_half_of_one(reader):
    def read(text):
        return reader.either(node(text), "fail-fast", "jobs.*.strategy", reader.boolean)

    assert read("false") is False
    assert read("${{ github.ref == 'x' }}") == "${{ github.ref == 'x' }}"
    assert reader.problems == []
    read("a ${{ github.ref }}")
    read("maybe")
    assert len(reader.problems) == 2


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda r, n: r.mapping(n, "x"), "[a]"),
        (lambda r, n: r.items(n, "x"), "a"),
        (lambda r, n: r.text(n, "x"), "[a]"),
        (lambda r, n: r.text(n, "x"), "x" * (MAX_TEXT + 1)),
        (lambda r, n: r.boolean(n, "x"), "yes"),
        (lambda r, n: r.minutes(n), "0"),
        (lambda r, n: r.minutes(n), "true"),
        (lambda r, n: r.minutes(n), "10000000"),
        (lambda r, n: r.whole(n, "x"), "-1"),
        (lambda r, n: r.template(n, "x", "run-name"), "${{ secrets.a }}"),
        (lambda r, n: r.environment(n, "x", "env"), "{'A=B': c}"),
        (lambda r, n: r.filled(n, "x"), "''"),
        (lambda r, n: r.choice(n, "x", ("a", "b")), "c"),
        (lambda r, n: r.plain(n, "x"), "${{ github.ref }}"),
        (lambda r, n: r.number(n, "x"), "true"),
        (lambda r, n: r.scalar(n, "x", "run-name"), "[]"),
        (lambda r, n: r.data(n, "x", "jobs.*.strategy"), "[{a: '${{ secrets.b }}'}]"),
        (lambda r, n: r.needed({}, n, "it", "a"), "{}"),
    ],
)
def test_what_is_wrong_is_one_problem(reader, read, text):
    read(reader, node(text))
    assert len(reader.problems) == 1


def test_one_text_may_stand_for_a_list(reader):
    assert reader.texts(node("a"), "x") == ("a",)
    assert reader.texts(node("[a, b]"), "x") == ("a", "b")
    assert reader.texts(node("~"), "x") == ()
    assert reader.problems == []


def test_an_unknown_context_lists_those_there_are(reader):
    reader.condition(node("secrets.a == 1"), "if", "jobs.*.if")
    assert reader.problems[0].expected == ("github", "inputs", "needs", "vars")


def test_what_an_expression_names_is_noted_when_nobody_gives_it_yet(reader):
    reader.template(node("${{ vars.a }}"), "value", "on.workflow_call.outputs.*.value")
    assert reader.problems == []
    assert "`vars` is not run yet" in reader.unrun[0].message

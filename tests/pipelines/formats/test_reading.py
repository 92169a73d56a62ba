"""One value at a time: a problem for each that is wrong, a sound default instead."""

import pytest

from towpath.pipelines.formats import tree
from towpath.pipelines.formats.reading import MAX_TEXT, Reader, scope


@pytest.fixture
def reader():
    return Reader("f.yml")


def node(text):
    return tree.read(text.encode(), "f.yml")


def told(reader):
    return [problem.message for problem in reader.problems]


def test_an_unknown_key_names_the_nearest_and_all_there_are(reader):
    reader.known(node("{nmae: x, zzz: y}"), "a step", ("name", "run"), {})
    near, far = reader.problems
    assert "Did you mean `name`?" in near.message
    assert "Did you mean" not in far.message
    assert near.expected == ("name", "run")


def test_a_refused_key_says_why(reader):
    reader.known(node("{with: x}"), "a job", (), {"with": "there is no such thing"})
    assert told(reader) == ["`with` in a job is not supported: there is no such thing."]


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
        (lambda r, n: r.template(n, "x", scope("github")), "${{ secrets.a }}"),
        (lambda r, n: r.environment(n, "x", scope()), "{'A=B': c}"),
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
    reader.condition(node("secrets.a == 1"), "if", ("needs", "github"))
    assert reader.problems[0].expected == ("github", "needs")

"""YAML to nodes, and what a hostile file is told."""

import time

import pytest

from towpath.pipelines.formats import tree
from towpath.pipelines.model.workflow import Problem


def read(text):
    return tree.read(text if isinstance(text, bytes) else text.encode(), "f.yml")


def values(text):
    return [leaf.value for leaf in read(text).children]


def test_words_are_those_of_yaml_1_2():
    assert values("[on, yes, No, true, False, ~, null, 'true', \"1\"]") == [
        "on", "yes", "No", True, False, None, None, "true", "1"
    ]  # fmt: skip


def test_numbers_are_those_of_the_core_schema():
    assert values("[1, -2, 0x1F, 0o17, 1e3, .5, 1_000, 0b1, 12:30:45]") == [
        1, -2, 31, 15, 1000.0, 0.5, "1_000", "0b1", "12:30:45"
    ]  # fmt: skip


def test_a_tag_of_the_core_schema_says_what_a_word_is():
    assert values("[!!str 1, !!int 0x1F, !!float 2, !!bool true, !!null ~, ! 3, !!str '4']") == [
        "1", 31, 2, True, None, "3", "4"
    ]  # fmt: skip
    assert read("!!seq [!!map {}]").children[0].mapping


@pytest.mark.parametrize(
    "word", ["!!int true", "!!bool test", "!!null 1", "!!float x", '!!int "3"', "!!map 1"]
)
def test_a_word_that_is_not_what_its_tag_says_is_refused(word):
    assert "tag" in read(f"a: {word}").message


def test_every_node_knows_its_place():
    ((key, node),) = read("\n\n  a:\n    - b").entries
    assert (key.line, key.column) == (3, 3)
    assert (node.line, node.column) == (4, 5)


def test_an_alias_is_what_it_names():
    root = read("a: &x [1, 2]\nb: *x")
    (_, first), (_, second) = root.entries
    assert second is first


def test_an_empty_file_is_null():
    assert read("").value is None


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\na: 2", 2, "twice"),
        ("a: !!python/object:os.system x", 1, "tag"),
        ("a: *nobody", 1, "anchor"),
        ("a: 1\n---\nb: 2", 2, "one document"),
        ("? [a]\n: b", 1, "plain text"),
        ("a: [1, 2", 2, "YAML"),
        ("a: \x01", 1, "YAML"),
        (b"a: 1\nb: \xff", 2, "UTF-8"),
        ("[" * 60 + "]" * 60, 1, "levels"),
        ("a: " + "x" * tree.MAX_BYTES, 1, "bytes"),
        ("&a [*a]", 1, "anchor"),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_a_line(text, line, says):
    problem = read(text)
    assert isinstance(problem, Problem)
    assert problem.line == line
    assert says in problem.message


def test_a_billion_laughs_cost_a_moment():
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    began = time.monotonic()
    assert "values" in read("\n".join(lines)).message
    assert time.monotonic() - began < 1


def test_deep_nesting_is_refused_before_any_stack_is():
    assert "levels" in read("[" * 200_000).message
    assert "levels" in read("- " * 200_000).message

"""The `on` key."""

import pytest

from towpath.pipelines.formats import tree, triggers
from towpath.pipelines.formats.reading import Reader
from towpath.pipelines.model.workflow import Filter, Trigger


def read(text):
    reader = Reader("f.yml")
    return triggers.read(reader, tree.read(text.encode(), "f.yml")), reader.problems


@pytest.mark.parametrize("text", ["push", "[push]", "push:", "{push: ~}"])
def test_an_event_may_be_written_in_every_way(text):
    assert read(text) == ((Trigger("push"),), [])


def test_filters_keep_their_order():
    found, problems = read("{push: {branches: [main, '!x'], paths-ignore: 'docs/**'}}")
    assert problems == []
    assert found == (Trigger("push", Filter(("main", "!x")), Filter(("docs/**",), ignore=True)),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schedule", "not supported"),
        ("psuh", "is none"),
        ("{push: {tags: [v1]}}", "tags"),
        ("{pull_request: {types: [opened]}}", "types"),
        ("{push: {branches: [a], branches-ignore: [b]}}", "not both"),
        ("{push: {branches: []}}", "at least one"),
        ("{push: {branches: ['!a']}}", "only exclusions"),
        ("{push: {branches: ['[']}}", "cannot be used"),
        ("{merge_group: {paths: [a]}}", "paths"),
    ],
)
def test_what_is_not_understood_is_a_problem(text, says):
    _, (problem, *_) = read(text)
    assert says in problem.message

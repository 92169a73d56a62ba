"""The `on` key."""

import pytest

from towpath.pipelines.formats import tree, triggers
from towpath.pipelines.formats.reading import Reader
from towpath.pipelines.model.workflow import Filter, Schedule, Trigger


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
        ("schedule", "needs times"),
        ("psuh", "cannot be `psuh`"),
        ("{psuh: ~}", "Did you mean `push`?"),
        ("{push: {branches: [a], branches-ignore: [b]}}", "not both"),
        ("{push: {tags: [a], tags-ignore: [b]}}", "not both"),
        ("{push: {branches: []}}", "at least one"),
        ("{push: {branches: ['!a']}}", "only exclusions"),
        ("{push: {branches: ['[']}}", "cannot be used"),
        ("{merge_group: {paths: [a]}}", "paths"),
        ("{push: {types: [opened]}}", "types"),
        ("{pull_request: {types: [opend]}}", "not an activity"),
        ("{fork: {types: [a]}}", "Nothing may stand below"),
        ("{schedule: [{cron: '61 * * * *'}]}", "not a time"),
        ("{schedule: [{cron: '@daily'}]}", "not a time"),
        ("{schedule: [{timezone: UTC}]}", "needs the key `cron`"),
        ("{schedule: [{cron: '1 * * * *', timezone: Mars/Base}]}", "not known"),
        ("[]", "at least one event"),
    ],
)
def test_what_is_not_understood_is_a_problem(text, says):
    _, (problem, *_) = read(text)
    assert says in problem.message


def test_every_event_and_filter_is_kept():
    found, problems = read(
        "{push: {tags: [v*]}, pull_request: {types: [opened, labeled]},"
        " repository_dispatch: {types: [mine]}, release: {types: published},"
        " workflow_run: {workflows: [ci], branches: [main]},"
        " schedule: [{cron: '5 4 * * 1', timezone: Europe/Paris}]}"
    )
    assert problems == []
    assert found == (
        Trigger("push", tags=Filter(("v*",))),
        Trigger("pull_request", types=("opened", "labeled")),
        Trigger("repository_dispatch", types=("mine",)),
        Trigger("release", types=("published",)),
        Trigger("workflow_run", workflows=("ci",), branches=Filter(("main",))),
        Trigger("schedule", schedules=(Schedule("5 4 * * 1", "Europe/Paris"),)),
    )

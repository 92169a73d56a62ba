"""Which workflows an event starts."""

import pytest

from towpath.pipelines.model.triggers import Event, branch_of, filters_paths, matching
from towpath.pipelines.model.workflow import Filter, Trigger, Workflow


def workflow(name, *triggers):
    return Workflow(path=name, name=name, triggers=triggers)


def names(workflows, event):
    return [each.name for each in matching(workflows, event)]


PUSH = workflow("push", Trigger("push", Filter(("main",))))
REQUEST = workflow("request", Trigger("pull_request"))
QUEUE = workflow("queue", Trigger("merge_group"))


def test_a_branch_filter_is_asked():
    assert names([PUSH, REQUEST], Event("push", "main")) == ["push"]
    assert names([PUSH], Event("push", "topic")) == []


def test_a_queue_is_judged_like_a_request_only_when_nobody_names_queues():
    assert names([PUSH, REQUEST], Event("merge_group", "main")) == ["request"]
    assert names([REQUEST, QUEUE], Event("merge_group", "main")) == ["queue"]


@pytest.mark.parametrize(
    ("changed", "runs"), [(("src/a",), True), (("docs/a",), False), ((), False), (None, True)]
)
def test_a_path_filter_looks_at_what_changed_and_runs_when_nobody_knows(changed, runs):
    only = workflow("src", Trigger("push", paths=Filter(("src/**",))))
    assert bool(matching([only], Event("push", "main", changed))) == runs


def test_paths_ignore_runs_when_anything_else_changed():
    rest = workflow("rest", Trigger("push", paths=Filter(("docs/**",), ignore=True)))
    assert matching([rest], Event("push", "main", ("docs/a", "src/a")))
    assert not matching([rest], Event("push", "main", ("docs/a",)))


def test_filters_look_at_the_target_of_a_request_and_at_the_branch_of_a_push():
    assert branch_of("pull_request", "refs/heads/topic", {"target": "main"}) == "main"
    assert branch_of("push", "refs/heads/topic", {"target": "main"}) == "topic"


def test_whether_anybody_asks_for_paths():
    assert not filters_paths([PUSH, REQUEST])
    assert filters_paths([PUSH, workflow("x", Trigger("push", paths=Filter(("a",))))])


def test_what_waits_for_tags_alone_is_not_started_by_a_branch():
    release = workflow("release", Trigger("push", tags=Filter(("v*",))))
    both = workflow("both", Trigger("push", Filter(("main",)), tags=Filter(("v*",))))
    assert names([release, both], Event("push", "main")) == ["both"]


def test_a_request_starts_what_asks_for_new_heads_and_not_what_asks_for_labels():
    heads = workflow("heads", Trigger("pull_request", types=("opened", "labeled")))
    labels = workflow("labels", Trigger("pull_request", types=("labeled",)))
    assert names([heads, labels], Event("pull_request", "main")) == ["heads"]

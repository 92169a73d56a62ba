"""What happens in a forge becomes suites."""

from types import SimpleNamespace

import pytest

from towpath.facts.forge import (
    BuildsAsked,
    MergeRequestChanged,
    RefChange,
    RefsMoved,
    RepositoryDeleted,
)
from towpath.forge import service as forge
from towpath.kernel.errors import TemporaryError
from towpath.kernel.outbox import Delivered
from towpath.pipelines import service
from towpath.pipelines.reactions import reactions
from towpath.pipelines.service import leaving

HANDLE = {reaction.fact: reaction.handle for reaction in reactions()}
NEW = "1" * 40


def deliver(canal, fact, key="fact_1"):
    canal.kernel.db.write(lambda tx: HANDLE[type(fact)](tx, Delivered(key, fact, tx.now)))


def events(canal, sha):
    suites = canal.kernel.db.read(lambda tx: service.suites_of(tx, canal.repository.id, sha))
    return [(suite.event, suite.payload.get("base")) for suite in suites]


def moved(canal, ref, old, new):
    return RefsMoved(canal.repository.id, (RefChange(ref, old, new),))


def test_a_branch_that_moves_is_a_push(canal):
    deliver(canal, moved(canal, "refs/heads/main", "2" * 40, NEW))
    assert events(canal, NEW) == [("push", "2" * 40)]


def test_the_same_fact_twice_is_one_suite(canal):
    for _ in range(2):
        deliver(canal, moved(canal, "refs/heads/main", None, NEW))
    assert events(canal, NEW) == [("push", None)]


@pytest.mark.parametrize("ref", ["refs/tags/v1", "refs/towpath/gate/1"])
def test_other_refs_start_nothing(canal, ref):
    deliver(canal, moved(canal, ref, None, NEW))
    assert events(canal, NEW) == []


def test_a_branch_that_goes_starts_nothing(canal):
    deliver(canal, moved(canal, "refs/heads/topic", NEW, None))
    assert events(canal, NEW) == []


@pytest.mark.parametrize(
    ("what", "starts"),
    [("opened", True), ("head_moved", True), ("reopened", True), ("reviewed", False),
     ("merged", False)],
)  # fmt: skip
def test_a_request_is_built_when_its_head_is_new(canal, what, starts):
    canal.commit("main", a="1")
    head = canal.commit("topic", a="2")
    forge.sync_refs(canal.kernel, canal.repository.id)
    request = forge.open_merge_request(
        canal.kernel, canal.repository.id, title="t", body="", author="alice", source="topic",
        target="main",
    )  # fmt: skip
    deliver(canal, MergeRequestChanged(canal.repository.id, request.number, what, head))
    assert events(canal, head) == ([("pull_request", request.base)] if starts else [])


def test_what_is_wanted_again_goes_by_the_same_file_of_the_same_commit(canal):
    folder = ".towpath/workflows"
    text = "on: push\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}\n"
    sha = canal.commit(**{f"{folder}/ci.yml": text, f"{folder}/docs.yml": text})
    first = canal.trigger(sha)
    canal.work()
    (docs,) = [run for run in canal.runs(first) if run.path.endswith("docs.yml")]
    asked = BuildsAsked(canal.repository.id, (docs.id, "run_forgotten"))
    for _ in range(2):
        deliver(canal, asked, "fact_2")
    canal.work()
    again = canal.kernel.db.read(lambda tx: service.suites_of(tx, canal.repository.id, sha))[0]
    assert again.key == f"again/fact_2/{first}"
    assert [(run.path, run.event) for run in canal.runs(again.id)] == [(docs.path, "push")]


def test_what_runs_in_a_repository_that_is_deleted_ends_and_is_forgotten(canal):
    text = "on: push\njobs: {a: {runs-on: linux, steps: [{run: 'true'}]}}\n"
    sha = canal.commit(**{".towpath/workflows/ci.yml": text})
    suite = canal.trigger(sha)
    canal.work()
    taken = canal.claim()
    waiting = canal.trigger(sha, key="planned")
    deliver(canal, RepositoryDeleted(canal.repository.id))
    assert canal.suite(waiting).conclusion == "cancelled"
    item = SimpleNamespace(payload={"repository": canal.repository.id})
    with pytest.raises(TemporaryError, match="still stopping"):
        leaving.clear(canal.kernel, item)
    canal.finish(taken, "cancelled")
    leaving.clear(canal.kernel, item)
    assert canal.runs(suite) == []
    assert events(canal, sha) == []

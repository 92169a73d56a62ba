"""From a trigger to runs and jobs, on both stores."""

import pytest

from towpath.forge import service as forge
from towpath.kernel import outbox
from towpath.pipelines import service
from towpath.pipelines.plugin import PLUGIN

FILE = ".towpath/workflows/ci.yml"
TWO_JOBS = """
name: ci
on: [push, pull_request]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - name: Compile
        run: make
  test:
    needs: build
    runs-on: [linux]
    steps: [{run: make test}]
"""


@pytest.fixture
def canal(make_kernel, store, canal_of):
    return canal_of(make_kernel(store))


@pytest.fixture
def movable(kernel, canal_of):
    """On SQLite alone, whose leases run on the clock that a test can move."""
    return canal_of(kernel)


def test_the_same_key_is_one_suite(canal):
    sha = canal.commit(**{FILE: TWO_JOBS})
    assert canal.trigger(sha) == canal.trigger(sha)
    canal.work()
    assert len(canal.runs(canal.trigger(sha))) == 1


def test_no_file_is_an_absent_suite(canal):
    canal.trigger(canal.commit(README="hi"))
    canal.work()
    assert [fact.conclusion for fact in canal.finished()] == ["absent"]


def test_an_invalid_file_says_where(canal):
    suite = canal.trigger(
        canal.commit(**{FILE: "on: push\njobs:\n  a:\n    run-on: x\n    steps: []\n"})
    )
    canal.work()
    (fact,) = canal.finished()
    assert fact.conclusion == "invalid"
    assert f"{FILE}:4:5: Unknown key `run-on` in job `a`. Did you mean `runs-on`?" in fact.summary
    assert canal.runs(suite) == []


def test_our_own_folder_stands_in_for_githubs(canal):
    github = TWO_JOBS.replace("name: ci", "name: github")
    suite = canal.trigger(canal.commit(**{FILE: TWO_JOBS, ".github/workflows/ci.yml": github}))
    canal.work()
    assert [run.workflow for run in canal.runs(suite)] == ["ci"]


def test_a_queue_candidate_is_judged_like_its_request(canal):
    suite = canal.trigger(canal.commit(**{FILE: TWO_JOBS}), "merge_group", target="main")
    canal.work()
    assert len(canal.runs(suite)) == 1


@pytest.mark.parametrize(("changed", "runs"), [("docs/a.md", 0), ("src/a.py", 1)])
def test_a_path_filter_looks_at_what_changed(canal, changed, runs):
    only = TWO_JOBS.replace("[push, pull_request]", "{push: {paths: ['src/**']}}")
    base = canal.commit(**{FILE: only})
    suite = canal.trigger(canal.commit(**{changed: "x"}), base=base)
    canal.work()
    assert len(canal.runs(suite)) == runs


def test_a_push_and_a_request_start_suites_by_themselves(canal):
    canal.commit(**{FILE: TWO_JOBS})
    forge.sync_refs(canal.kernel, canal.repository.id)
    canal.kernel.db.write(lambda tx: outbox.subscribe(tx, PLUGIN.reactions(canal.kernel)))
    sha = canal.commit("topic", a="1")
    forge.sync_refs(canal.kernel, canal.repository.id)
    forge.open_merge_request(
        canal.kernel,
        canal.repository.id,
        title="t",
        body="",
        author="alice",
        source="topic",
        target="main",
    )
    canal.work()
    suites = canal.kernel.db.read(lambda tx: service.suites_of(tx, canal.repository.id, sha))
    assert sorted(suite.event for suite in suites) == ["pull_request", "push"]

"""Runs of a repository that is deleted, through the work that forgets them."""

import pytest

from towpath.pipelines import service
from towpath.pipelines.plugin import PLUGIN
from towpath.pipelines.service import leaving

FILE = ".towpath/workflows/ci.yml"
TEXT = "on: push\njobs: {a: {runs-on: linux, steps: [{run: 'true'}]}}\n"


@pytest.fixture
def canal(make_kernel, store, canal_of):
    return canal_of(make_kernel(store))


def test_nothing_of_it_is_left_but_what_others_hold_is(canal):
    sha = canal.commit(**{FILE: TEXT})
    ended = canal.trigger(sha)
    canal.work()
    canal.finish(canal.claim())
    canal.kernel.db.write(
        lambda tx: service.trigger(tx, "repo_other", sha, "refs/heads/main", "push", key="other")
    )
    canal.kernel.db.write(lambda tx: service.leave(tx, canal.repository.id))
    canal.work()
    read = canal.kernel.db.read
    assert canal.runs(ended) == []
    assert read(lambda tx: service.suites_of(tx, canal.repository.id, sha)) == []
    assert len(read(lambda tx: service.suites_of(tx, "repo_other", sha))) == 1


def test_it_waits_for_runners_longer_than_any_job_may_take():
    (handler,) = [one for one in PLUGIN.handlers(None) if one.kind == leaving.CLEAR]
    assert handler.max_attempts * leaving._PATIENCE_SECONDS > 6 * 3600

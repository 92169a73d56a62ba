"""A suite that cannot be planned ends with words instead of waiting for ever."""

import pytest

from towpath.forge import service as forge
from towpath.kernel.errors import PermanentError, Unavailable
from towpath.pipelines import loops


@pytest.fixture
def canal(kernel, canal_of):
    return canal_of(kernel)


def fail(monkeypatch, error):
    tried = []

    def read_file(*_):
        tried.append(1)
        raise error

    monkeypatch.setattr(forge, "list_files", read_file)
    return tried


def test_planning_is_tried_again_and_its_suite_is_invalid_at_last(canal, clock, monkeypatch):
    suite = canal.trigger(canal.commit(README="x"))
    tried = fail(monkeypatch, Unavailable("git ls-tree took more than 60 s."))
    for _ in range(loops.MOST_ATTEMPTS - 1):
        canal.work()
        clock.advance(1200)
        assert canal.suite(suite).state == "planning"
    canal.work()
    assert len(tried) == loops.MOST_ATTEMPTS
    (fact,) = canal.finished()
    assert (fact.suite, fact.conclusion) == (suite, "invalid")
    assert "git ls-tree took more than 60 s." in fact.summary


def test_what_cannot_get_better_is_not_tried_again(canal, monkeypatch):
    suite = canal.trigger(canal.commit(README="x"))
    tried = fail(monkeypatch, PermanentError("The repository is broken."))
    canal.work()
    assert len(tried) == 1
    assert canal.suite(suite).conclusion == "invalid"


def test_trouble_that_passes_leaves_no_trace(canal, clock, monkeypatch):
    suite = canal.trigger(canal.commit(README="x"))
    fail(monkeypatch, Unavailable("git is busy."))
    canal.work()
    monkeypatch.undo()
    clock.advance(1200)
    canal.work()
    assert canal.suite(suite).conclusion == "absent"

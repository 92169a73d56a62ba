import pytest

from towpath.kernel.presence import ALIVE_SECONDS
from towpath.pipelines.plugin import PLUGIN


@pytest.fixture
def told(canal):
    """What /health says of runners, and the figures by name."""

    def read():
        db = canal.kernel.db
        [check] = db.read(lambda tx: PLUGIN.checks(canal.kernel, tx))
        measures = db.read(lambda tx: PLUGIN.measures(canal.kernel, tx))
        return check, {each.name: dict(each.values) for each in measures}

    return read


def test_without_runners_and_jobs_there_is_nothing_to_say(told):
    check, figures = told()
    assert (check.state, check.words) == ("neutral", "0 runners alive, 0 jobs waiting for one")
    assert figures["towpath_runners_alive"] == {(): 0.0}


def test_a_runner_that_asks_is_alive_for_a_while(told, canal, clock):
    assert canal.claim(runner="barge") is None
    assert told()[0].words.startswith("1 runner alive")
    clock.advance(ALIVE_SECONDS + 1)
    assert told()[0].words.startswith("0 runners alive")


def test_jobs_that_nobody_can_run_are_wrong_and_late_ones_need_a_look(told, canal, clock):
    text = "on: push\njobs:\n  a: {runs-on: windows, steps: [{run: echo}]}\n"
    canal.trigger(canal.commit(**{".towpath/workflows/ci.yml": text}))
    canal.work()
    check, figures = told()
    assert (check.state, check.words) == ("bad", "0 runners alive, 1 job waiting for one")
    assert "runner" in check.next_step
    assert figures["towpath_jobs"][("queued",)] == 1.0
    clock.advance(61)
    canal.claim()
    check, figures = told()
    assert (check.state, check.words[-12:]) == ("waiting", "first for 61 s"[-12:])
    assert figures["towpath_jobs_oldest_queued_seconds"] == {(): 61.0}

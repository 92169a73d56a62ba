from towpath.kernel import retention
from towpath.kernel.clock import after
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker

DAY = 86_400


def test_each_prune_runs_to_its_end_in_transactions_of_its_own(db, clock):
    seen = []

    def prune(tx, before, place):
        seen.append((tx, before, place))
        return {None: 1, 1: 2, 2: None}[place]

    handler = retention.handler("forget", db, 30, [prune, prune])
    assert handler.run(None) is None
    assert [place for _, _, place in seen] == [None, 1, 2] * 2
    assert {before for _, before, _ in seen} == {after(clock.now(), -30 * DAY)}
    assert len({id(tx) for tx, _, _ in seen}) > 1


def test_a_worker_can_run_it_beside_other_work(db, clock):
    """It writes on its own, so it must not run inside the finishing transaction."""
    handlers = [
        retention.handler("forget", db, 30, [work.prune]),
        Handler(kind="a", run=lambda item: None),
    ]
    worker = Worker(db, handlers)
    db.write(lambda tx: work.add(tx, "a", {}))
    worker.run_until_idle()
    clock.advance(31 * DAY)
    db.write(lambda tx: work.add(tx, "forget", {}))
    assert worker.run_until_idle() == 1
    assert db.read(work.lag) == []

from dataclasses import dataclass

from towpath.kernel import outbox
from towpath.kernel.outbox import Reaction, fact
from towpath.kernel.work.worker import Worker


@fact("test.boiled", version=1, subject="kettle")
@dataclass(frozen=True)
class Boiled:
    kettle: str
    degrees: int


def test_a_fact_reaches_each_consumer_once(db):
    seen = []
    reactions = [
        Reaction("tea.make", Boiled, lambda tx, delivered: seen.append(("tea", delivered.fact))),
        Reaction("log.write", Boiled, lambda tx, delivered: seen.append(("log", delivered.fact))),
    ]
    db.write(lambda tx: outbox.subscribe(tx, reactions))
    db.write(lambda tx: outbox.announce(tx, Boiled("blue", 100)))
    worker = Worker(db, outbox.handlers(reactions))
    worker.run_until_idle()
    assert sorted(seen) == [("log", Boiled("blue", 100)), ("tea", Boiled("blue", 100))]
    assert worker.run_until_idle() == 0

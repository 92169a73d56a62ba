import threading
import time

from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker


def test_an_item_runs_once_it_is_committed(db, clock):
    seen = []
    worker = Worker(db, [Handler(kind="greet", run=lambda item: seen.append(item.payload))])
    db.write(lambda tx: work.add(tx, "greet", {"name": "Ann"}))
    assert worker.run_until_idle() == 1
    assert seen == [{"name": "Ann"}]


def test_a_started_worker_takes_new_work_at_once(db, clock):
    seen = threading.Event()
    worker = Worker(db, [Handler(kind="greet", run=lambda item: seen.set())])
    worker.start()
    time.sleep(0.3)
    began = time.monotonic()
    db.write(lambda tx: work.add(tx, "greet", {}))
    assert seen.wait(5)
    print(time.monotonic() - began)
    assert worker.stop(5)
    assert db.read(work.lag) == []

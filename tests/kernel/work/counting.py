"""A process to be killed: it adds numbered work, does it, and says which it was promised.

    python counting.py URL count|drain

Each effect is a row in `effect`, written in the transaction that finishes its item.
"""

import sys
import threading

from towpath.kernel.clock import SystemClock
from towpath.kernel.db.interface import Sql
from towpath.kernel.db.opening import open_database
from towpath.kernel.work import service as work
from towpath.kernel.work.model import Handler
from towpath.kernel.work.worker import Worker

ORDERS = ("x", "y", None)
WRITE = Sql("INSERT INTO effect (n, order_key) VALUES (:n, :order)")
NEXT = Sql("UPDATE number SET n = n + 1 RETURNING n")
LEASE_SECONDS = 0.5


def effect(tx, item):
    tx.direct(WRITE, {"n": item.payload["n"], "order": item.order})


def add(tx):
    n = tx.direct(NEXT).fetchone()[0]
    work.add(tx, "count", {"n": n}, order=ORDERS[n % len(ORDERS)])
    return n


def count(db):
    while True:
        print(db.write(add), flush=True)


def drain(db):
    while any(lag.waiting or lag.running for lag in db.read(work.lag)):
        threading.Event().wait(0.05)


def main(url, what):
    db = open_database(url, SystemClock())
    handler = Handler.transactional("count", effect, lease_seconds=LEASE_SECONDS)
    worker = Worker(db, [handler], threads=3)
    worker.start()
    print("ready", flush=True)
    {"count": count, "drain": drain}[what](db)
    worker.stop(10)
    db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

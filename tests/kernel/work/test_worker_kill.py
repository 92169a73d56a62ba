"""kill -9 at random moments: what was acknowledged is done, once, and in its order."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from towpath.kernel.db.opening import open_database

PROGRAM = Path(__file__).with_name("counting.py")
ROOT = Path(__file__).parents[3]


def child(url, what):
    return subprocess.Popen(
        [sys.executable, PROGRAM, url, what],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )


def acknowledged_before_its_death(url, seconds):
    """Let a child work for so long, kill it, and return the numbers it had printed."""
    with child(url, "count") as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        lines = process.stdout.read().split("\n")
    return [int(line) for line in lines[:-1]]


def drained(url):
    with child(url, "drain") as process:
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    "kills", [3, pytest.param(15, marks=pytest.mark.slow)], ids=lambda kills: f"{kills} kills"
)
def test_what_was_acknowledged_happens_exactly_once(stores, store, tmp_path, clock, kills):
    seed = int(os.environ.get("SEED", random.randrange(10**9)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    url = stores.url(store, tmp_path)
    number = "INTEGER PRIMARY KEY" if store == "sqlite" else "SERIAL PRIMARY KEY"
    db = open_database(url, clock)
    for statement in (
        f"CREATE TABLE effect (id {number}, n INTEGER, order_key TEXT)",
        "CREATE TABLE number (n INTEGER)",
        "INSERT INTO number VALUES (0)",
    ):
        db.write(lambda tx, statement=statement: tx.execute(text(statement)) and None)
    db.close()

    acknowledged = []
    for _ in range(kills):
        acknowledged += acknowledged_before_its_death(url, chance.uniform(0.0, 0.6))
    drained(url)

    db = open_database(url, clock)
    rows = db.read(
        lambda tx: tx.execute(text("SELECT n, order_key FROM effect ORDER BY id")).all()
    )
    states = db.read(lambda tx: tx.execute(text("SELECT state FROM work_item")).scalars().all())
    db.close()
    stores.drop(url)
    assert acknowledged
    assert [n for n, times in Counter(n for n, _ in rows).items() if times > 1] == []
    assert set(acknowledged) - {n for n, _ in rows} == set()
    assert set(states) == {"done"}
    for order in ("x", "y"):
        done = [n for n, found in rows if found == order]
        assert done == sorted(done)

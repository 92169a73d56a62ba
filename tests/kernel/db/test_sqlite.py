import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest
from sqlalchemy import text

from towpath.kernel.clock import ManualClock
from towpath.kernel.db import sqlite, sqlite_file
from towpath.kernel.db.interface import Sql
from towpath.kernel.db.sqlite import SqliteDatabase
from towpath.kernel.errors import Unavailable

ADD = Sql("INSERT INTO note (body) VALUES (:body)")
COUNT = text("SELECT count(*) FROM note")


@pytest.fixture
def db(tmp_path):
    opened = SqliteDatabase(tmp_path / "test.db", ManualClock())
    opened.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT PRIMARY KEY)")))
    yield opened
    opened.close()


def add(body):
    return lambda tx: tx.direct(ADD, {"body": body}) and None


def held(db):
    """Keep the writer busy until the event is set, so that what follows queues for one commit."""
    begun, go = threading.Event(), threading.Event()

    def wait(_):
        begun.set()
        go.wait(5)

    db.submit(wait)
    begun.wait(5)
    return go


def statements(db):
    seen = []
    db._driver.set_trace_callback(seen.append)
    return seen


def test_writes_that_queue_share_one_commit_and_need_no_savepoint(db):
    seen = statements(db)
    go = held(db)
    futures = [db.submit(add(str(number))) for number in range(20)]
    go.set()
    for future in futures:
        future.result(5)
    assert seen.count("COMMIT") == 2
    assert not [each for each in seen if each.startswith("SAVEPOINT")]


def test_one_that_fails_among_many_is_undone_alone_and_in_order(db):
    go = held(db)
    futures = [db.submit(add(body)) for body in ("a", "b", "a", "c")]
    go.set()
    assert [type(future.exception(5)) for future in futures] == [
        type(None),
        type(None),
        sqlite3.IntegrityError,
        type(None),
    ]
    assert db.read(lambda tx: tx.scalar(COUNT)) == 3


def test_when_the_commit_fails_nobody_is_told_that_it_succeeded(db):
    go = held(db)
    futures = [db.submit(add("a")), db.submit(add("a")), db.submit(add("b"))]
    real = db._driver

    class Broken:
        in_transaction = property(lambda self: real.in_transaction)

        def execute(self, statement, *values):
            if statement == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return real.execute(statement, *values)

    db._driver = Broken()
    go.set()
    assert all(isinstance(each.exception(5), sqlite3.OperationalError) for each in futures)
    db._driver = real
    assert db.read(lambda tx: tx.scalar(COUNT)) == 0
    db.write(add("c"))
    assert db.read(lambda tx: tx.scalar(COUNT)) == 1


def test_a_full_disk_is_told_in_words_and_what_was_acknowledged_stays(db):
    db.write(add("kept"))
    pages = db._driver.execute("PRAGMA page_count").fetchone()[0]
    db._driver.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(Unavailable, match="full"):
        db.write(add("x" * 100_000))
    go = held(db)
    futures = [db.submit(add("small")), db.submit(add("y" * 100_000))]
    go.set()
    assert [type(future.exception(5)) for future in futures] == [Unavailable, Unavailable]
    db._driver.execute("PRAGMA max_page_count=100000")
    db.write(add("after"))
    assert db.read(lambda tx: tx.scalar(COUNT)) == 2


def test_an_error_that_ends_the_whole_transaction_fails_all_that_shared_it(db):
    def roll_back_behind_our_back(tx):
        tx.driver.execute("ROLLBACK")
        raise sqlite3.OperationalError("as a full disk does")

    go = held(db)
    futures = [db.submit(add("a")), db.submit(roll_back_behind_our_back), db.submit(add("b"))]
    go.set()
    assert all(future.exception(5) is not None for future in futures)
    assert db.read(lambda tx: tx.scalar(COUNT)) == 0
    db.write(add("c"))


def test_every_connection_is_set_up_for_safety(db):
    def pragma(tx, name):
        return tx.driver.execute(f"PRAGMA {name}").fetchone()[0]

    assert db.write(lambda tx: pragma(tx, "journal_mode")) == "wal"
    assert db.write(lambda tx: pragma(tx, "synchronous")) == 2
    assert db.write(lambda tx: pragma(tx, "wal_autocheckpoint")) == 0
    assert db.read(lambda tx: pragma(tx, "query_only")) == 1
    for run in (db.read, db.write):
        assert run(lambda tx: pragma(tx, "mmap_size")) == 0
        assert run(lambda tx: pragma(tx, "foreign_keys")) == 1


def test_the_log_is_folded_in_while_busy_and_emptied_when_idle(tmp_path, monkeypatch):
    for module in (sqlite, sqlite_file):
        monkeypatch.setattr(module, "LOG_LIMIT", 100_000)
    monkeypatch.setattr(sqlite, "_IDLE_SECONDS", 0.05)
    db = SqliteDatabase(tmp_path / "test.db", ManualClock())
    modes = []
    real = db._checkpoint
    idle = threading.Event()

    def checkpoint(mode):
        modes.append(mode)
        real(mode)
        if mode == "TRUNCATE" and "PASSIVE" in modes:
            idle.set()

    db._checkpoint = checkpoint
    db.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT PRIMARY KEY)")))
    for number in range(60):
        db.write(add(str(number) + "x" * 10_000))
    assert idle.wait(5)
    assert 2 <= modes.count("PASSIVE") <= 20
    assert (tmp_path / "test.db-wal").stat().st_size == 0
    db.close()


def test_a_file_shrinks_when_idle_after_much_was_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "_IDLE_SECONDS", 0.01)
    path = tmp_path / "test.db"
    db = SqliteDatabase(path, ManualClock())
    db.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT PRIMARY KEY)")))
    for number in range(100):
        db.write(add(str(number) + "x" * 50_000))
    full = path.stat().st_size + path.with_name("test.db-wal").stat().st_size
    db.write(lambda tx: tx.execute(text("DELETE FROM note")) and None)
    for _ in range(500):
        if path.stat().st_size < full / 2:
            break
        threading.Event().wait(0.02)
    assert path.stat().st_size < full / 2
    db.close()


def test_a_reader_that_stays_does_not_stop_writers_or_checkpoints(tmp_path, monkeypatch):
    for module in (sqlite, sqlite_file):
        monkeypatch.setattr(module, "LOG_LIMIT", 100_000)
    db = SqliteDatabase(tmp_path / "test.db", ManualClock())
    db.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT PRIMARY KEY)")))
    reading, done = threading.Event(), threading.Event()

    def read(tx):
        tx.scalar(COUNT)
        reading.set()
        done.wait(10)
        return tx.scalar(COUNT)

    seen = []
    reader = threading.Thread(target=lambda: seen.append(db.read(read)))
    reader.start()
    reading.wait(5)
    for number in range(60):
        db.write(add(str(number) + "x" * 10_000))
    done.set()
    reader.join()
    assert seen == [0]
    db.close()


def test_after_close_calls_are_refused_with_what_to_do(tmp_path):
    db = SqliteDatabase(tmp_path / "test.db", ManualClock())
    db.close()
    db.close()
    with pytest.raises(Unavailable, match="closed"):
        db.write(lambda tx: None)


def test_closing_leaves_one_file_that_opens_again(tmp_path):
    db = SqliteDatabase(tmp_path / "test.db", ManualClock())
    db.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT PRIMARY KEY)")))
    db.write(add("a"))
    db.close()
    assert not (tmp_path / "test.db-wal").exists()
    again = SqliteDatabase(tmp_path / "test.db", ManualClock())
    assert again.read(lambda tx: tx.scalar(COUNT)) == 1
    again.close()


def test_a_second_process_is_refused_and_may_enter_once_the_first_is_killed(tmp_path):
    program = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from towpath.kernel.clock import SystemClock\n"
        "from towpath.kernel.db.sqlite import SqliteDatabase\n"
        "db = SqliteDatabase(Path(sys.argv[1]), SystemClock())\n"
        "print('open', flush=True)\n"
        "threading.Event().wait()\n"
    )
    path = tmp_path / "test.db"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": "src"},
    ) as other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(Unavailable, match="Another process is using"):
            SqliteDatabase(path, ManualClock())
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    SqliteDatabase(path, ManualClock()).close()


def test_submit_serves_an_event_loop(db):
    async def main():
        return await asyncio.wrap_future(db.submit(lambda tx: tx.scalar(COUNT)))

    assert asyncio.run(main()) == 0

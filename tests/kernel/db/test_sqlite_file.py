import os
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from towpath.kernel.db import sqlite_file
from towpath.kernel.db.sqlite_file import (
    DURABLE,
    Log,
    engine,
    explained,
    give_back,
    lock_file,
    sync_directory,
)
from towpath.kernel.errors import Unavailable


def test_the_lock_is_held_by_one_and_free_again_once_closed(tmp_path):
    held = lock_file(tmp_path / "x.db")
    with pytest.raises(Unavailable, match="use PostgreSQL to run several"):
        lock_file(tmp_path / "x.db")
    os.close(held)
    os.close(lock_file(tmp_path / "x.db"))


def test_connections_commit_only_when_told(tmp_path):
    made = engine(tmp_path / "x.db")
    with made.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a)")
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        connection.exec_driver_sql("ROLLBACK")
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0
    made.dispose()


def error_of(name):
    error = sqlite3.OperationalError("told by SQLite")
    error.sqlite_errorcode = getattr(sqlite3, name)
    return error


@pytest.mark.parametrize("name", ["SQLITE_FULL", "SQLITE_IOERR", "SQLITE_BUSY"])
def test_trouble_with_the_disk_is_unavailable(name):
    error = error_of(name)
    assert isinstance(explained(error), Unavailable)
    assert isinstance(explained(OperationalError("SELECT", {}, error)), Unavailable)


def test_any_other_error_stays_what_it_is():
    for error in (ValueError("x"), error_of("SQLITE_ERROR"), sqlite3.OperationalError("bare")):
        assert explained(error) is error


def test_the_log_asks_for_a_checkpoint_at_the_limit_then_each_quarter(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_file, "LOG_LIMIT", 1000)
    log, file = Log(tmp_path / "x.db"), tmp_path / "x.db-wal"
    asked = []
    for size in (900, 1001, 1200, 1252, 1300, 900, 1001):
        file.write_bytes(b"x" * size)
        asked.append(log.grew())
    assert asked == [False, True, False, True, False, False, True]


def test_free_pages_go_back_a_few_at_a_time_once_a_quarter_is_free(tmp_path):
    made = engine(tmp_path / "x.db", *DURABLE)
    with made.connect() as connection:
        raw = connection.connection.dbapi_connection
        raw.execute("CREATE TABLE t (a)")
        raw.executemany("INSERT INTO t VALUES (?)", [("x" * 4000,)] * 100)
        assert not give_back(raw, most=10)
        raw.execute("DELETE FROM t")
        before = raw.execute("PRAGMA page_count").fetchone()[0]
        assert give_back(raw, most=10)
        assert raw.execute("PRAGMA page_count").fetchone()[0] == before - 10
    made.dispose()


def test_a_directory_can_be_synced(tmp_path):
    sync_directory(tmp_path)

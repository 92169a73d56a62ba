"""What both stores promise; each test runs on SQLite and on PostgreSQL."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from towpath.kernel.clock import SystemClock
from towpath.kernel.db.interface import ANYTHING, Sql
from towpath.kernel.db.opening import open_database

ADD = Sql("INSERT INTO note (body) VALUES (:body)")
COUNT = text("SELECT count(*) FROM note")
BODIES = text("SELECT body FROM note ORDER BY body")


@pytest.fixture(autouse=True)
def notes(db):
    db.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT PRIMARY KEY)")))


def add(body):
    return lambda tx: tx.direct(ADD, {"body": body}) and None


def count(db):
    return db.read(lambda tx: tx.scalar(COUNT))


def test_a_write_is_seen_by_the_next_read(db):
    db.write(add("a"))
    assert count(db) == 1


def test_a_write_returns_what_its_function_returns(db):
    assert db.write(lambda tx: 42) == 42
    assert db.submit(lambda tx: 42).result(5) == 42


def test_an_error_undoes_the_transaction_and_reaches_the_caller(db):
    def fail(tx):
        add("a")(tx)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        db.write(fail)
    with pytest.raises(KeyError, match="mine"):
        db.submit(fail).result(5)
    assert count(db) == 0


def test_a_database_error_reaches_the_caller_and_the_store_works_on(db):
    db.write(add("a"))
    with pytest.raises(DBAPIError):
        db.write(lambda tx: tx.execute(text("INSERT INTO note (body) VALUES ('a')")))
    db.write(add("b"))
    assert count(db) == 2


def test_a_read_cannot_write(db):
    with pytest.raises(Exception, match=r"readonly|read-only"):
        db.read(add("a"))
    assert count(db) == 0


def test_a_read_sees_one_snapshot(db):
    def read(tx):
        before = tx.scalar(COUNT)
        with ThreadPoolExecutor(1) as other:
            other.submit(db.write, add("a")).result(5)
        return before, tx.scalar(COUNT)

    assert db.read(read) == (0, 0)
    assert count(db) == 1


def test_of_many_writers_at_once_each_gets_its_own_result(db):
    def write(number):
        if number % 5 == 0:
            with pytest.raises(ValueError, match=f"^{number}$"):
                db.write(lambda tx: (add(str(number))(tx), fail(number)))
        else:
            assert db.write(lambda tx: (add(str(number))(tx), number)[1]) == number

    def fail(number):
        raise ValueError(str(number))

    with ThreadPoolExecutor(16) as pool:
        for done in wait([pool.submit(write, number) for number in range(100)]).done:
            done.result()
    assert count(db) == 80


def test_concurrent_read_then_write_loses_no_update(db):
    db.write(add("0"))

    def increment(tx):
        body = tx.scalar(BODIES)
        tx.execute(text("UPDATE note SET body = :body"), {"body": str(int(body) + 1)})

    with ThreadPoolExecutor(8) as pool:
        for done in wait([pool.submit(db.write, increment) for _ in range(40)]).done:
            done.result()
    assert db.read(lambda tx: tx.scalar(BODIES)) == "40"


def test_a_savepoint_undoes_alone_what_is_inside(db):
    def fail(tx):
        with tx.savepoint():
            tx.wake("inside")
            add("inside")(tx)
            tx.execute(text("INSERT INTO note (body) VALUES ('before')"))

    def write(tx):
        add("before")(tx)
        with pytest.raises(DBAPIError):
            fail(tx)
        with tx.savepoint(), tx.savepoint():
            add("nested")(tx)
        return tx.wakes

    assert db.write(write) == []
    assert db.read(lambda tx: tx.execute(BODIES).scalars().all()) == ["before", "nested"]


def test_a_wake_is_heard_after_the_commit(db):
    heard = []
    stop = db.on_wake(lambda channel: heard.append((channel, count(db))))

    def write(tx):
        add("a")(tx)
        tx.wake("tea")
        tx.wake("tea")

    db.write(write)
    assert [each for each in heard if each[0] != ANYTHING] == [("tea", 1)]
    stop()
    stop()
    db.write(lambda tx: tx.wake("tea"))
    assert len([each for each in heard if each[0] != ANYTHING]) == 1


def test_a_wake_of_a_failed_write_is_not_heard(db):
    heard = []
    db.on_wake(heard.append)

    def fail(tx):
        tx.wake("tea")
        raise KeyError

    with pytest.raises(KeyError):
        db.write(fail)
    db.write(lambda tx: None)
    assert "tea" not in heard


def test_a_listener_that_fails_hurts_neither_the_writer_nor_other_listeners(db):
    heard = []
    db.on_wake(lambda channel: 1 / 0)
    db.on_wake(heard.append)
    db.write(lambda tx: tx.wake("tea"))
    assert "tea" in heard


def test_now_is_the_clock_brought_along(db, clock):
    assert db.write(lambda tx: tx.now) == clock.now()
    clock.advance(5)
    assert db.read(lambda tx: tx.now) == clock.now()
    assert db.write(lambda tx: tx.direct(Sql("SELECT :now")).fetchone()[0]) == clock.now()


def test_with_the_system_clock_now_is_now_and_stands_still_inside(stores, store, tmp_path):
    url = stores.url(store, tmp_path)
    other = open_database(url, SystemClock())

    def moments(tx):
        first = tx.now
        threading.Event().wait(0.01)
        return first, tx.now, tx.direct(Sql("SELECT :now")).fetchone()[0]

    first, second, third = other.write(moments)
    other.close()
    stores.drop(url)
    assert first == second == third
    assert abs(first - time.time() * 1_000_000) < 60_000_000


def test_a_write_inside_a_write_is_refused(db):
    with pytest.raises(RuntimeError, match="pass the tx on"):
        db.write(lambda tx: db.write(lambda inner: None))


def test_a_statement_keeps_quoted_colons_casts_and_percent_signs(db):
    statement = Sql("SELECT 'a:b' || :given WHERE 'fact:x' LIKE 'fact:%'")
    assert db.write(lambda tx: tx.direct(statement, {"given": "c"}).fetchone()[0]) == "a:bc"


def test_close_finishes_what_was_submitted(stores, store, tmp_path):
    url = stores.url(store, tmp_path)
    other = open_database(url, SystemClock())
    other.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT PRIMARY KEY)")))
    futures = [other.submit(add(str(number))) for number in range(20)]
    other.close()
    assert all(future.done() and future.exception() is None for future in futures)
    stores.drop(url)

import threading

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from towpath.kernel.db import postgres
from towpath.kernel.db.interface import Sql
from towpath.kernel.db.postgres import PostgresDatabase
from towpath.kernel.errors import Unavailable

pytestmark = pytest.mark.postgres
PID = Sql("SELECT pg_backend_pid()")
ADD = Sql("INSERT INTO note (body) VALUES (:body)")
COUNT = text("SELECT count(*) FROM note")


@pytest.fixture
def store():
    return "postgresql"


@pytest.fixture
def notes(db):
    db.write(lambda tx: tx.execute(text("CREATE TABLE note (body TEXT PRIMARY KEY)")))
    return db


def cut(url, *pids):
    with psycopg.connect(url, autocommit=True) as admin:
        if not pids:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        for pid in pids:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def pid_of(tx):
    return tx.direct(PID).fetchone()[0]


def test_writes_are_serializable_unless_asked_otherwise(db):
    level = Sql("SELECT current_setting('transaction_isolation')")
    seen = [
        db.write(lambda tx: tx.direct(level).fetchone()[0]),
        db.write(lambda tx: tx.direct(level).fetchone()[0], isolation="each statement"),
        db.read(lambda tx: tx.direct(level).fetchone()[0]),
    ]
    assert seen == ["serializable", "read committed", "repeatable read"]


def test_each_statement_can_commit_by_itself(notes):
    def write(tx):
        tx.direct(ADD, {"body": "a"})
        tx.wake("tea")
        raise KeyError

    with pytest.raises(KeyError):
        notes.write(write, isolation="each statement")
    assert notes.read(lambda tx: tx.scalar(COUNT)) == 1


def test_options_in_the_url_are_kept(db_url):
    db = PostgresDatabase(make_url(db_url + "&options=-c%20work_mem%3D5MB"))
    shown = Sql("SHOW work_mem"), Sql("SHOW enable_seqscan")
    for isolation, seqscan in (("serializable", "on"), ("each statement", "off")):
        found = db.write(
            lambda tx: [tx.direct(each).fetchone()[0] for each in shown], isolation=isolation
        )
        assert found == ["5MB", seqscan]
    db.close()


def test_a_collision_runs_the_function_again(notes):
    both = threading.Barrier(2)
    runs = []

    def write_skew(name):
        def write(tx):
            runs.append(name)
            tx.scalar(COUNT)
            if len(runs) <= 2:
                both.wait(5)
            tx.direct(ADD, {"body": f"{name}{tx.scalar(COUNT)}"})

        return write

    other = threading.Thread(target=lambda: notes.write(write_skew("a")))
    other.start()
    notes.write(write_skew("b"))
    other.join()
    assert len(runs) == 3
    bodies = notes.read(lambda tx: tx.execute(text("SELECT body FROM note")).scalars().all())
    assert sorted(body[1] for body in bodies) == ["0", "1"]


def test_a_collision_inside_a_savepoint_is_not_mistaken_for_the_savepoints_own(notes):
    class Collision(psycopg.errors.SerializationFailure):
        pass

    attempts = []

    def write(tx):
        attempts.append(1)
        try:
            with tx.savepoint():
                tx.direct(ADD, {"body": "a"})
                if len(attempts) == 1:
                    tx.direct(Sql("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))
        except psycopg.Error as error:
            if tx.lost(error):
                raise

    notes.write(write)
    assert len(attempts) == 2
    assert notes.read(lambda tx: tx.scalar(COUNT)) == 1


def test_connections_that_dropped_while_idle_are_replaced_unnoticed(notes, db_url):
    notes.read(lambda tx: tx.scalar(COUNT))
    cut(db_url)
    notes.write(lambda tx: tx.direct(ADD, {"body": "a"}) and None)
    cut(db_url)
    assert notes.read(lambda tx: tx.scalar(COUNT)) == 1


@pytest.mark.parametrize(
    "add",
    [
        lambda tx: tx.direct(ADD, {"body": "a"}),
        lambda tx: tx.execute(text("INSERT INTO note (body) VALUES ('a')")),
    ],
    ids=["by the driver", "by SQLAlchemy"],
)
def test_a_connection_that_drops_before_the_commit_costs_a_second_run(notes, db_url, add):
    runs = []

    def write(tx):
        runs.append(1)
        if len(runs) == 1:
            cut(db_url, pid_of(tx))
        add(tx)

    notes.write(write)
    assert len(runs) == 2
    assert notes.read(lambda tx: tx.scalar(COUNT)) == 1


def test_a_connection_that_drops_during_the_commit_is_told_not_guessed(notes, db_url):
    def write(tx):
        tx.direct(ADD, {"body": "a"})
        cut(db_url, pid_of(tx))

    with pytest.raises(Unavailable, match="during a commit"):
        notes.write(write)
    assert notes.read(lambda tx: tx.scalar(COUNT)) == 0


def test_a_server_that_stays_away_is_told_in_words(monkeypatch, tmp_path):
    monkeypatch.setattr(postgres, "_PATIENCE_SECONDS", 0.2)
    db = PostgresDatabase(make_url(f"postgresql://nobody@/nothing?host={tmp_path}"))
    with pytest.raises(Unavailable, match="did not take the transaction"):
        db.write(lambda tx: None)
    with pytest.raises(Unavailable, match="See that PostgreSQL is up"):
        db.read(lambda tx: None)
    db.close()


def test_closing_ends_the_pause_before_another_attempt_at_once(monkeypatch, tmp_path):
    """The pause would last for days: only the close can have ended it."""
    monkeypatch.setattr(postgres, "_FIRST_PAUSE", 1e6)
    monkeypatch.setattr(postgres, "_PATIENCE_SECONDS", 1e7)
    db = PostgresDatabase(make_url(f"postgresql://nobody@/nothing?host={tmp_path}"))
    paused = threading.Event()
    monkeypatch.setattr(db.meter, "repeated", paused.set)  # said right before the pause
    asked = db.submit(lambda tx: None)
    assert paused.wait(60)
    db.close()
    with pytest.raises(Unavailable, match="stopping"):
        asked.result(0)


def test_a_statement_that_times_out_is_the_callers_error(notes):
    def slow(tx):
        tx.direct(Sql("SET LOCAL statement_timeout = 10"))
        tx.direct(Sql("SELECT pg_sleep(5)"))

    with pytest.raises(psycopg.errors.QueryCanceled):
        notes.write(slow)
    assert notes.read(lambda tx: tx.scalar(COUNT)) == 0


def test_more_callers_than_connections_wait_their_turn(db_url, db):
    few = PostgresDatabase(make_url(db_url), connections=2)
    running, most = [], []

    def read(tx):
        running.append(1)
        most.append(len(running))
        tx.direct(Sql("SELECT pg_sleep(0.01)"))
        running.pop()

    threads = [threading.Thread(target=lambda: few.read(read)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    few.close()
    assert len(most) == 10
    assert max(most) <= 2

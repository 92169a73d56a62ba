import threading

import psycopg
import pytest
from sqlalchemy.engine import make_url

from towpath.kernel.db.interface import ANYTHING
from towpath.kernel.db.postgres import PostgresDatabase

pytestmark = pytest.mark.postgres


class Ear:
    def __init__(self):
        self.heard = []
        self._changed = threading.Condition()

    def __call__(self, channel):
        with self._changed:
            self.heard.append(channel)
            self._changed.notify_all()

    def wait_for(self, channel, times=1):
        with self._changed:
            return self._changed.wait_for(lambda: self.heard.count(channel) >= times, timeout=10)


@pytest.fixture
def url(stores, tmp_path):
    made = stores.url("postgresql", tmp_path)
    yield made
    stores.drop(made)


@pytest.fixture
def open_two(url):
    pair = [PostgresDatabase(make_url(url)) for _ in range(2)]
    yield pair
    for db in pair:
        db.close()


def test_a_wake_reaches_other_processes_and_our_own_listeners_once(open_two):
    here, there = open_two
    ours, theirs = Ear(), Ear()
    here.on_wake(ours)
    there.on_wake(theirs)
    assert ours.wait_for(ANYTHING)
    assert theirs.wait_for(ANYTHING)
    here.write(lambda tx: tx.wake("it's tea"))
    assert theirs.wait_for("it's tea")
    there.write(lambda tx: tx.wake("back"))
    assert ours.wait_for("back")
    assert ours.heard.count("it's tea") == 1


def test_after_a_cut_it_connects_again_and_says_that_anything_may_have_happened(open_two, url):
    here, there = open_two
    ear = Ear()
    there.on_wake(ear)
    assert ear.wait_for(ANYTHING)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%'"
        )
    assert ear.wait_for(ANYTHING, times=2)
    here.write(lambda tx: tx.wake("tea"))
    assert ear.wait_for("tea")


def test_closing_before_anyone_listened_is_fine(url):
    PostgresDatabase(make_url(url)).close()

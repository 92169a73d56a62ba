import threading
import time

import pytest

from towpath.kernel.db import sqlite_queue
from towpath.kernel.db.sqlite_queue import Job, Queue, Waiter, wake_in_turn


def jobs_of(count):
    jobs = Queue()
    for number in range(count):
        jobs.put(Job(number, None))
    return jobs


def numbers(batch):
    return [job.fn for job in batch]


def test_a_commit_waits_for_those_who_were_about_at_the_last_one(monkeypatch):
    jobs = jobs_of(3)
    assert numbers(jobs.take(None)) == [0, 1, 2]
    jobs.committed(3, 4.0)
    monkeypatch.setattr(jobs, "_patience", 5.0)
    jobs.put(Job(3, None))
    late = threading.Timer(0.05, lambda: [jobs.put(Job(n, None)) for n in (4, 5)])
    late.start()
    assert numbers(jobs.take(None)) == [3, 4, 5]
    late.join()


def test_it_waits_for_nobody_longer_than_a_commit_takes():
    jobs = jobs_of(2)
    jobs.take(None)
    jobs.committed(2, 0.001)
    jobs.put(Job(2, None))
    began = time.monotonic()
    assert numbers(jobs.take(None)) == [2]
    assert time.monotonic() - began < 1


def test_a_slow_disk_does_not_make_it_wait_for_long():
    jobs = jobs_of(1)
    jobs.committed(1, 60.0)
    assert jobs._patience <= 0.005


def test_one_commit_takes_no_more_than_its_share(monkeypatch):
    monkeypatch.setattr(sqlite_queue, "MOST_PER_COMMIT", 2)
    jobs = jobs_of(5)
    assert [numbers(jobs.take(0.01)) for _ in range(4)] == [[0, 1], [2, 3], [4], []]


def test_when_closed_it_hands_out_the_rest_and_then_nothing():
    jobs = jobs_of(1)
    jobs.put(None)
    assert numbers(jobs.take(None)) == [0]
    assert jobs.take(None) is None


def test_jobs_put_from_many_threads_all_arrive(monkeypatch):
    jobs, taken = Queue(), []

    def put(first):
        for number in range(first, first + 500):
            jobs.put(Job(number, None))

    threads = [threading.Thread(target=put, args=(first,)) for first in range(0, 4000, 500)]
    for thread in threads:
        thread.start()
    while len(taken) < 4000:
        batch = numbers(jobs.take(5))
        assert batch
        taken += batch
        jobs.committed(len(batch), 0.001)
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(4000))
    for first in range(0, 4000, 500):
        mine = [number for number in taken if first <= number < first + 500]
        assert mine == sorted(mine)


def test_a_waiter_returns_or_raises_what_it_is_told():
    told, failed = Waiter(), Waiter()
    threading.Timer(0.01, lambda: told.tell(7, None)).start()
    assert told.wait() == 7
    failed.tell(None, KeyError("mine"))
    with pytest.raises(KeyError, match="mine"):
        failed.wait()


def test_waiters_wake_each_other_until_all_are_awake():
    waiting, awake = [], []

    def wait(number):
        waiter = Waiter()
        waiting.append((number, waiter))
        if number % 3:
            awake.append(waiter.wait())
        else:
            with pytest.raises(KeyError):
                waiter.wait()
            awake.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    while len(waiting) < 20:
        time.sleep(0.001)
    told = [waiter.tell(n, None if n % 3 else KeyError("x")) for n, waiter in waiting]
    wake_in_turn(told)
    for thread in threads:
        thread.join(5)
    assert sorted(awake) == list(range(20))


def test_the_main_thread_is_never_a_link_in_that_chain():
    """Ctrl-C may take it away, and the ones behind it would wait for ever."""
    waiter = Waiter()
    assert waiter.tell(1, None) is None
    assert waiter.wait() == 1

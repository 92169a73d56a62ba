"""kill -9 while a repository is deleted and cleared away: all of it is there, or none of it is."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from towpath.forge import service
from towpath.forge.clients.embedded import git
from towpath.forge.store.tables import METADATA
from towpath.kernel.clock import SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.db.opening import open_database
from towpath.kernel.settings import Settings
from towpath.kernel.work import service as work

ROUNDS = 20
LOOSE = 300
CHILD = Path(__file__)


def opened(data, url):
    clock = SystemClock()
    db = open_database(url, clock)
    return Kernel(db, clock, Settings(), data, "http://towpath.test")


def delete_and_clear(data, url, repository):
    """What the process does that is killed."""
    kernel = opened(data, url)
    print("ready", flush=True)
    kernel.db.write(lambda tx: service.delete_repository(tx, repository))
    service.clear(kernel, repository)


def furnished(kernel, number):
    """A repository with rows and many files; its id."""
    made = service.create_repository(kernel, "alice", f"boat{number}")
    for each in range(20):
        kernel.db.write(
            lambda tx, name=f"l{each}": service.add_label(tx, made.id, name, None, None)
        )
    objects = git.path(kernel, made.id) / "objects"
    for each in range(LOOSE):
        folder = objects / f"{each % 256:02x}"
        folder.mkdir(exist_ok=True)
        (folder / f"{each:038x}").write_bytes(b"x" * 100)
    return made.id


def killed_at_some_moment(data, url, repository, seconds):
    command = [sys.executable, str(CHILD), str(data), url, repository]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(["src", "."])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout.readline() == b"ready\n"
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        child.wait(60)


def rows_of(kernel, repository):
    def count(tx):
        tables = (one for one in METADATA.sorted_tables if "repository" in one.c)
        mine = (select(func.count()).where(one.c.repository == repository) for one in tables)
        return sum(tx.scalar(each) for each in mine)

    return kernel.db.read(count)


@pytest.mark.slow
def test_a_deletion_that_is_killed_is_whole_or_not_begun_and_is_finished_later(stores, tmp_path):
    rng, url = random.Random(7), stores.url("sqlite", tmp_path)
    found = {"whole": 0, "begun": 0, "done": 0}
    for number in range(ROUNDS):
        kernel = opened(tmp_path, url)
        here = furnished(kernel, number)
        kernel.db.close()
        killed_at_some_moment(tmp_path, url, here, rng.uniform(0.0, 0.15))
        kernel = opened(tmp_path, url)
        found[_finished(kernel, here)] += 1
        kernel.db.close()
    print(f"killed deletions of repositories: {found}")
    assert sum(found.values()) == ROUNDS


def _finished(kernel, here):
    """Check what a kill left, then let the work that waits do the rest."""
    directory, gone = git.path(kernel, here), record_of(kernel, here).gone
    if gone is None:
        assert directory.exists()
        assert rows_of(kernel, here) >= 20
        return "whole"
    waiting = {one.kind for one in kernel.db.read(work.lag)}
    assert service.CLEAR in waiting
    was = "begun" if directory.exists() or rows_of(kernel, here) else "done"
    service.clear(kernel, here)
    assert (directory.exists(), rows_of(kernel, here)) == (False, 0)
    return was


def record_of(kernel, here):
    return kernel.db.read(lambda tx: service.repository(tx, here))


if __name__ == "__main__":
    delete_and_clear(Path(sys.argv[1]), *sys.argv[2:])

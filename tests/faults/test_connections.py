"""Connections break: to PostgreSQL, and to clients in the middle of a push or of an answer."""

import random
import threading
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.faults.proxy import Proxy
from tests.kill import checks
from tests.kill.harness import Git, descendants
from tests.kill.people import World, authors

pytestmark = pytest.mark.slow
SETTLE_SECONDS = 90


@pytest.fixture
def behind(stores, serve, folder, tmp_path):
    """behind(program) gives a world whose server reaches its PostgreSQL through a proxy."""
    url = stores.url("postgresql", tmp_path)
    host = make_url(url).query["host"]
    proxy = Proxy(f"{host}/.s.PGSQL.5432")
    made = []

    def start(program=None):
        through = f"postgresql://towpath@127.0.0.1:{proxy.port}/{make_url(url).database}"
        made.append(serve(program, database=through))
        return World(made[-1], folder / "clone"), proxy

    yield start
    for server in made:
        server.stop()
    proxy.close()
    stores.drop(url)


@pytest.mark.postgres
def test_connections_to_postgresql_that_break_at_random_cost_nothing_but_time(behind):
    world, proxy = behind()
    process = world.server.process.pid
    team = authors(world, 2, 6, "drops")
    for author in team:
        author.start()
    chance = random.Random(3)
    while any(author.is_alive() for author in team):
        threading.Event().wait(chance.uniform(0.1, 0.8))
        proxy.drop_all()
    assert [author.error for author in team] == [None, None]
    found = checks.check(world, checks.settle(world, SETTLE_SECONDS))
    assert found.lines() == []
    assert world.server.process.pid == process
    assert world.server.is_alive()


def comment_whose_commit_is_lost(world, proxy):
    number = world.open("lone", {"part": "x\n"}, "Lone")
    world.remember("lone", number, approved=False)
    text = "Was this kept, though nobody heard of it?"
    proxy.lose_commit_of = text.encode()
    path = f"{world.path}/issues/{number}/comments"
    status, said = world.alice.call("POST", path, {"body": text})
    assert proxy.lost == 1
    return status, said, text


@pytest.mark.postgres
def test_a_commit_whose_answer_is_lost_is_not_repeated_and_the_caller_is_told_to_look(behind):
    world, proxy = behind()
    status, said, text = comment_whose_commit_is_lost(world, proxy)
    assert status == 503
    assert "Look whether the change is there" in said["next_step"]
    world.ledger.acknowledged.add(text)  # it was committed: it must be there, once
    assert checks.check(world).lines() == []


@pytest.mark.postgres
def test_a_commit_that_is_repeated_blindly_is_caught(behind):
    world, proxy = behind("blind-repeat")
    status, _, text = comment_whose_commit_is_lost(world, proxy)
    assert status == 201
    assert checks.check(world).doubled == [f"{text!r} 2 times"]


@pytest.mark.parametrize("way", ["push", "answer"])
def test_clients_that_vanish_in_the_middle_leave_nothing_half_done(serve, folder, way):
    world = World(serve(), folder / "clone")
    proxy = Proxy(("127.0.0.1", world.server.port))
    through = f"http://127.0.0.1:{proxy.port}/alice/boats.git"
    git = Git(world.git.folder, through, world.alice.token)
    chance = random.Random(4)
    for number in range(12):
        branch = f"{way}-{number}"
        noise = "".join(chance.choices("abcdefgh", k=60_000))
        head = world.git.commit(world.base, {branch: noise}, branch)
        cut = chance.randrange(300, 40_000) if way == "push" else chance.randrange(1, 900)
        proxy.after = (cut, 1 << 30) if way == "push" else (1 << 30, cut)
        options = ("push", "--quiet", "-o", "merge_request.create")
        git.run(*options, git.remote, f"{head}:refs/heads/{branch}")
        world.git(*options, world.git.remote, f"{head}:refs/heads/{branch}")
        (request,) = world.request_by(branch)  # a push that was reported as done opened it
        world.remember(branch, request["number"], approved=False)
    proxy.close()
    assert checks.until(lambda: not gits(world.server), 30)
    assert checks.check(world).lines() == []


def gits(server):
    """The git processes that the server has not yet ended."""
    names = [Path(f"/proc/{pid}/comm") for pid in descendants(server.process.pid)]
    return [name for name in names if name.exists() and name.read_text().startswith("git")]

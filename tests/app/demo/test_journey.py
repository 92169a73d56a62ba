"""Alice and bob ask a host made of plain git, and tell what became of it."""

import subprocess
import sys
from io import StringIO

import pytest
from rich.console import Console

from towpath.app.demo import canal, journey, project
from towpath.app.demo.journey import Journey, TooSlow
from towpath.app.demo.project import Git
from towpath.app.demo.record import Outcome, Request
from towpath.app.demo.serving import ServerFailed
from towpath.app.demo.telling import Teller

PLAN = canal.plan(1)


class Host:
    """Answers like the server, from a bare repository; decides as the plan expects it."""

    login, token = "alice", "not needed"

    def __init__(self, folder):
        self.url, self.bare = str(folder), folder / "alice/canal.git"
        self.numbers, self.approved, self.rows, self.time = {}, [], {}, 0

    def git(self, *args):
        command = ["git", "--git-dir", str(self.bare), *args]
        env = Git(self.bare)._environment()
        done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def post(self, path, body):
        if path.endswith("/user/repos"):
            subprocess.run(["git", "init", "-q", "--bare", str(self.bare)], check=True)
            self.git("config", "receive.advertisePushOptions", "true")
        elif path.endswith("/reviews"):
            assert body["event"] == "APPROVE"
            self.approved.append(int(path.split("/")[-2]))

    def get(self, path, **query):
        if path.endswith("/pulls"):
            branch = query["head"].partition(":")[2]
            return [{"number": self.numbers.setdefault(branch, len(self.numbers) + 1)}]
        if path.endswith("/status"):
            return {"statuses": [{"context": journey.STATUS, "state": "success"}]}
        if path.endswith("/queue"):
            return {"requests": self.queue()}
        raise AssertionError(path)

    def queue(self):
        """One more request is decided at each look."""
        for branch, number in self.numbers.items():
            if number in self.approved and number not in self.rows:
                self.rows[number] = self.decide(branch, number)
                break
        return list(self.rows.values())

    def decide(self, branch, number):
        self.time += 1
        expected = next(c.expected for c in PLAN.changes if c.branch == branch)
        row = {"number": number, "ended": self.time, "sentence": f"{branch} is {expected}"}
        main = self.git("rev-parse", "main")
        if expected != "landed":
            return row | {"state": "refused", "refused": {"why": expected, "onto": main}}
        tree = self.git("merge-tree", "--write-tree", main, branch)
        merge = self.git("commit-tree", "-p", main, "-p", branch, "-m", "Merge", tree)
        self.git("update-ref", "refs/heads/main", merge)
        return row | {"state": "landed", "landed": merge}


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(journey, "_BETWEEN_LOOKS_SECONDS", 0.0)


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path / "host")


@pytest.fixture
def travel(host, tmp_path):
    made = project.prepare(tmp_path / "work", PLAN, None, sys.executable)
    return Journey(host, host, made, PLAN, Teller(Console(file=StringIO())))


def test_everything_becomes_what_was_planned(travel):
    travel.run()
    assert journey.as_planned(travel.requests, travel.outcomes)
    assert len(travel.outcomes) == len(PLAN.changes)


def test_what_landed_is_told_with_the_main_it_landed_on(travel, host):
    travel.run()
    landed = [outcome for outcome in travel.outcomes if outcome.outcome == "landed"]
    bases = [travel.project.main, *(outcome.commit for outcome in landed)]
    assert [outcome.base for outcome in landed] == bases[:-1]
    assert travel.main() == bases[-1] == host.git("rev-parse", "main")


def test_the_later_one_of_a_pair_names_the_earlier(travel):
    travel.run()
    pair = [r for r in travel.requests if r.part in {"renames", "relies"}]
    assert [request.together for request in pair] == [None, pair[0].number]
    assert [request.expected for request in pair] == ["landed", "red"]


def test_the_history_names_every_landing(travel):
    travel.run()
    landed = sum(outcome.outcome == "landed" for outcome in travel.outcomes)
    assert len(travel.history().splitlines()) == landed + 1


def test_a_push_that_opens_nothing_is_told(travel, host, monkeypatch):
    monkeypatch.setattr(host, "get", lambda path, **query: [])
    with pytest.raises(ServerFailed, match="opened 0 merge requests"):
        travel.run()


def test_a_gate_that_does_nothing_is_not_waited_for_for_ever(travel, host, monkeypatch):
    monkeypatch.setattr(host, "queue", list)
    monkeypatch.setattr(journey, "_PATIENCE_SECONDS", 0.5)
    with pytest.raises(TooSlow, match="for the gate"):
        travel.run()


def test_an_outcome_that_differs_is_noticed():
    request = Request(number=1, title="", part="fixes", branch="", head="", expected="landed")
    red = Outcome(number=1, outcome="refused", why="red", base="", seconds=1, said="")
    assert not journey.as_planned([request], [red])
    assert not journey.as_planned([request], [])

"""Two web processes, two workers, two runners and a PostgreSQL, each on a host of its own."""

import contextlib
import copy
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

from tests.hosts.network import Network
from tests.kill.harness import Api, Process, Server, Unanswered, answer, signal_to
from tests.kill.people import FILES, World
from tests.servers.postgres import Cluster

CHECKED = "checked by a runner"


class Fleet:
    def __init__(self):
        self.network = Network()
        self.folder = Path(tempfile.mkdtemp(prefix="hosts-"))
        under = self.network.host("database")
        self.database = Cluster(address=self.network.hosts["database"], under=under)
        self.url = self.database.url("towpath")
        self.members = {}

    def begin(self):
        self.database.start()
        self.database.create("towpath")
        for name in ("web1", "web2"):
            self.members[name] = self._web(name)
        self.start("web1", "web2")
        for name in ("worker1", "worker2"):
            words = ("worker", "--data", str(self.data), "--database", self.url, "--json")
            self.members[name] = self._process(name, words)
        for name, web in (("runner1", "web1"), ("runner2", "web2")):
            self.members[name] = self._runner(name, self.members[web])
        self.start("worker1", "worker2", "runner1", "runner2")
        self.world = World(self.members["web1"], self.folder / "clone", FILES | _saying())
        return self

    @property
    def data(self):
        return self.folder / "data"

    def world_by(self, name):
        """The same world, its people going in by another web process."""
        other, url = copy.copy(self.world), self.members[name].url
        for who in ("alice", "bob", "admin"):
            setattr(other, who, Api(url, getattr(self.world, who).token))
        other.git = copy.copy(self.world.git)
        other.git.remote = self.world.git.remote.replace(self.world.server.url, url)
        return other

    def start(self, *names):
        for name in names:
            self.members[name].start()

    def signal(self, name, number):
        for pid in self.members[name].family():
            signal_to(pid, number)

    def freeze(self, name):
        self.signal(name, signal.SIGSTOP)

    def thaw(self, name):
        self.signal(name, signal.SIGCONT)

    def kill(self, name):
        self.members[name].kill(whole=True)

    def remove(self):
        for name in ("runner1", "runner2", "worker1", "worker2", "web1", "web2"):
            if name in self.members:
                self.thaw(name) if self.members[name].is_alive() else None
                self.members[name].stop()
        self.database.stop()
        self.database.remove()
        self.network.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _web(self, name):
        under = self.network.host(name)
        made = Server(
            self.folder, database=self.url, under=under, options=("--role", "web"),
            host=self.network.hosts[name], name=name,
        )  # fmt: skip
        first = self.members.get("web1", made)
        made.env = {**made.env, "TOWPATH_PUBLIC_URL": first.url}
        return made

    def _process(self, name, words):
        made = Process(self.folder / f"{name}.log", words, under=self.network.host(name))
        made.env = {**os.environ, **self.members["web1"].env}
        return made

    def _runner(self, name, web):
        admin = Api(web.url, web.bootstrap["token"])
        wanted = {"name": name, "login": "towpath-runner", "scopes": ["runner"]}
        token, work = self.folder / f"{name}.token", self.folder / f"{name}-work"
        token.write_text(answer(admin, "POST", "/api/towpath/v1/tokens", wanted)["token"])
        work.mkdir(mode=0o711)
        words = ["runner", "--url", web.url, "--token-file", str(token), "--name", name]
        return self._process(name, [*words, "--work", str(work), "--slots", "2", "--json"])


def _saying():
    return {"check.sh": f"{FILES['check.sh']}echo {CHECKED}\n"}


class Journey:
    """A fresh request from its push to main, by somebody who asks again until it is answered."""

    def __init__(self, world, branch, timeout):
        self.world, self.branch = world, branch
        self.end = time.monotonic() + timeout
        self.head = world.git.commit(world.base, {branch: "x\n"}, branch)

    def seconds(self):
        """How long it took; None when that is too long."""
        began, world = time.monotonic(), self.world
        self.patiently(self.push)
        number = self.patiently(lambda: world.request_by(self.branch)[0]["number"])
        self.patiently(lambda: world.remember(self.branch, number, approved=True) or True)
        self.patiently(lambda: world.approve(number) or True)
        path = f"{world.path}/pulls/{number}"
        landed = self.patiently(lambda: world.alice.get(path)["merged_at"])
        return time.monotonic() - began if landed else None

    def push(self):
        to = f"{self.head}:refs/heads/{self.branch}"
        options = ("push", "--quiet", "-o", "merge_request.create")
        return not self.world.git.run(*options, self.world.git.remote, to).returncode

    def patiently(self, ask):
        """Ask until the answer is one, or time is up: then None."""
        while time.monotonic() < self.end:
            with contextlib.suppress(Unanswered, AssertionError, IndexError):
                if answered := ask():
                    return answered
            time.sleep(0.1)
        return None


def twice_reported(world):
    """Jobs of green runs whose log does not hold exactly one word of their one end."""
    found = []
    for run in world.alice.get("/api/towpath/v1/runs?limit=100"):
        if run["conclusion"] != "success":
            continue
        for job in world.alice.get(f"/api/towpath/v1/runs/{run['id']}")["jobs"]:
            log = world.alice.text(f"/api/towpath/v1/jobs/{job['id']}/log")
            said = log.count(f"\n{CHECKED}\n")
            found += [f"job {job['id']} says {said} times that it is done"] if said != 1 else []
    return found

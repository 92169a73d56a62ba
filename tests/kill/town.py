"""All processes of one installation, which a supervisor starts again whenever one has died.

On SQLite: a server with its own runner, and a runner beside it. On PostgreSQL: the database, a
web process, a worker and a runner. Each kind can be killed at any moment, also while it starts.
"""

import random
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

from tests.kill.harness import Api, Process, Server, answer, descendants, freeze, signal_to
from tests.servers.postgres import Cluster

PATIENCE = "600"


class Database(Cluster):
    """A PostgreSQL that is killed as a whole, or in one of its processes, and recovers."""

    def __init__(self):
        super().__init__()
        self.starts = []
        self.start()
        self.create("towpath")

    def kill(self, *, whole):
        """After the death of one of its processes it recovers by itself, or ends as well."""
        family = descendants(self.process.pid)
        if not whole and len(family) > 1:
            signal_to(random.choice(family[:-1]), signal.SIGKILL)
            return
        for pid in freeze(lambda: descendants(self.process.pid)):
            signal_to(pid, signal.SIGKILL)
        self.process.wait()

    def tail(self):
        return self._said()

    def stop(self):
        super().stop()
        self.remove()


class Town:
    """The processes by their kind; `kills` counts what was done to each."""

    def __init__(self, store):
        self.folder = Path(tempfile.mkdtemp(prefix="kill-"))
        self.database = Database() if store == "postgresql" else None
        url = self.database.url("towpath") if self.database else None
        web = ("--role", "web") if self.database else ()
        self.server = Server(self.folder, database=url, options=web)
        self.members = {"server": self.server}
        if self.database:
            words = ("worker", "--data", str(self.server.data), "--database", url)
            self.members["postgresql"] = self.database
            self.members["worker"] = Process(self.folder / "worker.log", words)
        self._ended = threading.Event()
        self._one = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def begin(self):
        """Start all; the runner's token is the administrator's to give."""
        self.server.start()
        self.members["runner"] = self._runner("runner")
        for member in self.members.values():
            if not member.is_alive():
                member.start()
        self._keeper.start()
        return self

    def _runner(self, name):
        admin = Api(self.server.url, self.server.bootstrap["token"])
        wanted = {"name": name, "login": "towpath-runner", "scopes": ["runner"]}
        made = answer(admin, "POST", "/api/towpath/v1/tokens", wanted)
        token, work = self.folder / f"{name}.token", self.folder / f"{name}-work"
        token.write_text(made["token"])
        work.mkdir(mode=0o711)
        words = ["runner", "--url", self.server.url, "--token-file", str(token), "--name", name]
        words += ["--work", str(work), "--slots", "2", "--patience", PATIENCE]
        return Process(self.folder / f"{name}.log", words)

    def kill(self, kind, chance):
        """Whether there was something to kill: it may have died a moment ago, with another."""
        with self._one:
            if is_alive := self.members[kind].is_alive():
                self.members[kind].kill(whole=chance.random() < 0.5)
            return is_alive

    def is_up(self, kind):
        """Whether it is at work, and not only about to be."""
        return self.members[kind].is_alive() and self.members[kind].is_ready()

    def _keep(self):
        """Start again what has died, and note how long each took until it was ready."""
        launched = {}
        while not self._ended.wait(0.02):
            with self._one:
                for kind, member in self.members.items():
                    if not member.is_alive():
                        launched[kind] = time.monotonic()
                        member.launch()
                    elif kind in launched and member.is_ready():
                        member.starts.append(time.monotonic() - launched.pop(kind))

    def slowest_start(self):
        return max(max(member.starts, default=0.0) for member in self.members.values())

    def tail(self):
        return "\n\n".join(member.tail() for member in self.members.values())

    def stop(self):
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join()
        for member in self._last_first():
            member.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _last_first(self):
        """Runners give back to servers, and all of them need the database until they end."""
        order = ("runner", "worker", "server", "postgresql")
        return [self.members[kind] for kind in order if kind in self.members]

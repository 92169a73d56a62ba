"""A real server in a process of its own, and every place where it could leave a secret."""

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.servers import postgres

SERVE = "from towpath.app.cli import main; main()"
_PATIENCE = 90


class Place:
    """One server: its data, what it printed, and how to take a copy of all it keeps."""

    def __init__(self, folder, database):
        self.data = folder / "data"
        self.log = folder / "log"
        self.folder = folder
        self.database = database
        self.process = None

    @property
    def admin(self):
        return json.loads((self.data / "bootstrap.json").read_text())

    def _options(self):
        return ["--database", self.database] if self.database else []

    @contextmanager
    def running(self, program=SERVE):
        command = [sys.executable, "-c", program, "serve", "--data", self.data, "--port", "0"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*map(str, command), *self._options()], stdout=log, stderr=log
            )
        try:
            until = time.monotonic() + _PATIENCE
            while b"ready http" not in self.log.read_bytes():
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < until, self.log.read_text()
                time.sleep(0.1)
            yield self.admin["url"]
        finally:
            self.process.terminate()
            self.process.wait(30)

    def processes(self):
        """Command line and environment of the server and of all that it started."""
        told = {}
        for pid in _family(self.process.pid):
            for name in ("cmdline", "environ"):
                try:
                    told[f"process {pid} {name}"] = Path(f"/proc/{pid}/{name}").read_bytes()
                except OSError:
                    continue  # it has ended
        return told

    def kept(self):
        """Every file, the log, a dump of the database and a backup."""
        told = {"log": self.log.read_bytes()}
        for path in self.data.rglob("*"):
            if path.is_file():
                told[str(path.relative_to(self.data))] = path.read_bytes()
        if self.database:
            dump = [postgres.program("pg_dump"), "--dbname", self.database]
            told["dump"] = subprocess.run(dump, capture_output=True, check=True).stdout
        file = self.folder / "backup.tar.gz"
        command = [sys.executable, "-c", SERVE, "backup", str(file), "--data", str(self.data)]
        subprocess.run(
            [*command, "--without-secrets", *self._options()], check=True, capture_output=True
        )
        return told | {"backup": file.read_bytes()}


def _family(pid):
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue  # it has ended
        parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found

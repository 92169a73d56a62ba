"""A server with something to look at: requests that landed, were refused, wait, or are open."""

import shutil
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.kill.harness import NAME, OWNER, Server
from tests.kill.people import World, password

CHECK = """\
printf '\\033[1mLooking at every gate\\033[0m\\n'
for gate in upper lower; do
  test ! -e slow || sleep 0.5
  printf '%s gate: \\033[32mtight\\033[0m\\n' "$gate"
done
if test -e leak; then
  printf '\\033[31mleak: water comes through\\033[0m\\n' >&2
  exit 1
fi
while test -e endless; do sleep 0.2; done
"""
WORKFLOW = """\
name: inspect
on: [pull_request, merge_group]
jobs:
  gates:
    runs-on: self-hosted
    steps:
      - uses: actions/checkout@v4
      - name: Look at the gates
        run: sh check.sh
  paint:
    runs-on: self-hosted
    needs: gates
    steps:
      - uses: actions/checkout@v4
      - name: Look at the paint
        run: echo "still fresh"
"""
FILES = {
    ".towpath/workflows/inspect.yml": WORKFLOW,
    "check.sh": CHECK,
    "README.md": "# Lock three\n\nBuilt 1794.\n",
    "depth": "1.4 m\n",
}
PATIENCE_SECONDS = 60


def local(url):
    return urlsplit(url).path


class Town:
    """Started once for a module of tests; each test finds requests of its own by name."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="town-"))
        self.server = Server(self.folder).start()
        self.url = self.server.url
        self.world = World(self.server, self.folder / "clone", FILES)
        self.repository = f"{OWNER}/{NAME}"
        self.landed = self.world.open("deepen", {"depth": "1.6 m\n"}, "Deepen the summit pound")
        self.red = self.world.open("leak", {"leak": "drip\n"}, "Widen lock three")
        self.conflict = self.world.open("shallow", {"depth": "1.2 m\n"}, "Lower the sill")
        self.waiting = self.world.open("paint", {"paint": "green\n"}, "Paint the balance beams")
        for number in (self.landed, self.red, self.conflict):
            self.world.approve(number)
            self.until_ended(number)
        return self

    def __exit__(self, *_):
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def password(self, login):
        return self.server.bootstrap["password"] if login == "admin" else password(login)

    def standing(self, number):
        path = f"/api/towpath/v1/repos/{self.repository}/queue/{number}"
        return self.world.alice.get(path)["request"]

    def runs(self, **wanted):
        """Addresses of runs, newest first, of which all these fields are so."""
        runs = self.world.alice.get(f"/api/towpath/v1/runs?repository={self.repository}")
        return [run for run in runs if all(run[name] == value for name, value in wanted.items())]

    def crew(self):
        """A team with a member, a role and a program of its own."""
        api, admin = "/api/towpath/v1", self.world.admin
        if not admin.get(f"{api}/teams"):
            given = {"resource": self.repository, "role": "maintainer", "team": "crew"}
            for method, path, body in (
                ("POST", "/teams", {"slug": "crew", "name": "The crew"}),
                ("POST", "/service-accounts", {"login": "bot", "owner": "crew"}),
                ("PUT", "/teams/crew/members/bob", None),
                ("PUT", "/grants", given),
            ):
                status, told = admin.call(method, f"{api}{path}", body)
                assert status < 300, told
        return "crew"

    def newest_commit(self):
        main = self.world.alice.get(f"/api/v3/repos/{self.repository}/branches/main")
        return f"/{self.repository}/commit/{main['commit']['sha']}"

    def red_run(self):
        return local(self.runs(conclusion="failure", event="merge_group")[0]["url"])

    def red_log(self):
        return self.job_of(self.runs(conclusion="failure", event="merge_group")[0], "gates")

    def job_of(self, run, key):
        jobs = self.world.alice.get(f"/api/towpath/v1/runs/{run['id']}")["jobs"]
        return local(next(job["url"] for job in jobs if job["key"] == key))

    def until_ended(self, number):
        return self.until(lambda: self.standing(number)["state"] in {"landed", "refused"})

    def until(self, holds):
        until = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < until, self.server.tail()
            time.sleep(0.05)

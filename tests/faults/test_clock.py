"""The clock jumps, both ways: nothing waits for the old time, nothing is lost or done twice.

On SQLite the process's clock is the store's, so a start-up program moves it. On PostgreSQL the
database's is, and a schema in front of pg_catalog has a now() that a row moves: what our SQL asks
for jumps; PostgreSQL's own log and time-outs do not.
"""

import psycopg
import pytest

from tests.kill import checks
from tests.kill.harness import NAME, OWNER
from tests.kill.people import FILES, World

pytestmark = pytest.mark.slow
SETTLE_SECONDS = 60
HOUR = 3600
SHIM = """
CREATE SCHEMA shim;
CREATE TABLE shim.jump (seconds bigint);
INSERT INTO shim.jump VALUES (0);
CREATE FUNCTION shim.now() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT pg_catalog.now() + make_interval(secs => (SELECT seconds FROM shim.jump))';
"""


class OnSqlite:
    def __init__(self, serve, program="clock"):
        self.server = serve(program)
        self.file = self.server.data.with_name("data.clock")

    def set(self, seconds):
        self.file.write_text(str(seconds))


class OnPostgres:
    def __init__(self, serve, url):
        self.session = psycopg.connect(url, autocommit=True)
        self.session.execute(SHIM)
        name = self.session.info.dbname
        self.session.execute(f"ALTER DATABASE {name} SET search_path = shim, pg_catalog, public")
        self.server = serve(database=url)

    def set(self, seconds):
        self.session.execute("UPDATE shim.jump SET seconds = %s", (seconds,))


@pytest.fixture
def clock(serve, stores, store, tmp_path):
    """A server whose store's clock is set by clock.set(seconds ahead of the real one)."""
    if store == "sqlite":
        yield OnSqlite(serve)
        return
    url = stores.url(store, tmp_path)
    made = OnPostgres(serve, url)
    yield made
    made.server.stop()
    made.session.close()
    stores.drop(url)


def land(world, branch):
    number = world.open(branch, {branch: "x\n"}, branch)
    world.remember(branch, number, approved=True)
    world.approve(number)
    return checks.settle(world, SETTLE_SECONDS)


def test_requests_land_across_jumps_of_hours_both_ways(clock, folder):
    world = World(clock.server, folder / "clone")
    for step, seconds in enumerate((0, HOUR, -HOUR, 25 * HOUR, 0)):
        number = world.open(f"over-{step}", {f"over-{step}": "x\n"}, "Under way at a jump")
        world.remember(f"over-{step}", number, approved=True)
        world.approve(number)
        clock.set(seconds)
        left = land(world, f"after-{step}")
        assert left == [], f"after a jump to {seconds} s"
    assert checks.check(world).lines() == []
    main = checks.Bare(world.server.data)
    assert len(main.history(world.base, main.ref("main"))) == 10


def test_an_objection_after_the_clock_went_back_is_still_the_last_word(clock, folder):
    world = World(clock.server, folder / "clone")
    number = world.open("doubted", {"doubted": "x\n"}, "Doubted")
    path = f"{world.path}/pulls/{number}/reviews"
    clock.set(HOUR)
    assert world.bob.call("POST", path, {"event": "APPROVE"})[0] == 200
    clock.set(-HOUR)
    objection = {"event": "REQUEST_CHANGES", "body": "Not yet."}
    assert world.bob.call("POST", path, objection)[0] == 200
    verdicts = [review["state"] for review in world.alice.get(path)]
    assert verdicts == ["APPROVED", "CHANGES_REQUESTED"]


@pytest.mark.parametrize(("program", "is_caught"), [("clock", 0), ("clock-not-followed", 1)])
def test_a_job_lost_before_the_clock_went_back_is_missed_soon_after(
    serve, folder, program, is_caught
):
    clock = OnSqlite(serve, program)
    slow = {**FILES, "check.sh": "sleep 2"}
    world = World(clock.server, folder / "clone", slow)
    clock.set(HOUR)
    number = world.open("slow", {"slow": "x\n"}, "Slow")
    world.remember("slow", number, approved=True)
    world.approve(number)
    assert checks.until(lambda: running(world), SETTLE_SECONDS)
    world.server.kill(whole=True)
    clock.set(0)
    world.server.start()
    assert len(checks.settle(world, SETTLE_SECONDS)) == is_caught


def running(world):
    runs = world.alice.get(f"/api/towpath/v1/runs?repository={OWNER}/{NAME}")
    found = [world.alice.get(f"/api/towpath/v1/runs/{run['id']}") for run in runs]
    return any(job["state"] == "running" for run in found for job in run["jobs"])

import pytest

from towpath.app.health import late_facts, late_work, parked, processes
from towpath.kernel.clock import Micros
from towpath.kernel.presence import ALIVE_SECONDS, Presence, Process
from towpath.kernel.work import service as work
from towpath.kernel.work.service import Lag


def lag(kind="k", **counts):
    return Lag(
        **{"kind": kind, "waiting": 0, "running": 0, "parked": 0, "oldest_seconds": 0.0} | counts
    )


def test_work_and_facts_are_judged_apart():
    late = [lag("fact:gate.refs_moved", waiting=2, oldest_seconds=90.0), lag("mend", waiting=1)]
    assert late_work(late).state == "good"
    told = late_facts(late)
    assert (told.state, told.words) == (
        "waiting",
        "2 on the way, the oldest 1 min 30 s late",
    )
    assert told.next_step


@pytest.mark.parametrize(
    ("count", "state", "words"),
    [
        (0, "good", "Nothing waits for a person"),
        (1, "bad", "1 piece of work waits for a person"),
        (2, "bad", "2 pieces of work wait for a person"),
    ],
)
def test_what_is_parked_is_wrong(count, state, words):
    told = parked([lag(parked=count)])
    assert (told.state, told.words) == (state, words)


def process(version="1", seen=0):
    return Process(
        id="p", role="server", name="", host="h", pid=1, version=version,
        started=Micros(0), seen=Micros(seen),
    )  # fmt: skip


def test_two_releases_side_by_side_need_a_look_and_the_dead_are_only_noted():
    later = Micros(int(ALIVE_SECONDS * 1_000_000) + 1)
    assert processes([process()], Micros(1)).state == "good"
    assert processes([process(), process("2")], Micros(1)).state == "waiting"
    assert processes([process(), process(seen=later)], later).state == "neutral"


def test_the_page_says_what_is_wrong_and_what_to_do(admin, kernel, clock):
    Presence(kernel.db, "server").beat()
    page = admin.get("/health").text
    assert "All is well" in page
    assert "Nothing is asked of you" in page
    assert "SQLite" in page
    kernel.db.write(lambda tx: work.add(tx, "mend", {}))
    clock.advance(300)
    page = admin.get("/health").text
    assert "Something needs a look" in page
    assert "1 on the way, the oldest 5 min 0 s late" in page
    assert "gone" in page


def test_a_stranger_does_not_see_it(admin):
    del admin.headers["Authorization"]
    assert admin.get("/health").status_code == 401

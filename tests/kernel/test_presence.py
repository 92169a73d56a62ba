import time

import pytest

from towpath.kernel import presence
from towpath.kernel.presence import ALIVE_SECONDS, BEAT_SECONDS, Presence


@pytest.fixture
def seen(db):
    """Read what is known, with the time it was read at."""
    return lambda: db.read(lambda tx: [(p, p.is_alive(tx.now)) for p in presence.processes(tx)])


def test_a_process_is_seen_from_its_first_beat_to_its_clean_end(db, clock, seen):
    mine = Presence(db, "server")
    mine.beat()
    [(first, alive)] = seen()
    assert (first.role, alive) == ("server", True)
    clock.advance(BEAT_SECONDS)
    mine.beat()
    [(second, _)] = seen()
    assert second.started == first.started
    assert second.seen > first.seen
    mine.stop()
    assert seen() == []


def test_it_beats_by_itself(db, seen):
    with Presence(db, "worker").shown():
        until = time.monotonic() + 30
        while not seen():
            assert time.monotonic() < until
            time.sleep(0.01)
    assert seen() == []


def test_who_is_killed_is_seen_to_be_gone_and_forgotten_after_a_day(db, clock, seen):
    Presence(db, "server").beat()
    clock.advance(ALIVE_SECONDS + 1)
    assert [alive for _, alive in seen()] == [False]
    clock.advance(86_400)
    assert seen() == []
    db.write(lambda tx: presence.prune(tx, tx.now))
    assert db.read(lambda tx: presence.is_stale(tx, "x"))


def test_a_sign_of_life_is_worth_a_write_after_half_a_beat(db, clock):
    row = {"id": "r", "role": "runner", "name": "one", "host": "", "pid": 0, "version": ""}
    stale = lambda: db.read(lambda tx: presence.is_stale(tx, "r"))  # noqa: E731 - said thrice
    assert stale()
    db.write(lambda tx: presence.note(tx, row))
    assert not stale()
    clock.advance(BEAT_SECONDS / 2 + 1)
    assert stale()

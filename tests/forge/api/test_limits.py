"""How often each user may call, with time moved by hand."""

import pytest

from towpath.forge.api.limits import Limits, Throttled
from towpath.kernel.clock import SECOND, Micros

NOON = Micros(12 * 3600 * SECOND)


def later(seconds):
    return Micros(NOON + seconds * SECOND)


def test_an_hour_is_used_up_and_comes_back():
    limits = Limits(2, 100)
    assert [limits.take("alice", NOON).remaining for _ in range(2)] == [1, 0]
    with pytest.raises(Throttled, match="rate limit exceeded") as refused:
        limits.take("alice", later(600))
    assert (refused.value.seconds, refused.value.counted.remaining) == (3000, 0)
    assert limits.take("alice", later(3600)).remaining == 1


def test_a_minute_holds_back_sooner():
    limits = Limits(100, 1)
    limits.take("alice", NOON)
    with pytest.raises(Throttled, match="secondary rate limit") as refused:
        limits.take("alice", later(20))
    assert refused.value.seconds == 40
    assert limits.take("alice", later(60)).used == 2


def test_everybody_has_their_own():
    limits = Limits(1, 1)
    limits.take("alice", NOON)
    assert limits.take("bob", NOON).remaining == 0
    assert limits.look("charlie", NOON).remaining == 1


def test_hours_that_are_over_take_no_room():
    limits = Limits(10, 10)
    for number in range(6_000):
        limits.take(f"user{number}", NOON)
    limits.take("alice", later(3600))
    assert len(limits._used) == 2


def test_what_is_given_back_counts_for_the_minute_alone():
    limits = Limits(10, 2)
    limits.take("alice", NOON)
    assert limits.give_back("alice", NOON).used == 0
    assert limits.give_back("alice", NOON).used == 0
    limits.take("alice", NOON)
    with pytest.raises(Throttled, match="secondary"):
        limits.take("alice", NOON)

import math
import threading
import time

import pytest

from towpath.kernel.work.desk import MOST_HELD, Desk
from towpath.kernel.work.model import Handler, Item
from towpath.kernel.work.settling import Claim, Outcome


def claim(number, fence=1, lease=60.0, expires=None):
    item = Item(
        id=number,
        kind="a",
        payload={},
        version=1,
        attempt=1,
        key=None,
        order=None,
        due=0,
        created=0,
    )
    handler = Handler(kind="a", run=lambda item: None, lease_seconds=lease)
    return Claim(item, handler, fence, time.monotonic() + lease if expires is None else expires)


@pytest.fixture
def desk():
    return Desk(threads=4)


def teach(desk, run, settle, rounds=80):
    """Let the desk learn how long running and settling take."""
    for _ in range(rounds):
        desk.hand_in(Outcome(claim(0)), run)
        desk.settled(1, settle)
    desk.outcomes()


def test_at_first_there_is_room_for_one_claim_per_thread(desk):
    assert desk.room() == 4
    desk.give([claim(1), claim(2), claim(3)])
    assert desk.room() == 1
    desk.give([claim(4)])
    assert desk.room() == 0


def test_short_work_makes_room_for_many(desk):
    teach(desk, run=0.0, settle=0.0)
    assert desk.room() == MOST_HELD


def test_slow_settling_keeps_the_room_small_for_it_holds_up_others(desk):
    teach(desk, run=0.0, settle=0.01)
    assert desk.room() == 5 - 1 or desk.room() == 5


def test_slow_running_keeps_the_room_small(desk):
    teach(desk, run=1.0, settle=0.0)
    assert desk.room() == 4


def test_with_many_held_it_asks_again_only_when_half_is_gone(desk):
    teach(desk, run=0.0, settle=0.0)
    desk.give([claim(number) for number in range(MOST_HELD // 2 + 1)])
    assert desk.room() == 0
    taken = desk.take()
    desk.hand_in(Outcome(taken), 0.0)
    assert desk.room() == MOST_HELD // 2


def test_claims_are_taken_in_order_and_outcomes_collected_once(desk):
    first, second = claim(1), claim(2)
    desk.give([first, second])
    assert desk.take() is first
    desk.hand_in(Outcome(first), 0.0)
    assert [each.claim for each in desk.outcomes()] == [first]
    assert desk.outcomes() == []
    desk.keep([Outcome(first)])
    assert len(desk.outcomes()) == 1


def test_a_claim_whose_lease_ran_out_before_it_began_is_dropped(desk):
    late, good = claim(1, expires=time.monotonic() - 1), claim(2)
    desk.give([late, good])
    assert desk.take() is good
    desk.hand_in(Outcome(good), 0.0)
    desk.outcomes()
    assert desk.is_clear()


def test_a_row_claimed_again_is_another_claim(desk):
    late, again = claim(1, expires=time.monotonic() - 1), claim(1, fence=2)
    desk.give([late])
    desk.give([again])
    assert desk.take() is again
    assert not desk.is_clear()
    assert desk.next_renewal() < math.inf


def test_leases_are_renewed_each_third_while_work_goes_on(desk):
    assert desk.next_renewal() == math.inf
    slow = claim(1, lease=0.3)
    desk.give([slow])
    assert desk.next_renewal() - time.monotonic() <= 0.1
    desk.take()
    time.sleep(0.12)
    assert desk.renewals() == [slow]
    assert desk.renewals() == []
    desk.hand_in(Outcome(slow), 0.3)
    assert desk.next_renewal() == math.inf


def test_a_claim_that_has_not_begun_is_not_renewed(desk):
    desk.give([claim(1, lease=0.3)])
    time.sleep(0.12)
    assert desk.renewals() == []
    assert desk.next_renewal() > time.monotonic()


def test_what_no_runner_has_begun_can_be_taken_back(desk):
    begun, rest = claim(1), [claim(2), claim(3)]
    desk.give([begun, *rest])
    desk.take()
    assert desk.clear() == rest
    assert desk.clear() == []
    assert not desk.is_clear()
    desk.hand_in(Outcome(begun), 0.0)
    assert not desk.is_clear()
    desk.outcomes()
    assert desk.is_clear()


def test_closing_sends_every_runner_home(desk):
    home = []
    runners = [threading.Thread(target=lambda: home.append(desk.take())) for _ in range(4)]
    for runner in runners:
        runner.start()
    desk.close(4)
    for runner in runners:
        runner.join(5)
    assert home == [None] * 4

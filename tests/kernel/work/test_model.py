import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.kernel.work.model import Handler, backoff

CHANCE = st.floats(0, 1, exclude_max=True)


@given(attempt=st.integers(1, 10_000), chance=CHANCE)
def test_back_off_doubles_to_a_quarter_of_an_hour_a_quarter_more_or_less(attempt, chance):
    middle = min(2.0 ** (attempt - 1), 900.0) if attempt < 100 else 900.0
    assert 0.75 * middle <= backoff(attempt, chance) <= 1.25 * middle


@given(attempt=st.integers(1, 50), low=CHANCE, high=CHANCE)
def test_a_luckier_chance_never_waits_longer(attempt, low, high):
    low, high = sorted((low, high))
    assert backoff(attempt, low) <= backoff(attempt, high)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 1.0), (2, 2.0), (5, 16.0), (20, 900.0)])
def test_the_middle_of_the_spread_is_a_round_number(attempt, seconds):
    assert backoff(attempt, 0.5) == seconds


def test_a_transactional_handler_does_all_in_the_finishing_transaction():
    done = []
    handler = Handler.transactional("boil", lambda tx, item: done.append((tx, item)), version=2)
    then = handler.run("item")
    assert (handler.kind, handler.version, done) == ("boil", 2, [])
    then("tx")
    assert done == [("tx", "item")]

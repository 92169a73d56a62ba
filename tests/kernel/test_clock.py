from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.kernel.clock import (
    SECOND,
    ManualClock,
    Micros,
    SystemClock,
    after,
    from_datetime,
    to_datetime,
)


def test_a_manual_clock_stands_still_until_it_is_told_to_advance():
    clock = ManualClock(start=10 * SECOND)
    assert clock.now() == clock.now() == 10 * SECOND
    clock.advance(1.5)
    assert clock.now() == 11_500_000


def test_the_system_clock_counts_microseconds_since_1970():
    before = datetime.now(UTC)
    told = to_datetime(SystemClock().now())
    assert before - timedelta(milliseconds=1) <= told <= datetime.now(UTC)


def test_after_adds_seconds_and_takes_them_away():
    assert after(Micros(SECOND), 0.25) == 1_250_000
    assert after(Micros(SECOND), -1) == 0


@given(st.integers(min_value=0, max_value=4_000_000_000 * SECOND))
def test_a_moment_survives_the_way_to_a_datetime_and_back(at):
    assert from_datetime(to_datetime(Micros(at))) == at


def test_another_zone_names_the_same_instant():
    berlin = timezone(timedelta(hours=1))
    assert from_datetime(datetime(1970, 1, 1, 1, tzinfo=berlin)) == 0


def test_a_naive_datetime_is_refused():
    with pytest.raises(ValueError, match="names no instant"):
        from_datetime(datetime(2024, 1, 1))  # noqa: DTZ001 - that is the point

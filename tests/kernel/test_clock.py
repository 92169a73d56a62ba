import time
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


def test_the_system_clock_counts_microseconds_since_1970():
    assert abs(SystemClock().now() - time.time() * SECOND) < SECOND


def test_a_manual_clock_stands_still_until_told():
    clock = ManualClock(start=10 * SECOND)
    assert clock.now() == clock.now() == 10 * SECOND
    clock.advance(1.5)
    assert clock.now() == 11.5 * SECOND


def test_after_counts_in_seconds():
    assert after(Micros(5), 2.000_001) == 2_000_006
    assert after(Micros(5), -1) == 5 - SECOND


@given(st.integers(0, 4_000_000_000 * SECOND))
def test_a_moment_survives_the_way_to_a_datetime_and_back(moment):
    assert from_datetime(to_datetime(Micros(moment))) == moment


def test_zones_do_not_matter_but_naive_datetimes_are_refused():
    there = datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert from_datetime(there) == 0
    assert to_datetime(Micros(0)) == datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="names no instant"):
        from_datetime(datetime(2026, 1, 1))  # noqa: DTZ001

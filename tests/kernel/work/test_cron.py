from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.kernel.clock import Micros, from_datetime, to_datetime
from towpath.kernel.errors import InvalidInput
from towpath.kernel.work import cron

HOUR = 3_600_000_000


def fires(expression, zone, start, count, jitter=0, name=""):
    moment, found = from_datetime(datetime.fromisoformat(start)), []
    for _ in range(count):
        moment = cron.next_time(expression, zone, jitter, name, moment)
        found.append(to_datetime(moment).strftime("%m-%d %H:%M"))
    return found


def test_it_fires_strictly_after_the_moment_given():
    assert fires("0 * * * *", "UTC", "2026-01-01T10:00:00+00:00", 2) == [
        "01-01 11:00",
        "01-01 12:00",
    ]


def test_a_zone_moves_the_fire_with_its_summer_time():
    # 06:00 in Paris is 05:00 UTC in winter and 04:00 UTC in summer.
    assert fires("0 6 * * *", "Europe/Paris", "2026-03-28T00:00:00+00:00", 3) == [
        "03-28 05:00",
        "03-29 04:00",
        "03-30 04:00",
    ]


def test_a_local_time_that_is_skipped_fires_right_after_the_jump():
    # On 29 March 2026 Paris jumps from 02:00 to 03:00, which is 01:00 UTC.
    assert fires("30 2 * * *", "Europe/Paris", "2026-03-28T12:00:00+00:00", 2) == [
        "03-29 01:00",
        "03-30 00:30",
    ]


def test_a_local_time_that_is_repeated_fires_once_the_first_time():
    # On 25 October 2026 Paris goes through 02:00 to 03:00 twice: from 00:00 and from 01:00 UTC.
    assert fires("30 2 * * *", "Europe/Paris", "2026-10-24T12:00:00+00:00", 2) == [
        "10-25 00:30",
        "10-26 01:30",
    ]


def test_an_hourly_job_follows_the_clock_through_both():
    assert fires("0 * * * *", "Europe/Paris", "2026-03-28T23:30:00+00:00", 3) == [
        "03-29 00:00",
        "03-29 01:00",
        "03-29 02:00",
    ]
    assert fires("0 * * * *", "Europe/Paris", "2026-10-24T23:30:00+00:00", 3) == [
        "10-25 00:00",
        "10-25 01:00",
        "10-25 02:00",
    ]


@given(start=st.integers(0, 10**15), name=st.text(), jitter=st.integers(0, HOUR - 1))
def test_jitter_moves_a_schedule_by_its_own_part_and_keeps_its_distance(start, name, jitter):
    first = cron.next_time("0 * * * *", "UTC", jitter, name, Micros(start))
    second = cron.next_time("0 * * * *", "UTC", jitter, name, first)
    assert start < first <= start + HOUR
    assert second - first == HOUR
    assert 0 <= first % HOUR <= jitter


def test_names_spread():
    moments = {
        cron.next_time("0 * * * *", "UTC", HOUR // 2, name, Micros(0)) for name in "abcdefgh"
    }
    assert len(moments) == 8


@pytest.mark.parametrize("expression", ["", "* * * *", "61 * * * *", "0 0 31 2 *", "hello"])
def test_what_never_fires_is_refused(expression):
    with pytest.raises(InvalidInput, match="cron expression"):
        cron.check(expression, "UTC")


@pytest.mark.parametrize("zone", ["", "Europe/Atlantis", "../etc/passwd", "UTC\0"])
def test_what_is_no_zone_is_refused(zone):
    with pytest.raises(InvalidInput, match="IANA name"):
        cron.check("0 * * * *", zone)


def test_a_leap_day_is_found():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = cron.next_time("0 0 29 2 *", "UTC", 0, "", from_datetime(start))
    assert to_datetime(found) == datetime(2028, 2, 29, tzinfo=UTC)

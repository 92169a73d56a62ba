"""Lines, their order, and how long it will take."""

import pytest

from towpath.gate.model.queue import Candidate, Change, Queue, Refused, Request, Suite
from towpath.gate.model.views import Scenery, line_of, view
from towpath.kernel.clock import SECOND


def scenery(*changes, expected=10.0, now=100 * SECOND, window=2, requests=None, **suites):
    asked = {
        c.number: Request(number=c.number, author="alice", head=f"h{c.number}", target="main")
        for c in changes
    }
    return Scenery(
        queue=Queue(branch="main", changes=changes, window=window),
        requests=asked | (requests or {}),
        suites={name: Suite(conclusion=end, run="r1") for name, end in suites.items()},
        expected=expected,
        now=now,
    )


def queued(number, started=None):
    made = Candidate(base="m", head=f"h{number}", sha=f"c{number}", suite=f"s{number}",
                     started=started)  # fmt: skip
    return Change(number=number, state="queued", head=f"h{number}", position=number + 10,
                  candidate=made if started is not None else None)  # fmt: skip


def expected(scene, change):
    return line_of(scene, change).expected_seconds


def test_time_is_what_is_left_of_the_slowest_ahead():
    first, second = queued(1, started=96 * SECOND), queued(2, started=99 * SECOND)
    scene = scenery(first, second, s1=None, s2=None)
    assert (expected(scene, first), expected(scene, second)) == (6.0, 9.0)


def test_a_test_that_has_ended_takes_no_more_time_and_a_slow_one_none_less_than_none():
    ended, slow = queued(1, started=0), queued(2, started=0)
    scene = scenery(ended, slow, s1="success", s2=None)
    assert (expected(scene, ended), expected(scene, slow)) == (0.0, 0.0)


def test_beyond_the_window_each_round_takes_its_time():
    changes = [queued(n) for n in range(1, 6)]
    scene = scenery(*changes)
    assert [expected(scene, change) for change in changes] == [10.0, 10.0, 20.0, 20.0, 30.0]


def test_without_experience_no_time_is_promised():
    assert expected(scenery(queued(1), expected=None), queued(1)) is None


def test_a_view_parts_those_in_line_from_those_watched_and_those_that_ended():
    closed = Request(number=6, author="alice", head="h6", target="main", state="closed")
    shown = view(
        scenery(
            queued(2),
            queued(1),
            Change(number=3),
            Change(number=4, state="landed", head="h4", since=0, ended=5 * SECOND),
            Change(number=5, state="refused", head="h5", since=0, ended=9 * SECOND,
                   refused=Refused(why="red", onto="m", run="r9")),
            Change(number=6),
            requests={6: closed},
        )
    )  # fmt: skip
    assert [line.number for line in shown.line] == [1, 2]
    assert [line.place for line in shown.line] == [1, 2]
    assert [line.number for line in shown.watched] == [3]
    assert [line.number for line in shown.recent] == [5, 4]
    assert [line.seconds for line in shown.recent] == [9.0, 5.0]
    assert shown.recent[0].run == "r9"
    assert shown.length == 2


@pytest.mark.parametrize(("state", "ended"), [("watched", None), ("refused", 9)])
def test_only_what_is_over_has_ended(state, ended):
    change = Change(number=1, state=state, head="h1", since=1, ended=9,
                    refused=Refused(why="red", onto="m"))  # fmt: skip
    assert line_of(scenery(change), change).ended == ended


def test_the_run_of_a_suite_can_be_followed_while_it_runs():
    change = queued(1, started=0)
    assert line_of(scenery(change, s1=None), change).run == "r1"

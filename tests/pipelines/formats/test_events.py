"""The table of events."""

from towpath.pipelines.formats.events import EVENTS, HAPPEN_HERE


def test_what_happens_here_is_one_of_github_s_events():
    assert set(EVENTS) >= HAPPEN_HERE


def test_a_bare_event_has_nothing_below_it():
    for event in EVENTS.values():
        assert not (event.bare and (event.types or event.keys or event.free))

"""The nouns: what a queue knows about itself."""

import dataclasses

import pytest

from towpath.gate.model.queue import Change, Queue

QUEUE = Queue(
    branch="main",
    changes=(
        Change(number=1, state="landed", position=7),
        Change(number=2, state="queued", position=9),
        Change(number=3),
        Change(number=4, state="landing", position=8),
    ),
)


def test_those_in_line_stand_in_order_of_position():
    assert [change.number for change in QUEUE.in_line()] == [4, 2]


def test_positions_only_grow():
    assert QUEUE.last_position() == 9
    assert Queue(branch="main").last_position() == 0


def test_a_change_is_found_by_its_number():
    assert QUEUE.change(3) == Change(number=3)
    assert QUEUE.change(9) is None


def test_nothing_in_a_queue_can_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        QUEUE.branch = "other"
